package vet_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"moho/evidence"
	"moho/internal/testbin"
	"moho/vet"
)

const hazards = "testdata/hazards"

// marks lists the lines of the Go and assembly files under dir that carry "// HAZARD:" as
// file:line, with the rule that the mark names behind it when it names one.
func marks(t *testing.T, dir string) []string {
	t.Helper()
	var out []string
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, ".s") {
			return err
		}
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		defer f.Close()
		rel, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		lines := bufio.NewScanner(f)
		for n := 1; lines.Scan(); n++ {
			if _, mark, ok := strings.Cut(lines.Text(), "// HAZARD: "); ok {
				for _, mark := range marked(mark) {
					out = append(out, fmt.Sprintf("%s:%d %s", filepath.ToSlash(rel), n, mark))
				}
			}
		}
		return lines.Err()
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(out)
	return out
}

// marked splits a mark into the rules that it names; any other is one text.
func marked(mark string) []string {
	list := strings.Split(mark, ", ")
	if slices.ContainsFunc(list, func(s string) bool { return strings.Contains(s, " ") }) {
		return []string{mark}
	}
	return list
}

// run is vet.Run on every package under dir, which must compile.
func run(t *testing.T, opts vet.Options) vet.Result {
	t.Helper()
	if opts.Patterns == nil {
		opts.Patterns = []string{"./..."}
	}
	r, err := vet.Run(t.Context(), opts)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// lines lists findings as file:line rule, without those of the directive rule.
func lines(r vet.Result) []string {
	var out []string
	for _, f := range r.Findings {
		if f.Rule != "ignore-directive" {
			out = append(out, fmt.Sprintf("%s:%d %s", f.Pos.File, f.Pos.Line, f.Rule))
		}
	}
	slices.Sort(out)
	return out
}

// TestHazards holds the rules to our own programs: what is marked, and nothing
// else, in files that use cgo too.
func TestHazards(t *testing.T) {
	testbin.NeedTool(t, "gcc")
	r := run(t, vet.Options{Dir: hazards})
	if d := cmp.Diff(marks(t, hazards), lines(r)); d != "" {
		t.Errorf("findings (-marked +reported):\n%s", d)
	}
	if len(r.Gaps) > 0 {
		t.Errorf("gaps: %v", r.Gaps)
	}
	if r.Suppressed != 1 {
		t.Errorf("suppressed = %d, want the one in roundtrip/good", r.Suppressed)
	}
	var directives []string
	for _, f := range r.Findings {
		if f.Rule == "ignore-directive" {
			directives = append(directives, f.Message)
		}
	}
	want := []string{
		"moho:ignore uintptr-roundtrip gives no reason and silences nothing",
		`moho:ignore names "uintptr-rundtrip", which is no rule, and silences nothing`,
	}
	if d := cmp.Diff(want, directives); d != "" {
		t.Errorf("directives (-want +got):\n%s", d)
	}
	seen := map[string]bool{}
	for _, f := range r.Findings {
		if seen[f.Message] {
			t.Errorf("message of two findings: %s", f.Message)
		}
		seen[f.Message] = true
		if f.Rule != "ignore-directive" && (len(f.Flow) == 0 || f.Place.Symbol == "" || f.Place.Package == "") {
			t.Errorf("%v: no flow or no place: %+v", f.Pos, f)
		}
		for _, s := range append(f.Flow, evidence.Step{Pos: f.Pos}) {
			if filepath.IsAbs(s.Pos.File) || s.Pos.Line == 0 {
				t.Errorf("%v: position %+v", f.Pos, s.Pos)
			}
		}
	}
}

// covered lists the programs of the shared hazard collection that the rules
// here are about; the others wait for rules of their own.
var covered = []string{
	"p01_add_past_object",
	"p02_cast_larger", "p02b_misaligned_cast", "p02c_arch_layout_cast", "p03_defer_arg_uintptr",
	"p04_c_use_after_free", "p05_sliceheader_len", "p21_array_cast", "p21c_unsafe_slice_len",
	"p22_uintptr_across_gc", "p23_sliceheader_lencap", "p23b_sliceheader_literal", "p24_string_literal_write",
	"p25_defer_closure", "p31_uintptr_launder", "p33_iface_box", "p41_c_malloc_leak", "p42_c_retains_cstring",
	"p42b_c_retains_go_string", "p43_c_struct_holds_go_ptr", "p43b_pass_nested_go_ptr", "p43c_uintptr_in_c_struct",
	"p44_cstring_double_free", "p44b_cstring_leak",
	"p03_defer_arg_uintptr", "p04_c_use_after_free", "p21_array_cast", "p21c_unsafe_slice_len", "p22_uintptr_across_gc",
	"p23b_sliceheader_literal", "p25_defer_closure", "p31_uintptr_launder", "p33_iface_box",
	"p41_c_malloc_leak", "p42_c_retains_cstring", "p44_cstring_double_free", "p44b_cstring_leak",
	"p23b_sliceheader_literal", "p24_string_literal_write", "p24b_string_alias_reuse", "p25_defer_closure", "p31_uintptr_launder", "p33_iface_box",
	"p41_c_malloc_leak", "p44_cstring_double_free", "p44b_cstring_leak",
}

// TestCollection runs over the collection of hazards that lies beside the
// repository in some checkouts.
func TestCollection(t *testing.T) {
	dir := filepath.Join("..", "..", "shared", "repros")
	if _, err := os.Stat(dir); err != nil {
		t.Skip("no collection beside this checkout")
	}
	testbin.NeedTool(t, "gcc")
	var want, got []string
	for _, m := range marks(t, dir) {
		name, _, _ := strings.Cut(m, "/")
		if slices.Contains(covered, name) {
			want = append(want, strings.Fields(m)[0])
		}
	}
	for _, l := range lines(run(t, vet.Options{Dir: dir})) {
		got = append(got, strings.Fields(l)[0])
	}
	got = slices.Compact(got) // one line may break several rules
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("findings (-marked +reported):\n%s", d)
	}
}

