package vet_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"moho/internal/testbin"
	"moho/vet"
)

// partly is vet.Run on packages some of which do not compile.
func partly(t *testing.T, opts vet.Options) (vet.Result, string) {
	t.Helper()
	if opts.Patterns == nil {
		opts.Patterns = []string{"./..."}
	}
	r, err := vet.Run(t.Context(), opts)
	if _, ok := errors.AsType[*vet.LoadError](err); !ok {
		t.Fatalf("error = %v, want a *LoadError", err)
	}
	return r, err.Error()
}

// gaps lists what is not known as "what: where".
func gaps(r vet.Result) (list []string) {
	for _, g := range r.Gaps {
		list = append(list, g.What+": "+g.Where)
	}
	return list
}

const usesNet = `package %s

import (
	"%s"
	"unsafe"
)

var _ %s

func F(p *int, f func()) *int {
	u := uintptr(unsafe.Pointer(p))
	f()
	return (*int)(unsafe.Pointer(u))
}
`

// TestNoCCompiler: packages that need none are analysed, though they import,
// by the standard library, some that do.
func TestNoCCompiler(t *testing.T) {
	dir := write(t, map[string]string{
		"go.mod":     "module cc.test\n\ngo 1.24\n",
		"c/c.go":     "package c\n\n// #include <stdlib.h>\nimport \"C\"\n\ntype T struct{ p *C.char }\n\nfunc F() { C.free(C.malloc(1)) }\n\n//moho:ignore nothing\nvar X int\n",
		"pure/p.go":  fmt.Sprintf(hazard, "pure"),
		"net/n.go":   fmt.Sprintf(usesNet, "netuser", "net", "net.Conn"),
		"usesc/u.go": fmt.Sprintf(usesNet, "usesc", "cc.test/c", "c.T"),
	})
	env := append(os.Environ(), "CGO_ENABLED=1", "CC="+filepath.Join(dir, "no-such-cc"))
	r, said := partly(t, vet.Options{Dir: dir, Env: env})
	if !strings.Contains(said, "C compiler") || !strings.Contains(said, "no-such-cc") {
		t.Errorf("error does not name the compiler:\n%s", said)
	}
	want := []string{"net/n.go:13 uintptr-roundtrip", "pure/p.go:8 uintptr-roundtrip", "usesc/u.go:13 uintptr-roundtrip"}
	if d := cmp.Diff(want, lines(r)); d != "" {
		t.Errorf("findings (-want +got):\n%s", d)
	}
	if !slices.Contains(gaps(r), "package analysed without what C declares: cc.test/c") {
		t.Errorf("gaps: %v", r.Gaps)
	}
	if !slices.ContainsFunc(texts(r), func(s string) bool { return strings.HasPrefix(s, "c/c.go:10:") }) {
		t.Errorf("nothing of c's syntax: %v", texts(r))
	}
}

// TestNoHeader: the same where one package's headers are missing.
func TestNoHeader(t *testing.T) {
	testbin.NeedTool(t, "gcc")
	dir := write(t, map[string]string{
		"go.mod":     "module header.test\n\ngo 1.24\n",
		"c/c.go":     "package c\n\n// #include <no_such_header.h>\nimport \"C\"\n\ntype T struct{ p *C.thing }\n\nfunc F() { C.something() }\n",
		"fine/f.go":  "package fine\n\n// #include <stdlib.h>\nimport \"C\"\n\nfunc F() { C.free(C.malloc(1)) }\n",
		"usesc/u.go": fmt.Sprintf(usesNet, "usesc", "header.test/c", "c.T"),
		"needs/n.go": "package needs\n\nimport (\n\t\"unsafe\"\n\n\t\"header.test/c\"\n\t\"header.test/none\"\n)\n\nvar _ c.T\nvar _ unsafe.Pointer = none.X\n",
	})
	r, said := partly(t, vet.Options{Dir: dir})
	for _, want := range []string{"c/c.go:3:11: fatal error: no_such_header.h", "header.test/none"} {
		if !strings.Contains(said, want) {
			t.Errorf("error lacks %q:\n%s", want, said)
		}
	}
	if got := lines(r); !slices.Equal(got, []string{"usesc/u.go:13 uintptr-roundtrip"}) {
		t.Errorf("findings = %v", got)
	}
	want := []string{"package analysed without what C declares: header.test/c", "package not analysed: header.test/needs"}
	if d := cmp.Diff(want, gaps(r)); d != "" {
		t.Errorf("gaps (-want +got):\n%s", d)
	}
	if len(r.Gaps) > 0 && r.Gaps[0].Why != "c/c.go:3:11: fatal error: no_such_header.h: No such file or directory" {
		t.Errorf("gap says %q", r.Gaps[0].Why)
	}
}

// TestCInTest: the go command refuses the whole package; its other files are
// looked at, and so are other packages.
func TestCInTest(t *testing.T) {
	dir := write(t, map[string]string{
		"go.mod":      "module ct.test\n\ngo 1.24\n",
		"a/a.go":      fmt.Sprintf(hazard, "a"),
		"a/a_test.go": "package a\n\nimport \"C\"\nimport \"testing\"\n\nfunc TestX(t *testing.T) { C.f() }\n",
		"b/b.go":      fmt.Sprintf(hazard, "b"),
	})
	r, said := partly(t, vet.Options{Dir: dir, Tests: true})
	if !strings.Contains(said, "use of cgo in test") || !strings.Contains(said, "a_test.go") || strings.Contains(said, "cannot find") {
		t.Errorf("error:\n%s", said)
	}
	if got := lines(r); !slices.Equal(got, []string{"a/a.go:8 uintptr-roundtrip", "b/b.go:8 uintptr-roundtrip"}) {
		t.Errorf("findings = %v", got)
	}
}

