package prove_test

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"moho/evidence"
	"moho/internal/testbin"
	"moho/vet/prove"
)

// TestToolchains proves the same with other releases, which the go command keeps in
// the module cache. Toolchains stay as they are.
func TestToolchains(t *testing.T) {
	testbin.Long(t)
	testbin.NeedTool(t, "gcc")
	for _, v := range testbin.Releases {
		if !strings.HasPrefix(v, "1.25.") && !strings.HasPrefix(v, "1.27.") {
			continue
		}
		t.Run(v, func(t *testing.T) {
			testbin.Toolchain(t, v)
			env := append(os.Environ(), "GOTOOLCHAIN=go"+v)
			root := goroot(t, env)
			before := digest(t, root)
			for _, topic := range []string{"conversions", "cheap", "rewritten", "retain", "uaf"} {
				t.Run(topic, func(t *testing.T) { checkTopic(t, topic, env) })
			}
			if digest(t, root) != before {
				t.Errorf("%s has changed", root)
			}
		})
	}
}

// TestBusyCollector: the collector runs all the time.
func TestBusyCollector(t *testing.T) {
	testbin.Long(t)
	testbin.NeedTool(t, "gcc")
	for _, topic := range []string{"conversions", "cheap", "rewritten", "retain", "parallel"} {
		t.Run(topic, func(t *testing.T) { checkTopic(t, topic, append(os.Environ(), "GOGC=1")) })
	}
}

// TestMissingLayer proves with a toolchain whose runtime has another text at one
// anchor. What needs the layer is unknown, and nothing is called clean.
func TestMissingLayer(t *testing.T) {
	testbin.Long(t)
	root := filepath.Join(t.TempDir(), "go")
	if out, err := exec.Command("cp", "-r", goroot(t, os.Environ()), root).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	name := filepath.Join(root, "src/runtime/checkptr.go")
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	text := strings.ReplaceAll(string(b), "originals", "froms")
	if text == string(b) {
		t.Fatal("nothing to change")
	}
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	env := append(os.Environ(), "GOROOT="+root, "GOTOOLCHAIN=local", "PATH="+filepath.Join(root, "bin")+":"+os.Getenv("PATH"))
	const dir = "testdata/states"
	given := evidence.Finding{
		Rule: "view-overrun", Pos: evidence.Position{File: "a/a.go", Line: 9},
		Place: evidence.Place{Package: "example.org/states/a", Symbol: "Seen", Module: "example.org/states", File: "a/a.go", Line: 9, EndLine: 9},
	}
	other := given
	other.Rule, other.Pos.Line, other.Place.Line, other.Place.EndLine = "header-overgrow", 20, 20, 20
	res, err := prove.Run(t.Context(), prove.Options{Dir: dir, Patterns: []string{"./a"}, Findings: []evidence.Finding{given, other}, Env: env, RunTests: "TestSeen|TestFirst"})
	if err != nil {
		t.Fatal(err)
	}
	if len(res.Findings) != 2 || res.Findings[0].Proof.State != evidence.ProofUnknown || !strings.Contains(res.Findings[0].Proof.Evidence, "checkptr.go") {
		t.Errorf("%+v", res.Findings)
	}
	if res.Findings[1].Proof.State != evidence.ReachedClean {
		t.Errorf("%+v", res.Findings[1])
	}
	named := false
	for _, g := range res.Gaps {
		named = named || g.Where == "conversions"
	}
	if !named {
		t.Errorf("gaps: %v", res.Gaps)
	}
}

func goroot(t *testing.T, env []string) string {
	t.Helper()
	cmd := exec.Command("go", "env", "GOROOT")
	cmd.Dir, cmd.Env = "testdata/hazards", env
	b, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(b))
}

// digest is one number for all files of a toolchain: names, sizes, times, and the
// text of the runtime.
func digest(t *testing.T, root string) [sha256.Size]byte {
	t.Helper()
	h := sha256.New()
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		fmt.Fprintln(h, path, info.Mode(), info.Size(), info.ModTime())
		if strings.Contains(path, "/src/runtime") && d.Type().IsRegular() {
			b, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			h.Write(b)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return [sha256.Size]byte(h.Sum(nil))
}
