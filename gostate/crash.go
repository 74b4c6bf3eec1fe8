package gostate

import (
	"fmt"
	"path"
	"strings"

	"moho/core"
)

// A Crash is what ended the process.
//
// Goroutine is the one that the dying thread was executing; if it was executing
// none, it is the thread's own (ID 0), whose frames are those of the scheduler
// or of C. Thread is the thread's id. Reason is what the program printed, or
// would have: "panic: …", "fatal error: …", else the signal. How says where
// Reason comes from.
//
// From is the process that sent the signal which ended this one or which it was
// told to end by, 0 if none did or it is not known.
//
// FaultFrame is the index in Goroutine.Frames of the frame to look at: the one
// whose instruction faulted, called panic or made the fatal error, or, if that is
// the runtime's own, the first caller that is not. It is -1 if there is none, as
// when somebody else sent the signal.
type Crash struct {
	Signal     core.Signal
	Thread     int
	Goroutine  *Goroutine
	Reason     string
	How        string
	From       int
	FaultFrame int
}

// Crash returns what ended the process. It returns false if nothing did: the
// core of a process that went on living.
func (w *World) Crash() (Crash, bool) {
	sig, ok := w.proc.Signal()
	if !ok && w.noSignals() {
		return w.ended()
	}
	if !ok || len(w.threads) == 0 {
		return Crash{}, false
	}
	c := Crash{Signal: sig, Thread: w.threads[0].TID, FaultFrame: -1}
	for i, t := range w.threads {
		if t.TID == sig.TID {
			c.Thread = w.threads[i].TID
		}
	}
	m := w.machineOfThread(c.Thread)
	if first := w.firstSignalled(m); first != nil {
		m, c.Thread = first, w.threads[first.thread].TID
	}
	var words gWords
	if m != nil {
		c.Goroutine = w.current(m, &words)
	}
	c.explain(w, m, &words)
	c.FaultFrame = c.blame()
	return c, true
}

// firstSignalled returns the thread whose signal made the runtime tell all
// others to print their stacks, if m is one of those others: until Go 1.21 the
// last of them ends the process. It returns nil if it is m itself, or none.
//
// Source: $GOROOT/src/runtime/signal_unix.go (sighandler), go1.21.
func (w *World) firstSignalled(m *machine) *machine {
	told := func(m *machine) bool {
		for _, c := range m.contexts {
			if c.signal == sigQuit {
				return true
			}
		}
		return false
	}
	if m == nil || !told(m) {
		return nil
	}
	var first *machine
	for i := range w.ms {
		x := &w.ms[i]
		if x == m || told(x) {
			continue
		}
		for _, c := range x.contexts {
			if faultSignals[c.signal] || c.signal == sigAbort {
				if first != nil && first != x {
					return nil
				}
				first = x
			}
		}
	}
	return first
}

func (w *World) machineOfThread(tid int) *machine {
	i, ok := w.byTID[tid]
	if !ok || w.threads[i].M == 0 {
		return nil
	}
	if j, ok := w.byM[uint64(w.threads[i].M)]; ok {
		return &w.ms[j]
	}
	return nil
}

// current resolves what m executes: its goroutine, else its g0.
func (w *World) current(m *machine, words *gWords) *Goroutine {
	r := newReader(w)
	g := new(Goroutine)
	if m.curg != 0 && r.read(m.curg) {
		r.resolve(g)
		*words = r.words
		if g.Status != "waiting" || w.systemStackFor(m) == nil {
			return g
		}
	}
	if !readG(&r.view, w.layout, m.g0, &r.words) {
		return nil
	}
	o, ok := w.startG0(m)
	if !ok {
		return nil
	}
	*words = r.words
	x := &r.words
	*g = Goroutine{
		Addr: core.Addr(x.addr), Status: x.status.String(), System: true, Thread: w.threads[m.thread].TID,
		Stack:    Stack{Lo: core.Addr(x.lo), Hi: core.Addr(x.hi), Size: x.hi - x.lo},
		RegsFrom: o.from, PC: core.Addr(o.pc), SP: core.Addr(o.sp), FP: core.Addr(o.fp),
	}
	r.finish(g, o)
	for i := range g.Frames {
		g.Frames[i].G0 = true
	}
	return g
}

