package gostate

import "moho/core"

// start decides where the walk of g's stack begins. The order is that of
// trust: a thread that is on the stack right now knows best, whatever the
// status says; a running goroutine's gobuf is stale and never used.
func (w *World) start(v *view, g *gWords) origin {
	if g.status.dead() {
		return origin{why: "no stack: " + g.status.String()}
	}
	m := w.machineOf(g)
	var c context
	if m != nil {
		if cs := m.contexts; len(cs) > 0 {
			c = cs[len(cs)-1]
		}
	}
	fault := w.faulted(m, c)
	switch s := g.status &^ gScan; {
	case g.sysSP != 0 && s != gRunnable && g.onStack(g.sysSP):
		// The runtime's tracebacks start here too: what lies further in is
		// the system call's own plumbing, or C.
		o := origin{pc: g.sysPC, sp: g.sysSP, fp: g.sysBP, syscall: true, from: "syscall"}
		if c.from != "" && !g.onStack(c.sp) && !w.inText(c.pc) {
			o.foreign, o.fault = c.pc, fault
		}
		return o
	case c.from != "" && g.onStack(c.sp):
		o := w.startOnStack(v, m, c)
		o.fault = fault
		return o
	case s == gRunning:
		o := w.startElsewhere(v, m, g, c)
		o.fault = fault
		return o
	}
	if g.status&^gScan == gCopystack && !g.onStack(g.schedSP) {
		return origin{why: "its stack was being copied"}
	}
	return origin{pc: g.schedPC, sp: g.schedSP, lr: g.schedLR, fp: g.schedBP, from: "gobuf"}
}

// startG0 starts on the thread's own stack, where no goroutine is executed.
func (w *World) startG0(m *machine) (origin, bool) {
	cs := m.contexts
	if len(cs) == 0 {
		return origin{why: "the core has no thread that says where"}, false
	}
	last := cs[len(cs)-1]
	o := origin{pc: last.pc, sp: last.sp, lr: last.lr, fp: last.fp, trap: true, loose: true, from: last.from}
	if !w.inText(o.pc) {
		o.foreign = o.pc
	}
	o.fault = w.faulted(m, last)
	return o, true
}

// machineOf returns the M that executes g, or nil.
func (w *World) machineOf(g *gWords) *machine {
	if i, ok := w.byM[g.m]; ok && i >= 0 && w.ms[i].curg == g.addr {
		return &w.ms[i]
	}
	return nil
}

// startOnStack starts from a thread that is on the goroutine's own stack.
func (w *World) startOnStack(v *view, m *machine, c context) origin {
	o := origin{pc: c.pc, sp: c.sp, lr: c.lr, fp: c.fp, trap: true, from: c.from}
	if c.pc == 0 || w.inText(c.pc) {
		return o
	}
	// A call of something that is not code, or code that is not Go's: its
	// caller is where the return address is, if it is one.
	o.foreign = c.pc
	ret := c.lr
	if !w.arch.HasLR {
		ret, _ = v.word(core.Addr(c.sp))
		o.sp += 8
	}
	if m.vdsoSP != 0 && !w.inText(ret) {
		return origin{pc: m.vdsoPC, sp: m.vdsoSP, from: "vdso"}
	}
	o.pc, o.lr, o.trap = ret, 0, false
	return o
}

// startElsewhere starts a running goroutine whose thread is on another stack:
// the system stack, in C, in the vDSO, or nowhere to be found.
func (w *World) startElsewhere(v *view, m *machine, g *gWords, c context) origin {
	if m == nil || c.from == "" {
		return w.startWithoutThread(g)
	}
	if w.inText(c.pc) {
		o := origin{pc: c.pc, sp: c.sp, lr: c.lr, fp: c.fp, trap: true, g0: true, from: c.from}
		if w.strayed(m, g, c.sp) {
			o.g0, o.strayed = false, true
		}
		return o
	}
	if m.vdsoSP != 0 {
		o := origin{pc: m.vdsoPC, sp: m.vdsoSP, from: "vdso", foreign: c.pc}
		o.g0 = !g.onStack(m.vdsoSP)
		return o
	}
	// C that was called without entersyscall: asmcgocall has saved where.
	if s := w.lookup(siteKey{g.schedPC, false}); s.kind == kindSwitch && g.onStack(g.schedSP) {
		return origin{pc: g.schedPC, sp: g.schedSP, fp: g.schedBP, from: "gobuf", foreign: c.pc}
	}
	return origin{why: "running outside Go code, and nothing says where it left it", foreign: c.pc}
}

// startWithoutThread starts a running goroutine of which there are no registers.
//
// On wasm the runtime zeroes the sp of a gobuf that is no longer true, so that
// one which systemstack has saved says where the goroutine is now.
//
// Source: $GOROOT/src/runtime/asm_wasm.s (systemstack, gogo), go1.21 to go1.27.
func (w *World) startWithoutThread(g *gWords) origin {
	if w.arch.BytePC {
		return origin{why: "running, and the core has no thread that says where"}
	}
	if s := w.lookup(siteKey{g.schedPC, true}); s.kind == kindSwitch && g.onStack(g.schedSP) {
		return origin{pc: g.schedPC, sp: g.schedSP, from: "gobuf"}
	}
	return origin{why: "running, and there are no registers, which would say where: only its sched, and that is stale"}
}

// faulted reports whether the instruction at c raised a signal, which neither
// another process nor the program itself sent.
func (w *World) faulted(m *machine, c context) bool {
	switch c.from {
	case "ucontext":
		return faultSignals[c.signal] && c.code > 0
	case "prstatus", "coredump":
		s, ok := w.proc.Signal()
		return w.proc.Threads()[m.thread].Trap != "" || ok && faultSignals[s.Number] && s.Code > 0 && s.TID == w.threads[m.thread].TID
	}
	return false
}
