package gostate_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"moho/internal/testbin"
)

// delve installs the debugger that is the second opinion.
func delve(t *testing.T) string {
	t.Helper()
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	const version = "v1.27.2"
	bin := filepath.Join(cache, "moho-bench", version)
	path := filepath.Join(bin, "dlv")
	if _, err := os.Stat(path); err == nil {
		return path
	}
	cmd := exec.CommandContext(t.Context(), "go", "install", "github.com/go-delve/delve/cmd/dlv@"+version)
	cmd.Dir = t.TempDir()
	cmd.Env = append(os.Environ(), "GOBIN="+bin, "GOFLAGS=", "GOWORK=off")
	if out, err := cmd.CombinedOutput(); err != nil {
		if os.Getenv("MOHO_CI") == "1" {
			t.Fatalf("install dlv: %v\n%s", err, out)
		}
		t.Skipf("install dlv: %v", err)
	}
	return path
}

// A delveStack is what dlv shows of a goroutine: "pc function" for each frame.
type delveStack []string

var (
	delveHeader = regexp.MustCompile(`^[* ] Goroutine (\d+) - `)
	delveFrame  = regexp.MustCompile(`^\t *\d+  0x0*([0-9a-f]+) in (.*)$`)
	colour      = regexp.MustCompile("\x1b\\[[0-9;]*m")
)

// TestDelve compares the stacks of parked goroutines with what dlv makes of the
// same core: it reads DWARF, which moho does not.
func TestDelve(t *testing.T) {
	testbin.Long(t)
	dlv := delve(t)
	for _, release := range []string{"1.25.12", "1.26.8", "1.27.3"} {
		t.Run(release, func(t *testing.T) {
			exe := zoo(t, testbin.Config{Go: release})
			corePath, _ := crash(t, exe, "nil")
			init := filepath.Join(t.TempDir(), "init")
			if err := os.WriteFile(init, []byte("goroutines -t 300\nexit\n"), 0o644); err != nil {
				t.Fatal(err)
			}
			text := testbin.Run(t, dlv, "core", exe, corePath, "--allow-non-terminal-interactive", "--init", init)
			theirs := make(map[uint64]delveStack)
			var id uint64
			for line := range strings.Lines(colour.ReplaceAllString(text, "")) {
				line = strings.TrimRight(line, "\n")
				if m := delveHeader.FindStringSubmatch(line); m != nil {
					id, _ = strconv.ParseUint(m[1], 10, 64)
					theirs[id] = nil
				} else if m := delveFrame.FindStringSubmatch(line); m != nil {
					name, _, _ := strings.Cut(m[2], "[") // dlv spells type arguments out
					theirs[id] = append(theirs[id], m[1]+" "+name)
				}
			}
			w := open(t, corePath, exe)
			compared := 0
			for g := range w.Goroutines() {
				stack, ok := theirs[g.ID]
				if !ok {
					t.Errorf("goroutine %d: dlv does not list it", g.ID)
					continue
				}
				if g.Status != "waiting" {
					continue // dlv loses the caller of a preempted leaf; the traceback has it
				}
				var ours delveStack
				for _, f := range g.Frames {
					name, _, _ := strings.Cut(f.Func, "[")
					ours = append(ours, strconv.FormatUint(uint64(f.PC), 16)+" "+name)
				}
				if d := cmp.Diff(stack, ours); d != "" {
					t.Errorf("goroutine %d: dlv (-), moho (+)\n%s", g.ID, d)
				}
				compared++
			}
			if compared < 22 || w.NumG() != len(theirs) {
				t.Errorf("%d stacks compared; moho has %d goroutines, dlv %d", compared, w.NumG(), len(theirs))
			}
		})
	}
}