// systemStackFor returns the context of a thread that is on its g0 although it
// has a goroutine that waits: the scheduler, between two goroutines.
func (w *World) systemStackFor(m *machine) *context {
	cs := m.contexts
	if len(cs) == 0 {
		return nil
	}
	c := cs[len(cs)-1]
	var g gWords
	if readG(&view{mem: w.mem}, w.layout, m.curg, &g) && g.onStack(c.sp) {
		return nil
	}
	return &c
}

// explain fills in Reason and How.
func (c *Crash) explain(w *World, m *machine, words *gWords) {
	if c.Goroutine != nil {
		for i := range c.Goroutine.Frames {
			f := &c.Goroutine.Frames[i]
			switch f.Func {
			case "runtime.fatalpanic":
				if text, ok := w.panicText(words); ok {
					c.Reason, c.How = text, "the goroutine's panics"
					return
				}
			case "runtime.throw", "runtime.fatal":
				if text, ok := w.throwText(f); ok {
					c.Reason, c.How = "fatal error: "+text+w.signalText(words), "the arguments of "+f.Func
				} else {
					c.Reason, c.How = "fatal error", "the frame of "+f.Func
				}
				return
			}
		}
	}
	if w.noSignals() {
		return
	}
	c.Reason, c.How, c.From = c.Signal.String(), "the signal", c.Signal.From
	if !c.Signal.HasAddr {
		c.Reason = describeSignal(c.Signal.Number)
	}
	if m == nil {
		return
	}
	// The program's own handler ends it with SIGABRT; what it handled says more.
	for _, x := range m.contexts {
		if x.signal == 0 || x.signal == sigAbort {
			continue
		}
		c.Reason, c.How = describeSignal(x.signal), "the signal that the program's handler was given"
		c.From = w.sender(x.signal, x.sender())
		if faultSignals[x.signal] && x.code > 0 {
			c.Reason += fmt.Sprintf(" at %#x, pc=%#x", x.addr, x.pc)
		}
		return
	}
	c.From = w.sender(c.Signal.Number, c.From)
}

// sender returns the process that a signal which is being handled came from:
// another one, if any thread was given the signal by another. The runtime sends
// it on to its other threads, and ends by sending SIGABRT to itself.
func (w *World) sender(signal, from int) int {
	own := w.proc.PID()
	if signal != sigQuit && signal != sigAbort || from != 0 && from != own {
		return from
	}
	for i := range w.ms {
		for _, x := range w.ms[i].contexts {
			if pid := x.sender(); x.signal == signal && pid != 0 && pid != own {
				return pid
			}
		}
	}
	return from
}

// sender returns the process that sent the signal, or 0.
func (c *context) sender() int {
	if c.signal == 0 || c.code != siUser && c.code != siQueue {
		return 0
	}
	return int(int32(c.addr)) // si_pid, in the place of si_addr
}

// blame finds the frame to look at.
func (c *Crash) blame() int {
	if c.Goroutine == nil {
		return -1
	}
	frames := c.Goroutine.Frames
	at := -1
	for i := range frames {
		if frames[i].Fault {
			at = i
			break
		}
	}
	for i := 0; at < 0 && i < len(frames); i++ {
		switch frames[i].Func {
		case "runtime.gopanic", "runtime.throw", "runtime.fatal":
			at = i + 1
		}
	}
	if at < 0 {
		return -1
	}
	for i := at; i < len(frames); i++ {
		f := &frames[i]
		if !f.System && !f.Foreign && !ofRuntime(f) {
			return i
		}
	}
	if at < len(frames) && frames[at].Fault {
		return at
	}
	return -1
}

// ofRuntime reports whether a function that a traceback shows is the runtime's
// nevertheless: exported by it, or written there for another package to link to.
func ofRuntime(f *Frame) bool {
	if strings.HasPrefix(f.Func, "runtime.") {
		return true
	}
	inRuntime := path.Base(path.Dir(f.File)) == "runtime"
	return inRuntime && !strings.Contains(f.Func, "/runtime.")
}