// TestSameEveryTime compares the documents of runs with one and with many
// processors.
func TestSameEveryTime(t *testing.T) {
	var first []byte
	for _, n := range []int{1, 4, 2} {
		old := runtime.GOMAXPROCS(n)
		r := run(t, vet.Options{Dir: hazards, Patterns: []string{"./roundtrip/...", "./header/...", "./view/..."}, Tests: true})
		runtime.GOMAXPROCS(old)
		doc, err := json.Marshal(r.Document())
		if err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = doc
		} else if string(doc) != string(first) {
			t.Fatalf("with %d processors:\n%s\nwith 1:\n%s", n, doc, first)
		}
	}
}

// write puts files into a new module and returns its folder.
func write(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

const hazard = `package %s

import "unsafe"

func F(p *int, f func()) *int {
	u := uintptr(unsafe.Pointer(p))
	f()
	return (*int)(unsafe.Pointer(u))
}
`

// TestDeps: what a build compiles is looked at, though only the command is named.
func TestDeps(t *testing.T) {
	dir := write(t, map[string]string{
		"go.mod":             "module example.org/m\n\ngo 1.25\n\nrequire example.org/other v0.0.0\n\nreplace example.org/other => ./other\n",
		"cmd/m/main.go":      "package main\n\nimport (\n\t_ \"example.org/m/middle\"\n\t_ \"example.org/other\"\n)\n\nfunc main() {}\n",
		"cmd/m/main_test.go": "package main\n\nimport _ \"example.org/m/fortests\"\n",
		"middle/middle.go":   "package middle\n\nimport _ \"example.org/m/deep\"\n",
		"deep/deep.go":       fmt.Sprintf(hazard, "deep"),
		"fortests/f.go":      fmt.Sprintf(hazard, "fortests"),
		"apart/apart.go":     fmt.Sprintf(hazard, "apart"),
		"other/go.mod":       "module example.org/other\n\ngo 1.25\n",
		"other/other.go":     fmt.Sprintf(hazard, "other"),
	})
	tests := []struct {
		name     string
		opts     vet.Options
		want     []string
		packages int
	}{
		{"alone", vet.Options{}, nil, 1},
		{"with what it imports", vet.Options{Deps: true}, []string{"deep/deep.go:8 uintptr-roundtrip"}, 3},
		{"with what its tests import", vet.Options{Deps: true, Tests: true}, []string{"deep/deep.go:8 uintptr-roundtrip", "fortests/f.go:8 uintptr-roundtrip"}, 4},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.opts.Dir, tt.opts.Patterns = dir, []string{"./cmd/m"}
			r := run(t, tt.opts)
			if d := cmp.Diff(tt.want, lines(r)); d != "" || r.Packages != tt.packages || len(r.Gaps) > 0 {
				t.Errorf("%d packages, want %d; gaps %v; findings (-want +got):\n%s", r.Packages, tt.packages, r.Gaps, d)
			}
		})
	}
}

