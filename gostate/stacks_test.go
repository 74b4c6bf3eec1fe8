package gostate_test

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"moho/gostate"
	"moho/internal/testbin"
)

// stackProgram has a goroutine wherever a stack is hard to walk: on the system
// stack, in morestack, behind a fault, preempted in a function without a frame,
// growing, in a method value, behind a deferred call of a panic. It needs
// nothing that Go 1.21 has not.
func stackProgram(tb testing.TB, c testbin.Config) string {
	tb.Helper()
	return testbin.Build(tb, testbin.Dir(tb, filepath.Join("testdata", "src", "stacks")), c)
}

// TestStacks compares stacks that are hard to walk with the program's own
// traceback of them.
func TestStacks(t *testing.T) {
	for _, how := range []string{"nil", "overflow"} {
		t.Run(how, func(t *testing.T) { checkStacks(t, testbin.Config{Mode: testbin.Stripped}, how) })
	}
}

func TestStacksVersions(t *testing.T) {
	testbin.Long(t)
	for _, release := range []string{"1.21.13", "1.22.12", "1.23.12", "1.24.13", "1.25.12", "1.26.8", "1.27.3"} {
		for _, goarch := range []string{"amd64", "arm64"} {
			for _, how := range []string{"nil", "overflow", "callback", "throw", "sort"} {
				t.Run(release+"/"+goarch+"/"+how, func(t *testing.T) {
					checkStacks(t, testbin.Config{Go: release, GOARCH: goarch, Mode: testbin.Stripped}, how)
				})
			}
		}
	}
}

func checkStacks(t *testing.T, c testbin.Config, how string) {
	t.Helper()
	exe := stackProgram(t, c)
	take := crash
	if c.GOARCH == "arm64" {
		take = arm64Core
	}
	corePath, stderr := take(t, exe, how)
	w := open(t, corePath, exe)
	if n := compareTraceback(t, w, stderr); n < 5 {
		t.Errorf("only %d stacks compared", n)
	}
	seen := map[string]bool{}
	for g := range w.Goroutines() {
		if g.Truncated != "" || g.Damage != nil {
			t.Errorf("goroutine %d [%s] from %s ends early: %s, %+v", g.ID, g.Status, g.RegsFrom, g.Truncated, g.Damage)
		}
		for i := range g.Frames {
			seen[g.Frames[i].Func] = true
		}
	}
	want := []string{"main.leaf", "runtime.asyncPreempt", "main.growing", "main.recovering", "main.method.wait", "main.main"}
	if how == "overflow" {
		want = append(want, "runtime.newstack", "main.endless")
	}
	for _, fn := range want {
		if !seen[fn] {
			t.Errorf("no frame of %s", fn)
		}
	}
	cr, ok := w.Crash()
	if !ok || cr.Goroutine == nil {
		t.Fatal("no crash")
	}
	top := ""
	if cr.FaultFrame >= 0 {
		top = cr.Goroutine.Frames[cr.FaultFrame].Func
	}
	blamed := map[string]string{
		"nil": "main.crash", "overflow": "main.endless", "callback": "main.crash", "throw": "Mutex).unlockSlow", "sort": "main.crash",
	}
	if !strings.Contains(top, blamed[how]) {
		t.Errorf("blames %q (%s), want %s", top, cr.Reason, blamed[how])
	}
	if how == "nil" && !slices.ContainsFunc(cr.Goroutine.Frames, func(f gostate.Frame) bool { return f.Func == "runtime.sigpanic" }) {
		t.Error("no sigpanic on the stack that crashed")
	}
}
