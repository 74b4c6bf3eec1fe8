package vet_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"moho/internal/testbin"
	"moho/vet"
)

const pairs = "../examples/unsafe"

// TestExamples vets the programs of the guide: each bad one has a finding of the
// rule that its folder names and none of another but it, each good one has none.
// In the long part they are run: the bad ones show harm, in the way that their
// first lines say.
func TestExamples(t *testing.T) {
	testbin.NeedTool(t, "gcc")
	found := map[string][]string{}
	for _, f := range run(t, vet.Options{Dir: pairs}).Findings {
		dir := filepath.ToSlash(filepath.Dir(f.Pos.File))
		found[dir] = append(found[dir], f.Rule)
	}
	list, err := filepath.Glob(pairs + "/*/bad")
	if err != nil || len(list) == 0 {
		t.Fatalf("no examples: %v", err)
	}
	known := map[string]bool{}
	for _, r := range vet.Rules() {
		known[r.Name] = true
	}
	for _, bad := range list {
		rule := filepath.Base(filepath.Dir(bad))
		if !known[rule] {
			t.Errorf("examples/unsafe/%s: no such rule", rule)
		}
		if got := found[rule+"/bad"]; len(got) == 0 || got[0] != rule {
			t.Errorf("%s/bad: findings %q", rule, got)
		}
		if got := found[rule+"/good"]; len(got) > 0 {
			t.Errorf("%s/good: findings %q", rule, got)
		}
	}
}

// TestExamplesRun runs them.
func TestExamplesRun(t *testing.T) {
	testbin.Long(t)
	testbin.NeedTool(t, "gcc")
	list, err := filepath.Glob(pairs + "/*/bad")
	if err != nil || len(list) == 0 {
		t.Fatalf("no examples: %v", err)
	}
	for _, bad := range list {
		t.Run(filepath.Base(filepath.Dir(bad)), func(t *testing.T) {
			text, err := os.ReadFile(filepath.Join(bad, "main.go"))
			if err != nil {
				t.Fatal(err)
			}
			how, says := after(string(text), "// Shown by: "), after(string(text), "// It says: ")
			if how == "" || says == "" {
				t.Fatal("its first lines do not say how to see the harm")
			}
			start := func(dir string) string {
				cmd := exec.CommandContext(t.Context(), "sh", "-c", how)
				cmd.Dir = dir
				cmd.Env = append(os.Environ(), "GOFLAGS=", "GOWORK=off")
				out, _ := cmd.CombinedOutput()
				return string(out)
			}
			if out := start(bad); !strings.Contains(out, says) {
				t.Errorf("bad does not say %q:\n%.2000s", says, out)
			}
			if out := start(filepath.Join(filepath.Dir(bad), "good")); strings.Contains(out, says) || strings.Contains(out, "exit status") {
				t.Errorf("good says\n%.2000s", out)
			}
		})
	}
}

// after returns the rest of the line that starts with a mark.
func after(text, mark string) string {
	_, rest, _ := strings.Cut("\n"+text, "\n"+mark)
	line, _, _ := strings.Cut(rest, "\n")
	return line
}
