package vet_test

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"moho/evidence"
	"moho/internal/testbin"
	"moho/vet"
)

// module copies a module from the module cache, downloading it if need be,
// into a folder where the go command may write its go.mod.
func module(t *testing.T, version string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "mod", "download", "-json", version)
	cmd.Dir = write(t, map[string]string{"go.mod": "module scratch.test\n\ngo 1.24\n"})
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go mod download %s: %v\n%s", version, err, out)
	}
	var info struct{ Dir string }
	if err := json.Unmarshal(out, &info); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	err = filepath.WalkDir(info.Dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(info.Dir, path)
		if err != nil {
			return err
		}
		if d.IsDir() {
			return os.MkdirAll(filepath.Join(dir, rel), 0o777)
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(dir, rel), data, 0o666)
	})
	if err != nil {
		t.Fatal(err)
	}
	gomod := filepath.Join(dir, "go.mod")
	if _, err := os.Stat(gomod); err != nil {
		path, _, _ := strings.Cut(version, "@")
		if err := os.WriteFile(gomod, fmt.Appendf(nil, "module %s\n\ngo 1.16\n", path), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// TestRealBugs runs over released versions with known bugs and over those in
// which they were mended.
func TestRealBugs(t *testing.T) {
	testbin.Long(t)
	tests := []struct {
		module string
		want   []string // file:line rule
		clean  bool     // and nothing of high severity beside right
		right  []string // file:line rule, looked at and true
	}{
		{module: "github.com/boltdb/bolt@v1.3.1", want: []string{
			"page.go:59 view-overrun", "page.go:68 view-overrun", "page.go:73 view-overrun", "page.go:81 view-overrun",
			"freelist.go:207 view-overrun",
		}},
		{module: "go.etcd.io/bbolt@v1.3.3", want: []string{"freelist.go:321 view-overrun", "page.go:59 view-overrun"}},
		{module: "go.etcd.io/bbolt@v1.3.4", want: []string{"page.go:68 header-literal", "page.go:86 header-literal"}},
		{module: "go.etcd.io/bbolt@v1.3.5", clean: true},
		{module: "github.com/valyala/fasthttp@v1.0.0", want: []string{"bytesconv.go:388 header-literal"}},
		{module: "github.com/valyala/fasthttp@v1.9.0", want: []string{"bytesconv.go:342 header-literal"}},
		{module: "github.com/valyala/fasthttp@v1.40.0", clean: true},
		{module: "github.com/modern-go/reflect2@v1.0.1", want: []string{"reflect2.go:292 header-literal"}},
		{module: "github.com/modern-go/reflect2@v1.0.2", clean: true},
		{module: "github.com/OneOfOne/xxhash@v1.2.8", clean: true},
		{module: "github.com/oschwald/maxminddb-golang@v1.3.0", want: []string{"verifier.go:18 keepalive"}},
		{module: "github.com/oschwald/maxminddb-golang@v1.4.0", clean: true},
		{module: "github.com/DataDog/zstd@v1.4.5", want: []string{
			"zstd_stream.go:160 go-ptr-as-cint", "zstd_stream.go:217 go-ptr-as-cint", "zstd_stream.go:393 go-ptr-as-cint",
		}},
		// The bulk processor and the contexts have finalizers that free what C is
		// given, and are not used after the call; moho vet --prove sees it happen.
		{module: "github.com/DataDog/zstd@v1.5.5", clean: true, right: []string{
			"zstd_bulk.go:77 keepalive", "zstd_bulk.go:86 keepalive", "zstd_bulk.go:125 keepalive",
			"zstd_ctx.go:70 keepalive", "zstd_ctx.go:78 keepalive", "zstd_ctx.go:107 keepalive",
		}},
		{module: "github.com/mattn/go-sqlite3@v1.14.32", want: []string{"sqlite3.go:1855 c-leak"}},
		{module: "github.com/miekg/pkcs11@v1.1.1", clean: true},
	}
	for _, tt := range tests {
		t.Run(tt.module, func(t *testing.T) {
			opts := vet.Options{Dir: module(t, tt.module), Patterns: []string{"."}, Env: append(os.Environ(), "GOFLAGS=-mod=mod")}
			r := run(t, opts)
			got := lines(r)
			for _, want := range tt.want {
				if !slices.Contains(got, want) {
					t.Errorf("no %s; got %q", want, got)
				}
			}
			for _, right := range tt.right {
				if !slices.Contains(got, right) {
					t.Errorf("no %s; got %q", right, got)
				}
			}
			if tt.clean {
				r.Findings = slices.DeleteFunc(r.Findings, func(f evidence.Finding) bool {
					return slices.Contains(tt.right, fmt.Sprintf("%s:%d %s", f.Pos.File, f.Pos.Line, f.Rule))
				})
				none(t, r, evidence.High)
			}
		})
	}
}

func none(t *testing.T, r vet.Result, least evidence.Severity) {
	t.Helper()
	for _, f := range r.Findings {
		if f.Severity.Rank() >= least.Rank() {
			t.Errorf("%s: %s: %s", f.Pos, f.Rule, f.Message)
		}
	}
}

// TestSelf holds moho to its own rules.
func TestSelf(t *testing.T) {
	r := run(t, vet.Options{Dir: "..", Patterns: []string{"./vet/...", "./evidence/...", "./objfile/...", "./core/..."}})
	none(t, r, evidence.Low)
}

// withAssembly lists the packages of a module that have assembly: the others
// need not be compiled.
func withAssembly(t *testing.T, dir string) []string {
	t.Helper()
	var list []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && d.Name() == "testdata" {
			return fs.SkipDir
		}
		rel, err := filepath.Rel(dir, filepath.Dir(path))
		if p := "./" + filepath.ToSlash(rel); strings.HasSuffix(path, ".s") && !slices.Contains(list, p) {
			list = append(list, p)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// TestRealAssembly runs the assembly rules over what is in wide use: nothing
// but what was looked at may be of high or medium severity.
func TestRealAssembly(t *testing.T) {
	testbin.Long(t)
	for _, tt := range asmModules {
		t.Run(tt.module, func(t *testing.T) {
			dir := module(t, tt.module)
			r := run(t, vet.Options{Dir: dir, Patterns: withAssembly(t, dir), Env: append(os.Environ(), "GOFLAGS=-mod=mod"), Targets: asmTargets})
			if len(r.Gaps) > 0 {
				t.Errorf("gaps: %v", r.Gaps)
			}
			if d := cmp.Diff(tt.what, severe(t, r)); d != "" {
				t.Errorf("findings (-looked at +reported):\n%s", d)
			}
		})
	}
	t.Run("std", func(t *testing.T) {
		for _, target := range []string{"linux/amd64", "linux/arm64", "darwin/arm64", "windows/amd64"} {
			goos, goarch, _ := strings.Cut(target, "/")
			list := exec.CommandContext(t.Context(), "go", "list", "-f", "{{if .SFiles}}{{.ImportPath}}{{end}}", "std")
			list.Env = append(os.Environ(), "GOOS="+goos, "GOARCH="+goarch)
			out, err := list.Output()
			if err != nil {
				t.Fatal(err)
			}
			r := run(t, vet.Options{Patterns: strings.Fields(string(out)), Targets: []string{target}})
			if got := severe(t, r); len(got) > 0 {
				t.Errorf("in the standard library, %s: %q", target, got)
			}
			if len(r.Gaps) > 0 || r.Packages < 20 {
				t.Errorf("%s: %d packages, gaps: %v", target, r.Packages, r.Gaps)
			}
		}
	})
}
