package gostate_test

import (
	"path/filepath"
	"strings"
	"testing"

	"moho/gostate"
	"moho/internal/testbin"
)

// TestCgo reads cores of a program that is half C.
func TestCgo(t *testing.T) {
	tests := []struct {
		how    string
		frame  string // to look at
		reason string // prefix
	}{
		{"go", "main.goCrash", "panic: runtime error: invalid memory address"},
		{"callback", "main.goCrash", "panic: runtime error: invalid memory address"},
		{"c", "main._Cfunc_crashInC", "SIGSEGV: segmentation violation at 0x0"},
		{"abort", "", "SIGABRT"},
	}
	all := releases
	if testbin.IsLong() {
		all = append([]string{"1.21.13", "1.22.12", "1.23.12"}, releases...)
	}
	for _, release := range all {
		c := testbin.Config{Go: release, CGO: true}
		exe := testbin.Build(t, testbin.Dir(t, filepath.Join("testdata", "src", "cgozoo")), c)
		for _, tt := range tests {
			t.Run(release+"/"+tt.how, func(t *testing.T) {
				t.Parallel()
				corePath, stderr := crash(t, exe, tt.how)
				w := open(t, corePath, exe)
				c, ok := w.Crash()
				if !ok || c.Goroutine == nil {
					t.Fatal("no crash found")
				}
				if !strings.HasPrefix(c.Reason, tt.reason) {
					t.Errorf("reason is %q, the program printed\n%.300s", c.Reason, stderr)
				}
				got := ""
				if c.FaultFrame >= 0 {
					got = c.Goroutine.Frames[c.FaultFrame].Func
				}
				if got != tt.frame {
					t.Errorf("frame to look at is %q, want %q", got, tt.frame)
				}
				inC := 0
				want := parseTraceback(t, stderr)
				for g := range w.Goroutines() {
					if g.Truncated != "" {
						t.Errorf("goroutine %d [%s] from %s ends early: %s", g.ID, g.Status, g.RegsFrom, g.Truncated)
					}
					p := want[g.ID]
					if p == nil || p.elsewhere {
						t.Logf("goroutine %d [%s] not printed", g.ID, g.Status)
						continue
					}
					frames := g.Frames
					if len(frames) > 0 && frames[0].Foreign {
						inC++
						frames = frames[1:]
					}
					compareCgo(t, c, g, frames, p)
				}
				if inC == 0 {
					t.Error("no goroutine is shown in C")
				}
				if t.Failed() {
					for _, f := range c.Goroutine.Frames {
						t.Logf("%s %s:%d fault=%v foreign=%v", f.Func, f.File, f.Line, f.Fault, f.Foreign)
					}
					t.Logf("%.1500s", stderr)
				}
			})
		}
	}
}

func compareCgo(t *testing.T, c gostate.Crash, g *gostate.Goroutine, frames []gostate.Frame, p *printed) {
	t.Helper()
	got := asPrinted(frames)
	if g.ID == c.Goroutine.ID {
		for len(got) > len(p.frames) && got[0] != p.frames[0] {
			got = got[1:]
		}
	}
	if len(got) != len(p.frames) {
		t.Errorf("goroutine %d: %d frames, the program printed %d", g.ID, len(got), len(p.frames))
		return
	}
	for i := range got {
		if got[i] != p.frames[i] {
			t.Errorf("goroutine %d frame %d: %+v, the program printed %+v", g.ID, i, got[i], p.frames[i])
		}
	}
}