// TestBroken wants the compiler's message with its place, and what was found
// in the packages that do compile.
func TestBroken(t *testing.T) {
	dir := write(t, map[string]string{
		"go.mod":       "module broken.test\n\ngo 1.24\n",
		"ok/ok.go":     fmt.Sprintf(hazard, "ok"),
		"bad/bad.go":   "package bad\n\nfunc F() int {\n\treturn \"text\"\n}\n",
		"syn/syn.go":   "package syn\n\nfunc F( {\n",
		"dep/dep.go":   "package dep\n\nimport \"broken.test/bad\"\n\nvar X = bad.F()\n",
		"imp/imp.go":   "package imp\n\nimport \"broken.test/none\"\n\nvar X = none.X\n",
		"ok/x_test.go": "package ok\n",
	})
	r, err := vet.Run(t.Context(), vet.Options{Dir: dir, Patterns: []string{"./..."}})
	var load *vet.LoadError
	if !errors.As(err, &load) {
		t.Fatalf("error = %v, want a *LoadError", err)
	}
	for _, want := range []string{"bad.go:4:9: cannot use \"text\"", "syn.go:3:9: ", "broken.test/none"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("error lacks %q:\n%v", want, err)
		}
	}
	if got := lines(r); !slices.Equal(got, []string{"ok/ok.go:8 uintptr-roundtrip"}) {
		t.Errorf("findings = %v, want the one in ok", got)
	}
}