// TestBadImports: whatever is wrong with the imports of one package, others are
// analysed.
func TestBadImports(t *testing.T) {
	imports := map[string]string{
		"missing": "bad.test/nothere", "module": "example.org/none/p", "command": "bad.test/cmd",
		"cycle": "bad.test/back", "back": "bad.test/cycle", "inside": "bad.test/deep/internal/x",
	}
	files := map[string]string{
		"go.mod":               "module bad.test\n\ngo 1.24\n",
		"ok/ok.go":             fmt.Sprintf(hazard, "ok"),
		"cmd/main.go":          "package main\n\nfunc main() {}\n",
		"deep/internal/x/x.go": "package x\n",
		"two/a.go":             "package a\n",
		"two/b.go":             "package b\n",
		"nothing/x.txt":        "",
		"utf/x.go":             "package utf\n\nvar \xff = 1\n",
	}
	for name, path := range imports {
		files[name+"/x.go"] = fmt.Sprintf("package %s\n\nimport _ %q\n", name, path)
	}
	r, said := partly(t, vet.Options{Dir: write(t, files), Tests: true})
	if got := lines(r); !slices.Equal(got, []string{"ok/ok.go:8 uintptr-roundtrip"}) {
		t.Errorf("findings = %v", got)
	}
	for _, want := range []string{"bad.test/nothere", "example.org/none", "not an importable package", "import cycle", "internal", "found packages a (a.go) and b (b.go)", "utf/x.go:3:5"} {
		if !strings.Contains(said, want) {
			t.Errorf("error lacks %q:\n%s", want, said)
		}
	}
}

// TestWaysToBuild: vendored modules, workspaces, and a target whose packages
// have to be compiled first.
func TestWaysToBuild(t *testing.T) {
	unixOnly(t)
	wrapper := strings.ReplaceAll(region, "package region", "package mem")
	files := map[string]string{
		"go.mod":                     "module ways.test\n\ngo 1.24\n\nrequire dep.test/mem v1.0.0\n",
		"user/user.go":               strings.NewReplacer("across.test/region", "dep.test/mem", "region.", "mem.").Replace(user),
		"vendor/modules.txt":         "# dep.test/mem v1.0.0\n## explicit; go 1.24\ndep.test/mem\n",
		"vendor/dep.test/mem/mem.go": wrapper,
	}
	want := []string{"user/user.go:11 munmap-use"}
	t.Run("vendor", func(t *testing.T) {
		dir := write(t, files)
		r := run(t, vet.Options{Dir: dir, Env: append(os.Environ(), "GOFLAGS=-mod=vendor", "GOWORK=off")})
		if got := lines(r); !slices.Equal(got, want) || len(r.Gaps) > 0 {
			t.Errorf("findings %v, gaps %v", got, r.Gaps)
		}
	})
	t.Run("workspace", func(t *testing.T) {
		dir := write(t, map[string]string{
			"go.work":        "go 1.24\n\nuse (\n\t./one\n\t./mem\n)\n",
			"one/go.mod":     "module ways.test\n\ngo 1.24\n",
			"one/user/u.go":  files["user/user.go"],
			"mem/go.mod":     "module dep.test/mem\n\ngo 1.24\n",
			"mem/mem.go":     wrapper,
			"mem/in/bad.go":  fmt.Sprintf(hazard, "in"),
			"one/other/o.go": "package other\n",
		})
		r := run(t, vet.Options{Dir: dir, Patterns: []string{"./one/...", "./mem/..."}, Env: append(os.Environ(), "GOWORK=")})
		if got := lines(r); !slices.Equal(got, []string{"in/bad.go:8 uintptr-roundtrip", "user/u.go:11 munmap-use"}) || r.Packages != 4 {
			t.Errorf("findings %v in %d packages", got, r.Packages)
		}
	})
	t.Run("targets", func(t *testing.T) {
		dir := write(t, files)
		if err := os.RemoveAll(filepath.Join(dir, "vendor")); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "go.mod"), []byte("module ways.test\n\ngo 1.24\n\nrequire dep.test/mem v1.0.0\n\nreplace dep.test/mem => ./mem\n"), 0o666); err != nil {
			t.Fatal(err)
		}
		for name, text := range map[string]string{"mem/go.mod": "module dep.test/mem\n\ngo 1.24\n", "mem/mem.go": wrapper} {
			if err := os.MkdirAll(filepath.Join(dir, "mem"), 0o777); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
				t.Fatal(err)
			}
		}
		r := run(t, vet.Options{Dir: dir, Targets: []string{"linux/386", "freebsd/amd64", "linux/amd64"}})
		if got := lines(r); !slices.Equal(got, want) || len(r.Findings[0].Targets) != 3 {
			t.Errorf("findings %v", r.Findings)
		}
	})
}
