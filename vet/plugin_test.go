package vet_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"moho/internal/testbin"
	"moho/vet"
)

// golangciConfig is what plugin/golangci/README.md tells people to write.
const golangciConfig = "../plugin/golangci/.golangci.yml"

// TestGolangci links golangci-lint with the plugin and holds its issues against
// the findings. It compiles two hundred modules: about 100 CPU-s when nothing of
// them is cached, 7 once they are.
func TestGolangci(t *testing.T) {
	testbin.Long(t)
	testbin.NeedTool(t, "gcc")
	exe := filepath.Join(t.TempDir(), "golangci-lint")
	build := exec.Command("go", "build", "-o", exe, ".")
	build.Dir = "../plugin/golangci/trial"
	build.Env = append(os.Environ(), "GOFLAGS=-mod=readonly", "GOWORK=off")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(hazards)); err != nil {
		t.Fatal(err)
	}
	config, err := os.ReadFile(golangciConfig)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, ".golangci.yml"), config, 0o666); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(t.TempDir(), "out.json")
	lint := exec.Command(exe, "run", "--output.json.path="+out, "./...")
	lint.Dir = dir
	lint.Env = append(os.Environ(), "GOLANGCI_LINT_CACHE="+t.TempDir(), "GOFLAGS=", "GOWORK=off")
	if text, err := lint.CombinedOutput(); err == nil || lint.ProcessState.ExitCode() != 1 {
		t.Fatalf("%v\n%s", err, text)
	}
	data, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	var report struct {
		Issues []struct {
			FromLinter, Text string
			Pos              struct {
				Filename string
				Line     int
			}
		}
	}
	if err := json.Unmarshal(data, &report); err != nil {
		t.Fatal(err)
	}
	var got, want []string
	for _, i := range report.Issues {
		_, text, _ := strings.Cut(i.Text, ": ") // the analyzer's name
		got = append(got, fmt.Sprintf("%s:%d: %s", filepath.ToSlash(i.Pos.Filename), i.Pos.Line, text))
	}
	for _, f := range run(t, vet.Options{Dir: dir, Tests: true}).Findings {
		want = append(want, fmt.Sprintf("%s:%d: %s (%s)", f.Pos.File, f.Pos.Line, f.Message, f.Rule))
	}
	slices.Sort(got)
	slices.Sort(want)
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("findings (-moho +golangci-lint):\n%s", d)
	}
}

// TestPluginSuite runs in a process of its own: inside of golangci-lint no
// analyzer obeys nolint any more.
func TestPluginSuite(t *testing.T) {
	if os.Getenv("MOHO_PLUGIN") == "" {
		cmd := exec.Command(os.Args[0], "-test.run=^TestPluginSuite$", "-test.v")
		cmd.Env = append(os.Environ(), "MOHO_PLUGIN=1")
		if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), "--- PASS: TestPluginSuite") {
			t.Fatalf("%v\n%s", err, out)
		}
		return
	}
	suite, err := vet.PluginSuite([]string{"view-overrun"})
	if err != nil || len(suite) != len(vet.Suite)-1 {
		t.Errorf("%d analyzers, %v", len(suite), err)
	}
	for _, a := range suite {
		if a.Name == "viewoverrun" {
			t.Error("a disabled rule is there")
		}
	}
	if _, err := vet.PluginSuite([]string{"nothing"}); err == nil || err.Error() != `no rule "nothing"` {
		t.Errorf("error %v", err)
	}
	dir := t.TempDir()
	for name, text := range map[string]string{
		"go.mod": "module m\n\ngo 1.25\n",
		"m.go":   "package m\n\nimport \"unsafe\"\n\nfunc F(p *int) *int {\n\tu := uintptr(unsafe.Pointer(p))\n\tprintln(u)\n\treturn (*int)(unsafe.Pointer(u)) //nolint\n}\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if r := run(t, vet.Options{Dir: dir}); len(r.Findings) != 1 {
		t.Errorf("%d findings, %d silenced", len(r.Findings), len(r.Silenced))
	}
}
