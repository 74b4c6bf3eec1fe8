package gostate_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"syscall"
	"testing"
	"time"

	"moho/core/capture"
	"moho/core/coretest"
	"moho/gostate"
	"moho/internal/testbin"
)

// running starts the zoo so that it blocks, and returns it with what it prints.
func running(t *testing.T, exe string, args ...string) (*exec.Cmd, *bytes.Buffer) {
	t.Helper()
	cmd := exec.Command("sh", append([]string{"-c", `ulimit -c unlimited; exec "$0" "$@"`, exe}, args...)...)
	cmd.Dir = t.TempDir()
	cmd.Env = append(os.Environ(), "GOTRACEBACK=crash", "GOMAXPROCS=4")
	stderr := new(bytes.Buffer)
	cmd.Stderr = stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	time.Sleep(700 * time.Millisecond)
	return cmd, stderr
}

// TestGcore takes a core of a living process, then makes the process print its
// stacks: those that are parked must be the same.
func TestGcore(t *testing.T) {
	testbin.NeedTool(t, "gcore")
	for _, c := range []testbin.Config{{Mode: testbin.Stripped}, {Mode: testbin.ExternalPIE, Go: "1.27.3"}} {
		t.Run(c.String(), func(t *testing.T) {
			exe := zoo(t, c)
			cmd, stderr := running(t, exe, "block")
			prefix := filepath.Join(t.TempDir(), "gcore")
			testbin.Run(t, "gcore", "-o", prefix, strconv.Itoa(cmd.Process.Pid))
			cmd.Process.Signal(syscall.SIGQUIT)
			cmd.Wait()
			w := open(t, prefix+"."+strconv.Itoa(cmd.Process.Pid), exe)
			if c, ok := w.Crash(); ok {
				t.Errorf("a process that lives on crashed: %+v", c)
			}
			want := parseTraceback(t, stderr.String())
			compared, spinning := 0, 0
			for g := range w.Goroutines() {
				if g.Truncated != "" {
					t.Errorf("goroutine %d [%s] from %s ends early: %s", g.ID, g.Status, g.RegsFrom, g.Truncated)
				}
				if slices.ContainsFunc(g.Frames, func(f gostate.Frame) bool { return f.Func == "main.spin" }) {
					spinning++
				}
				p := want[g.ID]
				if g.Status != "waiting" || g.System || p == nil || p.elsewhere || p.elidedAt >= 0 {
					continue
				}
				compareHeader(t, g, p)
				got := asPrinted(g.Frames)
				if len(got) != len(p.frames) {
					t.Errorf("goroutine %d: %d frames, the program printed %d", g.ID, len(got), len(p.frames))
					continue
				}
				for i := range got {
					if got[i] != p.frames[i] {
						t.Errorf("goroutine %d frame %d: %+v, the program printed %+v", g.ID, i, got[i], p.frames[i])
					}
				}
				compared++
			}
			if compared < 20 || spinning != 3 {
				t.Errorf("%d stacks compared, %d goroutines spin", compared, spinning)
			}
			for _, th := range w.Threads() {
				if th.M == 0 || th.How != "procid" {
					t.Errorf("thread %d: no M (%s)", th.TID, th.How)
				}
			}
		})
	}
}

// TestQuit reads the core of a program that was told to quit: every thread is
// on its signal stack then, one with two signals nested.
func TestQuit(t *testing.T) {
	coretest.NeedKernelCores(t)
	exe := zoo(t, testbin.Config{})
	cmd, stderr := running(t, exe, "block")
	cmd.Process.Signal(syscall.SIGQUIT)
	cmd.Wait()
	files, _ := filepath.Glob(filepath.Join(cmd.Dir, "core*"))
	if len(files) != 1 {
		t.Fatalf("kernel cores: %v, want one", files)
	}
	w := open(t, files[0], exe)
	want := parseTraceback(t, stderr.String())
	compared := 0
	for g := range w.Goroutines() {
		if g.Truncated != "" {
			t.Errorf("goroutine %d [%s] from %s ends early: %s", g.ID, g.Status, g.RegsFrom, g.Truncated)
		}
		p := want[g.ID]
		if p == nil || p.elsewhere || p.elidedAt >= 0 || g.Status == "running" {
			continue
		}
		got := asPrinted(g.Frames)
		if len(got) != len(p.frames) {
			t.Errorf("goroutine %d [%s]: %d frames, the program printed %d", g.ID, g.Status, len(got), len(p.frames))
			continue
		}
		for i := range got {
			if got[i] != p.frames[i] {
				t.Errorf("goroutine %d frame %d: %+v, the program printed %+v", g.ID, i, got[i], p.frames[i])
			}
		}
		compared++
	}
	if compared < 20 {
		t.Errorf("%d stacks compared", compared)
	}
	c, ok := w.Crash()
	if !ok || c.Reason != "SIGQUIT: quit" || c.FaultFrame != -1 {
		t.Errorf("crash is %q, frame %d; want SIGQUIT and none", c.Reason, c.FaultFrame)
	}
}

// TestCaptured reads the core that moho itself writes of a dying program.
func TestCaptured(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("capturing is for linux")
	}
	for _, mode := range modes {
		t.Run(string(mode), func(t *testing.T) {
			exe := zoo(t, testbin.Config{Mode: mode})
			path := filepath.Join(t.TempDir(), "core")
			var stderr bytes.Buffer
			r, err := capture.Run(t.Context(), []string{exe, "nil"}, path, capture.Options{
				Env: append(os.Environ(), "GOTRACEBACK=crash"), Stderr: &stderr, Timeout: time.Minute,
			})
			if err != nil {
				t.Fatal(err)
			}
			w := open(t, r.Core, exe)
			if n := compareTraceback(t, w, stderr.String()); n < 25 {
				t.Errorf("only %d stacks compared", n)
			}
			checkCrash(t, w, "main.(*node).leaf", stderr.String())
		})
	}
}
