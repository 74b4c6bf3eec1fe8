package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"

	"moho/internal/testbin"
)

// unsafeModule is a module with one finding.
func unsafeModule(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"go.mod": "module m\n\ngo 1.25\n",
		"m.go":   "package m\n\nimport \"unsafe\"\n\nfunc F(p *int) *int {\n\tu := uintptr(unsafe.Pointer(p))\n\tprintln(u)\n\treturn (*int)(unsafe.Pointer(u))\n}\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func decodeYAML(t *testing.T, name string, v any) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "..", name))
	if err != nil {
		t.Fatal(err)
	}
	dec := yaml.NewDecoder(bytes.NewReader(data))
	dec.KnownFields(true)
	if err := dec.Decode(v); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}

// TestPreCommit runs the entries of the hooks as pre-commit does: split at
// blanks, arguments behind them.
func TestPreCommit(t *testing.T) {
	testbin.NeedTool(t, "git")
	var hooks []struct {
		ID, Name, Description, Language, Entry, Files string
		Args                                          []string
		PassFilenames                                 bool `yaml:"pass_filenames"`
		RequireSerial                                 bool `yaml:"require_serial"`
	}
	decodeYAML(t, ".pre-commit-hooks.yaml", &hooks)
	dir := unsafeModule(t)
	for _, args := range [][]string{{"init", "-q"}, {"-c", "user.name=x", "-c", "user.email=x@example.org", "commit", "-q", "--allow-empty", "-m", "x"}} {
		testbin.Run(t, "git", append([]string{"-C", dir}, args...)...)
	}
	if len(hooks) != 2 {
		t.Fatalf("%d hooks", len(hooks))
	}
	for _, h := range hooks {
		argv := append(strings.Fields(h.Entry), h.Args...)
		if argv[0] != "moho" || h.Language != "golang" || h.PassFilenames {
			t.Errorf("%+v", h)
		}
		cmd := exec.Command(argv[0], argv[1:]...)
		cmd.Dir = dir
		out, err := cmd.CombinedOutput()
		if err == nil || cmd.ProcessState.ExitCode() != 1 || !strings.Contains(string(out), "m.go:8:16: high: uintptr-roundtrip") {
			t.Errorf("%s: %v\n%s", h.ID, err, out)
		}
	}
}

// TestAction runs the steps of the GitHub Action that are commands, as a runner
// does.
func TestAction(t *testing.T) {
	testbin.NeedTool(t, "bash")
	type step struct {
		Name, ID, Shell, Run, If, Uses string
		WorkingDirectory               string `yaml:"working-directory"`
		Env, With                      map[string]string
	}
	var action struct {
		Name, Description, Author string
		Branding                  map[string]string
		Inputs                    map[string]struct{ Description, Default string }
		Outputs                   map[string]struct{ Description, Value string }
		Runs                      struct {
			Using string
			Steps []step
		}
	}
	decodeYAML(t, "action.yml", &action)
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	tmp, dir := t.TempDir(), unsafeModule(t)
	runStep := func(s step, inputs map[string]string) (int, string) {
		expand := func(text string) string {
			for name, in := range action.Inputs {
				v, ok := inputs[name]
				if !ok {
					v = in.Default
				}
				text = strings.ReplaceAll(text, "${{ inputs."+name+" }}", v)
			}
			if strings.Contains(text, "${{") {
				t.Fatalf("%s: %q", s.Name, text)
			}
			return text
		}
		if strings.Contains(s.Run, "${{") {
			t.Errorf("%s: an input in the text of a script can be any command", s.Name)
		}
		cmd := exec.Command("bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", s.Run)
		cmd.Dir = filepath.Join(dir, expand(s.WorkingDirectory))
		cmd.Env = append(os.Environ(), "GITHUB_ACTION_PATH="+root, "RUNNER_TEMP="+tmp, "GITHUB_OUTPUT="+filepath.Join(tmp, "out"))
		for name, v := range s.Env {
			cmd.Env = append(cmd.Env, name+"="+expand(v))
		}
		out, _ := cmd.CombinedOutput()
		return cmd.ProcessState.ExitCode(), string(out)
	}
	steps := action.Runs.Steps
	if action.Runs.Using != "composite" || len(steps) != 3 || !strings.HasPrefix(steps[2].Uses, "github/codeql-action/upload-sarif@") {
		t.Fatalf("%+v", action.Runs)
	}
	if code, out := runStep(steps[0], nil); code != 0 {
		t.Fatalf("%s: %d\n%s", steps[0].Name, code, out)
	}
	if code, out := runStep(steps[1], nil); code != 1 || !strings.Contains(out, "m.go:8:16: high") {
		t.Errorf("%d\n%s", code, out)
	}
	if log, err := os.ReadFile(filepath.Join(tmp, "moho.sarif")); err != nil || !bytes.Contains(log, []byte(`"ruleId": "uintptr-roundtrip"`)) {
		t.Errorf("SARIF: %v\n%s", err, log)
	}
	if out, err := os.ReadFile(filepath.Join(tmp, "out")); err != nil || string(out) != "sarif="+tmp+"/moho.sarif\n" {
		t.Errorf("outputs %q, %v", out, err)
	}
	known := exec.Command(filepath.Join(tmp, "moho"), "vet", "--write-baseline", "base.json")
	known.Dir = dir
	if out, err := known.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	all := map[string]string{"packages": ". ./...", "tags": "a,b", "targets": "linux/amd64,linux/arm64", "baseline": "base.json"}
	if code, out := runStep(steps[1], all); code != 0 {
		t.Errorf("with a baseline: %d\n%s", code, out)
	}
	if code, _ := runStep(steps[1], map[string]string{"packages": "$(touch " + tmp + "/oops) ;touch " + tmp + "/oops"}); code == 0 {
		t.Error("odd packages are fine")
	}
	if _, err := os.Stat(filepath.Join(tmp, "oops")); err == nil {
		t.Error("an input was run")
	}
}
