package postmortem

import (
	"testing"

	"moho/core"
	"moho/gostate"
)

// TestCause checks the words for reasons that need no memory to explain.
func TestCause(t *testing.T) {
	frames := func(fault, foreign bool) *gostate.Goroutine {
		return &gostate.Goroutine{ID: 1, Frames: []gostate.Frame{{Func: "libx.so+0x10", Fault: fault, Foreign: foreign}, {Func: "main.f"}}}
	}
	for _, tc := range []struct {
		reason string
		g      *gostate.Goroutine
		from   int
		want   Cause
	}{
		{"", nil, 0, Cause{CauseUnknown, ""}},
		{"panic: boom", nil, 0, Cause{CausePanic, ""}},
		{"panic: runtime error: invalid memory address or nil pointer dereference\n[signal SIGSEGV: segmentation violation code=0x1 addr=0x0 pc=0x1]", nil, 0, Cause{CausePanic, "what a nil pointer points to was used"}},
		{"panic: runtime error: invalid memory address or nil pointer dereference\n[signal SIGSEGV: segmentation violation code=0x1 addr=0x18 pc=0x1]", nil, 0, Cause{CausePanic, "a field 24 bytes into what a nil pointer points to was used"}},
		{"panic: assignment to entry in nil map", nil, 0, Cause{CausePanic, "a map was written to that had never been made"}},
		{"fatal error: all goroutines are asleep - deadlock!", nil, 0, Cause{CauseFatal, "every goroutine waits, and nothing is left that could wake one"}},
		{"fatal error: fault\n[signal SIGSEGV: segmentation violation code=0x2 addr=0x1000000 pc=0x1]", nil, 0, Cause{CauseFatal, "what is mapped at the address may not be accessed so: unsafe code, C, or a damaged pointer"}},
		{"fatal error: something new", nil, 0, Cause{CauseFatal, ""}},
		{"SIGSEGV: segmentation violation at 0x0, pc=0x1", frames(true, true), 0, Cause{CauseSignal, "the instruction that faulted is in code that is not Go's: libx.so+0x10"}},
		{"SIGABRT: abort", frames(false, true), 0, Cause{CauseSignal, "it was raised in code that is not Go's: libx.so+0x10"}},
		{"SIGQUIT: quit", frames(false, false), 0, Cause{CauseAsked, `somebody wanted to see its goroutines (kill -QUIT, Ctrl-\, a watchdog)`}},
		{"SIGTERM: termination", nil, 0, Cause{CauseSignal, ""}},
	} {
		c := &Case{crash: gostate.Crash{Reason: tc.reason, Goroutine: tc.g, From: tc.from, FaultFrame: -1, Signal: core.Signal{Number: 6}}}
		if got := c.cause(); got != tc.want {
			t.Errorf("%.60q: %+v, want %+v", tc.reason, got, tc.want)
		}
	}
}