// TestOptions covers what can be asked for and what can't.
func TestOptions(t *testing.T) {
	dir := write(t, map[string]string{
		"go.mod":           "module m.test/v2\n\ngo 1.24\n",
		"a/a.go":           fmt.Sprintf(hazard, "a"),
		"a/a_test.go":      strings.Replace(fmt.Sprintf(hazard, "a"), "func F", "func inTest", 1),
		"a/x_test.go":      strings.Replace(fmt.Sprintf(hazard, "a_test"), "func F", "func External", 1),
		"a/tag.go":         "//go:build extra\n\n" + strings.Replace(fmt.Sprintf(hazard, "a"), "func F", "func Tagged", 1),
		"a/only_386.go":    strings.Replace(fmt.Sprintf(hazard, "a"), "func F", "func Only", 1),
		"dotted.x/x.go":    fmt.Sprintf(hazard, "x"),
		"empty/empty.go":   "package empty\n",
		"cmd/tool/main.go": fmt.Sprintf(hazard, "main") + "\nfunc main() {}\n",
	})
	t.Run("default", func(t *testing.T) {
		r := run(t, vet.Options{Dir: filepath.Join(dir, "a"), Patterns: []string{}})
		if got := lines(r); !slices.Equal(got, []string{"a/a.go:8 uintptr-roundtrip"}) {
			t.Errorf("findings = %v", got)
		}
		if r.Packages != 1 {
			t.Errorf("packages = %d, want 1", r.Packages)
		}
	})
	t.Run("tests", func(t *testing.T) {
		r := run(t, vet.Options{Dir: dir, Patterns: []string{"./a"}, Tests: true})
		want := []string{"a/a.go:8 uintptr-roundtrip", "a/a_test.go:8 uintptr-roundtrip", "a/x_test.go:8 uintptr-roundtrip"}
		if d := cmp.Diff(want, lines(r)); d != "" {
			t.Errorf("findings (-want +got):\n%s", d)
		}
		if r.Packages != 1 {
			t.Errorf("packages = %d, want 1", r.Packages)
		}
	})
	t.Run("tags", func(t *testing.T) {
		r := run(t, vet.Options{Dir: dir, Patterns: []string{"./a"}, Tags: []string{"other", "extra"}})
		if got := lines(r); !slices.Contains(got, "a/tag.go:10 uintptr-roundtrip") {
			t.Errorf("findings = %v, want one in tag.go", got)
		}
	})
	t.Run("targets", func(t *testing.T) {
		r := run(t, vet.Options{Dir: dir, Patterns: []string{"./a"}, Targets: []string{"linux/amd64", "linux/386"}})
		got := map[string][]string{}
		for _, f := range r.Findings {
			got[f.Pos.File] = f.Targets
		}
		want := map[string][]string{"a/a.go": {"linux/386", "linux/amd64"}, "a/only_386.go": {"linux/386"}}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("targets by file (-want +got):\n%s", d)
		}
	})
	t.Run("place", func(t *testing.T) {
		r := run(t, vet.Options{Dir: dir})
		got := map[string]evidence.Place{}
		for _, f := range r.Findings {
			got[f.Pos.File] = f.Place
		}
		want := map[string]evidence.Place{
			"a/a.go":           {Package: "m.test/v2/a", Symbol: "F", Module: "m.test/v2", File: "a/a.go", Line: 8, EndLine: 8},
			"dotted.x/x.go":    {Package: "m.test/v2/dotted%2ex", Symbol: "F", Module: "m.test/v2", File: "dotted.x/x.go", Line: 8, EndLine: 8},
			"cmd/tool/main.go": {Package: "main", Symbol: "F", Module: "m.test/v2", File: "cmd/tool/main.go", Line: 8, EndLine: 8},
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("places (-want +got):\n%s", d)
		}
	})
	t.Run("nothing matches", func(t *testing.T) {
		for _, pattern := range []string{"./none", "./none/..."} {
			if _, err := vet.Run(t.Context(), vet.Options{Dir: dir, Patterns: []string{pattern}}); err == nil {
				t.Errorf("%s: no error", pattern)
			}
		}
	})
	t.Run("bad target", func(t *testing.T) {
		for _, target := range []string{"linux", "linux/", "/amd64", "a/b/c", "linux/z80"} {
			if _, err := vet.Run(t.Context(), vet.Options{Dir: dir, Targets: []string{target}}); err == nil {
				t.Errorf("%s: no error", target)
			}
		}
	})
	t.Run("cancelled", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := vet.Run(ctx, vet.Options{Dir: dir}); err == nil {
			t.Error("no error")
		}
	})
}

// tool compiles the rules as a program of their own.
func tool(t *testing.T) string {
	t.Helper()
	exe := filepath.Join(t.TempDir(), "mohovet")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", exe, "./internal/mohovet").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return exe
}

// TestVettool compares go vet -vettool with the standalone run: same places,
// same rules, same words.
func TestVettool(t *testing.T) {
	testbin.NeedTool(t, "gcc")
	cmd := exec.CommandContext(t.Context(), "go", "vet", "-vettool="+tool(t), "./...")
	cmd.Dir = hazards
	out, err := cmd.CombinedOutput()
	if err == nil {
		t.Errorf("go vet is content:\n%s", out)
	}
	got, want := said(string(out)), texts(run(t, vet.Options{Dir: hazards, Tests: true}))
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("findings (-standalone +vettool):\n%s\ngo vet said:\n%s", d, out)
	}
}

func TestIsTool(t *testing.T) {
	tests := []struct {
		args string
		want bool
	}{
		{"", false},
		{"-V=full", true},
		{"-flags", true},
		{"/tmp/b001/vet.cfg", true},
		{"-json -uintptrroundtrip /tmp/b001/vet.cfg", true},
		{"vet ./...", false},
		{"build x.cfg", false},
		{"-h", false},
		{"--help", false},
		{"-version", false},
		{"-x.cfg", false},
	}
	for _, tt := range tests {
		if got := vet.IsTool(strings.Fields(tt.args)); got != tt.want {
			t.Errorf("IsTool(%q) = %v, want %v", tt.args, got, tt.want)
		}
	}
}
