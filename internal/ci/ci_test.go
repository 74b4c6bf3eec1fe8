package main

import (
	"bytes"
	"context"
	"errors"
	"go/ast"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func names(list []step) []string {
	var out []string
	for _, s := range list {
		out = append(out, s.name)
	}
	return out
}

func TestChoose(t *testing.T) {
	all := []step{{name: "tools", install: true}, {name: "vet"}, {name: "test"}, {name: "long", long: true}}
	for _, tt := range []struct {
		name               string
		only               string
		installOnly, short bool
		want               []string
		err                string
	}{
		{name: "everything", want: []string{"tools", "vet", "test", "long"}},
		{name: "short", short: true, want: []string{"tools", "vet", "test"}},
		{name: "install only", installOnly: true, want: []string{"tools"}},
		{name: "one", only: "test", want: []string{"test"}},
		{name: "two, in our order", only: "test,tools", want: []string{"tools", "test"}},
		{name: "only beats short", only: "long", short: true, want: []string{"long"}},
		{name: "unknown", only: "test,tset", err: `no step "tset"; there are tools, vet, test, long`},
		{name: "empty name", only: "test,", err: `no step ""; there are tools, vet, test, long`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := choose(all, tt.only, tt.installOnly, tt.short)
			if tt.err != "" {
				if err == nil || err.Error() != tt.err {
					t.Errorf("error %v, want %q", err, tt.err)
				}
				return
			}
			if diff := cmp.Diff(tt.want, names(got)); diff != "" || err != nil {
				t.Errorf("%v %s", err, diff)
			}
		})
	}
	if len(all) != 4 {
		t.Error("choose changes its argument")
	}
}

func TestRunAll(t *testing.T) {
	var ran []string
	mk := func(name string, install bool, err error) step {
		return step{name: name, install: install, run: func(context.Context, *ci) error {
			ran = append(ran, name)
			return err
		}}
	}
	bad := errors.New("bad")
	for _, tt := range []struct {
		name  string
		steps []step
		ran   string
		ok    bool
	}{
		{"all fine", []step{mk("a", true, nil), mk("b", false, nil)}, "a b", true},
		{"a failed check does not stop the others", []step{mk("a", false, bad), mk("b", false, nil)}, "a b", false},
		{"a failed set-up does", []step{mk("a", true, bad), mk("b", false, nil)}, "a", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			ran = nil
			ok := (&ci{stdout: &writer{}}).runAll(t.Context(), tt.steps)
			if got := strings.Join(ran, " "); got != tt.ran || ok != tt.ok {
				t.Errorf("ran %q and returned %v, want %q and %v", got, ok, tt.ran, tt.ok)
			}
		})
	}
}

