package vet_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"moho/internal/testbin"
	"moho/vet"
)

const pairs = "../examples/unsafe"

// seenBy marks the stock checks that report a program.
const seenBy = "// Seen by: "

// TestExamples vets the programs of the guide: every rule has a pair, the rule
// that the folder names finds the marked line of bad, where more is found the mark
// says so, and good has nothing. In the long part they are run: the bad ones show
// harm, in the way that their first lines say.
func TestExamples(t *testing.T) {
	testbin.NeedTool(t, "gcc")
	want := slices.DeleteFunc(marks(t, pairs), func(mark string) bool {
		return amd64Only(t, filepath.Join(pairs, filepath.Dir(mark))) && runtime.GOARCH != "amd64"
	})
	r := run(t, vet.Options{Dir: pairs})
	if d := cmp.Diff(want, lines(r)); d != "" {
		t.Errorf("findings (-marked +reported):\n%s", d)
	}
	if len(r.Gaps) > 0 {
		t.Errorf("gaps: %v", r.Gaps)
	}
	missing := map[string]bool{}
	for _, r := range vet.Rules() {
		missing[r.Name] = r.Name != "ignore-directive" // a comment does no harm
	}
	for _, mark := range marks(t, pairs) {
		folder, _, _ := strings.Cut(mark, "/")
		if strings.HasPrefix(mark, folder+"/bad/") && strings.HasSuffix(mark, " "+folder) {
			missing[folder] = false
		}
	}
	for name, none := range missing {
		if none {
			t.Errorf("%s has no program in examples/unsafe/%[1]s/bad with a line marked for it", name)
		}
		if _, err := os.Stat(filepath.Join(pairs, name, "good", "main.go")); err != nil && name != "ignore-directive" {
			t.Errorf("%s: no twin: %v", name, err)
		}
	}
	for _, folder := range folders(t) {
		if _, ok := missing[folder]; !ok {
			t.Errorf("examples/unsafe/%s: no such rule", folder)
		}
	}
}

// folders lists the examples, each by the name of its rule.
func folders(t *testing.T) []string {
	t.Helper()
	list, err := os.ReadDir(pairs)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range list {
		if e.IsDir() {
			names = append(names, e.Name())
		}
	}
	if len(names) == 0 {
		t.Fatal("no examples")
	}
	return names
}

// amd64Only reports whether a program has assembly, which is there for one
// architecture.
func amd64Only(t *testing.T, dir string) bool {
	t.Helper()
	list, err := filepath.Glob(filepath.Join(dir, "*_amd64.s"))
	if err != nil {
		t.Fatal(err)
	}
	return len(list) > 0
}

// TestExamplesRun runs them.
func TestExamplesRun(t *testing.T) {
	testbin.Long(t)
	testbin.NeedTool(t, "gcc")
	for _, rule := range folders(t) {
		t.Run(rule, func(t *testing.T) {
			bad, good := filepath.Join(pairs, rule, "bad"), filepath.Join(pairs, rule, "good")
			text, err := os.ReadFile(filepath.Join(bad, "main.go"))
			if err != nil {
				t.Fatal(err)
			}
			how, says := after(string(text), "// Shown by: "), after(string(text), "// It says: ")
			if how == "" || says == "" {
				t.Fatal("its first lines do not say how to see the harm")
			}
			if runtime.GOARCH != "amd64" && (amd64Only(t, bad) || strings.HasPrefix(how, "GOARCH=386")) {
				t.Skip("runs on amd64 only")
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
			if out := start(good); strings.Contains(out, says) || strings.Contains(out, "exit status") {
				t.Errorf("good says\n%.2000s", out)
			}
		})
	}
}

// TestExamplesStock builds the programs with checkptr and with the address
// sanitizer, and wants a report from those that their heads name, and no others.
// Programs that fail on 386 only are left out.
func TestExamplesStock(t *testing.T) {
	testbin.Long(t)
	testbin.NeedTool(t, "gcc")
	for _, rule := range folders(t) {
		bad := filepath.Join(pairs, rule, "bad")
		text, err := os.ReadFile(filepath.Join(bad, "main.go"))
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(after(string(text), "// Shown by: "), "GOARCH=386") || runtime.GOARCH != "amd64" && amd64Only(t, bad) {
			continue
		}
		var seen []string
		for _, check := range []struct{ name, flag, says string }{
			{"checkptr=2", "-gcflags=-d=checkptr=2", "checkptr: "}, {"-asan", "-asan", "AddressSanitizer"},
		} {
			cmd := exec.CommandContext(t.Context(), "go", "run", check.flag, ".")
			cmd.Dir = bad
			cmd.Env = append(os.Environ(), "GOFLAGS=", "GOWORK=off")
			if out, _ := cmd.CombinedOutput(); strings.Contains(string(out), check.says) {
				seen = append(seen, check.name)
			}
		}
		if got, want := strings.Join(seen, ", "), after(string(text), seenBy); got != want {
			t.Errorf("%s is seen by %q, its head says %q", rule, got, want)
		}
	}
}

// after returns the rest of the line that starts with a mark.
func after(text, mark string) string {
	_, rest, _ := strings.Cut("\n"+text, "\n"+mark)
	line, _, _ := strings.Cut(rest, "\n")
	return line
}
