package vet_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"moho/vet"
)

// goTool runs the go command in a directory with the rules as its tool.
func goTool(t *testing.T, dir string, args ...string) (out string, code int) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", args...)
	cmd.Dir = dir
	b, err := cmd.CombinedOutput()
	if cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return string(b), cmd.ProcessState.ExitCode()
}

// said keeps the lines of go vet that are findings.
func said(out string) []string {
	var got []string
	for line := range strings.Lines(out) {
		line = strings.TrimSuffix(line, "\n")
		if !strings.HasPrefix(line, "#") && !strings.Contains(line, ": \t") {
			got = append(got, line)
		}
	}
	slices.Sort(got)
	return got
}

func texts(r vet.Result) []string {
	var want []string
	for _, f := range r.Findings {
		want = append(want, fmt.Sprintf("%s: %s (%s)", f.Pos, f.Message, f.Rule))
	}
	slices.Sort(want)
	return want
}

// TestToolFlags: naming a rule runs no other, and -RULE=false all but that one.
func TestToolFlags(t *testing.T) {
	dir := write(t, map[string]string{
		"go.mod": "module m.test\n\ngo 1.24\n",
		"a/a.go": fmt.Sprintf(hazard, "a") + "\n//moho:ignore nothing\nvar X int\n",
	})
	exe := tool(t)
	tests := []struct {
		flags []string
		want  []string
	}{
		{nil, []string{"ignore-directive", "uintptr-roundtrip"}},
		{[]string{"-ignoredirective"}, []string{"ignore-directive"}},
		{[]string{"-ignoredirective=false"}, []string{"uintptr-roundtrip"}},
		{[]string{"-uintptrroundtrip", "-ignoredirective"}, []string{"ignore-directive", "uintptr-roundtrip"}},
	}
	for _, tt := range tests {
		args := append([]string{"vet", "-vettool=" + exe}, tt.flags...)
		out, code := goTool(t, dir, append(args, "./...")...)
		var got []string
		for _, l := range said(out) {
			got = append(got, strings.TrimSuffix(l[strings.LastIndexByte(l, '(')+1:], ")"))
		}
		slices.Sort(got)
		if d := cmp.Diff(tt.want, got); d != "" || code != 1 {
			t.Errorf("%v: code %d, rules (-want +got):\n%s\n%s", tt.flags, code, d, out)
		}
	}
	if out, code := goTool(t, dir, "vet", "-vettool="+exe, "-json", "./..."); code != 0 || !strings.Contains(out, `"posn"`) {
		t.Errorf("-json: code %d:\n%s", code, out)
	}
	if out, _ := goTool(t, dir, "vet", "-vettool="+exe, "-c=1", "./..."); !strings.Contains(out, "8\t\treturn (*int)(unsafe.Pointer(u))\n9\t}") {
		t.Errorf("-c=1 shows no context:\n%s", out)
	}
}

// TestFixTool: go fix carries out the fixes, the result compiles, and a second
// run has nothing to do.
func TestFixTool(t *testing.T) {
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(hazards)); err != nil {
		t.Fatal(err)
	}
	exe := "-fixtool=" + tool(t)
	packages := []string{"./roundtrip/bad", "./header/bad", "./view/bad"}
	read := func() string {
		var all strings.Builder
		for _, p := range packages {
			names, err := filepath.Glob(filepath.Join(dir, p, "*.go"))
			if err != nil {
				t.Fatal(err)
			}
			for _, name := range names {
				b, err := os.ReadFile(name)
				if err != nil {
					t.Fatal(err)
				}
				all.Write(b)
			}
		}
		return all.String()
	}
	before := read()
	out, code := goTool(t, dir, append([]string{"fix", exe, "-diff"}, packages...)...)
	if code != 1 || !strings.Contains(out, "\n+") || read() != before {
		t.Errorf("go fix -diff: code %d, files changed: %v\n%s", code, read() != before, out)
	}
	if out, code := goTool(t, dir, append([]string{"fix", exe}, packages...)...); code != 0 {
		t.Fatalf("go fix: code %d\n%s", code, out)
	}
	after := read()
	if after == before {
		t.Fatal("go fix changed nothing")
	}
	if out, code := goTool(t, dir, append([]string{"build"}, packages...)...); code != 0 {
		t.Errorf("what go fix made does not compile:\n%s", out)
	}
	if out, code := goTool(t, dir, append([]string{"fix", exe}, packages...)...); code != 0 || read() != after {
		t.Errorf("a second go fix: code %d, files changed: %v\n%s", code, read() != after, out)
	}
	for _, f := range run(t, vet.Options{Dir: dir, Patterns: packages}).Findings {
		if len(f.Fixes) > 0 {
			t.Errorf("%s: %s still has a fix", f.Pos, f.Rule)
		}
	}
}