func TestEnvironment(t *testing.T) {
	got := environment([]string{
		"HOME=/h", "PATH=/usr/bin", "GOFLAGS=-mod=mod", "GOPROXY=x", "GOTOOLCHAIN=local", "CGO_ENABLED=0",
		"MOHO_STORE=/s", "GOOS=plan9", "LC_MESSAGES=de", "GOWORK=w",
	}, "/tools", map[string]string{"GOPROXY": "y", "GOSUMDB": "off", "GOPRIVATE": ""})
	want := []string{
		"HOME=/h", "GOPROXY=x", "GOTOOLCHAIN=local", "GOPROXY=y", "GOSUMDB=off",
		"PATH=/tools:/usr/bin", "GOFLAGS=-buildvcs=false", "LC_ALL=C", "MOHO_CI=1",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestMissingNamesPackages(t *testing.T) {
	c := &ci{env: []string{"PATH=" + t.TempDir()}}
	pkgs, programs := c.missing(t.Context())
	_, all := everything()
	if got := strings.Join(pkgs, " "); got != all {
		t.Errorf("packages %q, want %q", got, all)
	}
	if len(programs) != len(needs) {
		t.Errorf("programs %q, want all %d", programs, len(needs))
	}
	if _, err := c.privilege(t.Context()); err == nil || !strings.Contains(err.Error(), "apt-get") {
		t.Errorf("without apt-get in PATH: %v", err)
	}
	c.out = new(bytes.Buffer)
	err := installPackages(t.Context(), c)
	if want := "apt-get install -y --no-install-recommends " + all; err == nil || !strings.HasSuffix(err.Error(), want) {
		t.Errorf("error %v does not end with what to type", err)
	}
}

// TestNeedsAreComplete: a test that needs a program gets it on a fresh machine.
func TestNeedsAreComplete(t *testing.T) {
	known := []string{"dlv", "go", "sh"} // of tools.mod; what runs us; what every system has
	for _, n := range needs {
		known = append(known, n.program)
	}
	found := 0
	err := walkGo(filepath.Join("..", ".."), func(name string, file *ast.File) {
		for _, arg := range toolNames(file) {
			lit, ok := arg.(*ast.BasicLit)
			if !ok {
				continue
			}
			found++
			if tool := strings.Trim(lit.Value, `"`); !slices.Contains(known, tool) {
				t.Errorf("%s: a test runs %q: internal/ci does not know which package brings it", name, tool)
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if found == 0 {
		t.Error("no test asks testbin for a program")
	}
}

// toolNames returns the arguments that name programs in calls of testbin.
func toolNames(file *ast.File) []ast.Expr {
	var names []ast.Expr
	for _, call := range callsTo(file, "testbin", "NeedTool") {
		names = append(names, call.Args[1:]...)
	}
	for _, call := range callsTo(file, "testbin", "Run") {
		names = append(names, call.Args[1])
	}
	for _, call := range callsTo(file, "testbin", "RunInput") {
		names = append(names, call.Args[2])
	}
	return names
}

// TestLongIsFound: the long part runs the test functions that say so
// themselves; a call outside test files would be missed.
func TestLongIsFound(t *testing.T) {
	err := walkGo(filepath.Join("..", ".."), func(name string, file *ast.File) {
		if strings.HasSuffix(name, "_test.go") {
			return
		}
		if n := len(callsTo(file, "testbin", "Long")) + len(callsTo(file, "testbin", "IsLong")); n > 0 {
			t.Errorf("%s calls testbin.Long outside a test file", name)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestDepsText(t *testing.T) {
	lines := map[string]bool{}
	for _, list := range []string{
		`{"ImportPath":"us/core","Module":{"Path":"us","Main":true},"Imports":["io"]} {"ImportPath":"fmt","Standard":true,"Imports":["unsafe"]}`,
		`{"ImportPath":"us/core","Module":{"Path":"us","Main":true},"Imports":["unsafe"]} {"ImportPath":"example.org/a","Module":{"Path":"example.org/a"},"Imports":[]}`,
	} {
		if err := addDeps(lines, list); err != nil {
			t.Fatal(err)
		}
	}
	_, got, _ := strings.Cut(depsText(lines), "\n\n")
	if want := "! ./core\n  example.org/a\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if err := addDeps(lines, `{"ImportPath":`); err == nil {
		t.Error("half an object was taken")
	}
}

func TestConcurrent(t *testing.T) {
	got, err := concurrent(`{"ImportPath":"a","Imports":["sync"],"TestGoFiles":["a_test.go"]}
{"ImportPath":"b","Imports":["sync"]}
{"ImportPath":"c","Imports":["sync/atomic"],"XTestGoFiles":["c_test.go"]}
{"ImportPath":"d","Imports":["io"],"TestGoFiles":["d_test.go"]}`)
	if want := []string{"a", "c"}; !cmp.Equal(want, got) || err != nil {
		t.Errorf("%q, %v, want %q", got, err, want)
	}
}

func TestFindTests(t *testing.T) {
	root := t.TempDir()
	write(t, root, map[string]string{
		"a/a_test.go":          "package a\nfunc FuzzA(f *testing.F) {}\nfunc TestShort(t *testing.T) {}\nfunc TestSlow(t *testing.T) { t.Run(\"x\", func(t *testing.T) { testbin.Long(t) }) }\n",
		"b/b_test.go":          "package b\nfunc helper(t *testing.T) bool { return testbin.IsLong() }\nfunc (x) FuzzMethod() {}\n",
		"d/d_test.go":          "package d\nfunc condition() bool { return os.Getenv(\"MOHO_LONG\") != \"\" }\n",
		"b/b.go":               "package b\nfunc FuzzNotInATest() {}\n",
		"c/testdata/c_test.go": "package c\nfunc FuzzC(f *testing.F) {}\n",
	})
	fuzz, err := findTests(root, isFuzz)
	if want := []target{{"a", "FuzzA"}}; err != nil || !slices.Equal(fuzz, want) {
		t.Errorf("fuzz targets %v, %v, want %v", fuzz, err, want)
	}
	long, err := findTests(root, callsLong)
	if want := []target{{"a", "TestSlow"}, {"b", ""}, {"d", ""}}; err != nil || !slices.Equal(long, want) {
		t.Errorf("long tests %v, %v, want %v", long, err, want)
	}
}

func TestChanged(t *testing.T) {
	got := changed(
		map[string][]byte{"same": []byte("1"), "other": []byte("1"), "gone": nil},
		map[string][]byte{"same": []byte("1"), "other": []byte("2"), "new": nil},
	)
	if want := []string{"gone", "new", "other"}; !cmp.Equal(want, got) {
		t.Errorf("%q, want %q", got, want)
	}
}

func write(t *testing.T, root string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		path := filepath.Join(root, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func TestRanOutOfTime(t *testing.T) {
	const start = "fuzz: elapsed: 4s, execs: 22 (0/sec)\n--- FAIL: FuzzX (4.05s)\n"
	for out, want := range map[string]bool{
		start + "    context deadline exceeded\nFAIL\nexit status 1\nFAIL\tmoho/decode\t4.052s\n":                                                         true,
		start + "    --- FAIL: FuzzX (0.00s)\n        x_test.go:1: context deadline exceeded\n    \n    Failing input written to testdata/fuzz/FuzzX/1\n": false,
		start + "    fuzzing process hung or terminated unexpectedly\n":                                                                                   false,
		"panic: context deadline exceeded\n": false,
		"PASS\n":                             false,
	} {
		if got := ranOutOfTime(out); got != want {
			t.Errorf("%q: %v", out, got)
		}
	}
}
