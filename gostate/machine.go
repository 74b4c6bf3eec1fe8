package gostate

import (
	"cmp"
	"slices"

	"moho/arch"
	"moho/core"
)

// A machine is an m of the runtime: a thread that runs Go code, or did, or may.
type machine struct {
	addr              uint64
	id                int64
	procID            uint64
	g0, gsignal, curg uint64
	sigLo, sigHi      uint64 // stack of gsignal
	g0Lo, g0Hi        uint64 // stack of g0, where the runtime knows it
	vdsoSP, vdsoPC    uint64
	lockedG           uint64
	thread            int       // index in World.threads, -1 for none
	contexts          []context // where that thread was
}

// A Thread is a thread of the process and the M that runs on it. M is 0 for
// threads that the runtime does not know (C's own) or that could not be told.
type Thread struct {
	TID     int
	M       core.Addr
	MID     int64
	G0      core.Addr
	GSignal core.Addr
	CurG    core.Addr // the goroutine that it executes; 0 for none
	CurGID  uint64
	How     string // what tied M to the thread: "procid", "stack", or ""
	Regs    []uint64
}

// Threads returns the threads of the process, the one that took the signal
// first. The caller must not change them.
func (w *World) Threads() []Thread { return w.threads }

// collectMs reads the Ms that were found, those that they link to, and those
// that goroutines belong to.
func (w *World) collectMs(addrs, gs []uint64) {
	w.byM = make(map[uint64]int)
	v := view{mem: w.mem}
	add := func(p uint64) bool {
		if p == 0 || len(w.ms) >= maxMs {
			return false
		}
		if _, ok := w.byM[p]; ok || !isM(&v, w.layout, p) {
			return false
		}
		w.byM[p] = -1
		w.ms = append(w.ms, w.readM(&v, p))
		return true
	}
	for _, p := range addrs {
		for add(p) { // follow alllink; what was seen ends the walk
			p, _ = v.word(core.Addr(p + uint64(w.layout.MAllLink)))
		}
	}
	for _, a := range gs {
		if p, ok := v.word(core.Addr(a + uint64(w.layout.GM))); ok {
			add(p)
		}
	}
	slices.SortFunc(w.ms, func(a, b machine) int { return cmp.Or(cmp.Compare(a.id, b.id), cmp.Compare(a.addr, b.addr)) })
	for i := range w.ms {
		w.byM[w.ms[i].addr] = i
	}
}

func (w *World) readM(v *view, p uint64) machine {
	l := w.layout
	word := func(off int32) uint64 {
		x, _ := v.word(core.Addr(p + uint64(off)))
		return x
	}
	m := machine{
		addr: p, id: int64(word(l.MID)), procID: word(l.MProcID),
		g0: word(l.MG0), gsignal: word(l.MGSignal), curg: word(l.MCurG),
		vdsoSP: word(l.MVDSOSP), vdsoPC: word(l.MVDSOPC), lockedG: word(l.MLockedG),
		thread: -1,
	}
	var g gWords
	if readG(v, l, m.g0, &g) {
		m.g0Lo, m.g0Hi = g.lo, g.hi
	}
	if m.gsignal != 0 && readG(v, l, m.gsignal, &g) {
		m.sigLo, m.sigHi = g.lo, g.hi
	}
	return m
}

// findThreads ties Ms to threads: by the thread id that the M keeps, and where
// ids are of another pid namespace, by the stack that the thread is on.
func (w *World) findThreads() {
	w.effort = w.mem.total/8 + slackSteps
	w.byTID = make(map[int]int)
	byProc := make(map[uint64]int)
	for i, m := range w.ms {
		if m.procID != 0 {
			byProc[m.procID] = i
		}
	}
	for i, t := range w.proc.Threads() {
		w.byTID[t.TID] = i
		w.threads = append(w.threads, Thread{TID: t.TID, Regs: t.Regs})
		if j, ok := byProc[uint64(t.TID)]; ok && w.ms[j].thread < 0 {
			w.tie(i, j, "procid")
		}
	}
	for i := range w.threads {
		if w.threads[i].M != 0 || w.effort < 0 {
			continue
		}
		sp, ok := w.reg(i, arch.SP)
		if !ok {
			continue
		}
		if j := w.machineAt(sp); j >= 0 {
			w.tie(i, j, "stack")
		}
	}
}

func (w *World) tie(thread, m int, how string) {
	t, p := &w.threads[thread], &w.ms[m]
	p.thread = thread
	p.contexts = w.findContexts(p)
	t.M, t.MID, t.How = core.Addr(p.addr), p.id, how
	t.G0, t.GSignal, t.CurG = core.Addr(p.g0), core.Addr(p.gsignal), core.Addr(p.curg)
	if p.curg != 0 {
		t.CurGID, _ = (&view{mem: w.mem}).word(core.Addr(p.curg + uint64(w.layout.GID)))
	}
}

// machineAt returns the M without a thread that has sp on one of its stacks.
func (w *World) machineAt(sp uint64) int {
	v := view{mem: w.mem}
	for i := range w.ms {
		m := &w.ms[i]
		w.effort--
		if m.thread >= 0 {
			continue
		}
		if m.sigLo <= sp && sp < m.sigHi || m.g0Lo <= sp && sp < m.g0Hi {
			return i
		}
		var g gWords
		if m.curg != 0 && readG(&v, w.layout, m.curg, &g) && g.onStack(sp) {
			return i
		}
	}
	return -1
}

func (w *World) reg(thread int, r arch.Role) (uint64, bool) {
	i := w.arch.Index(r)
	if regs := w.threads[thread].Regs; i >= 0 && i < len(regs) {
		return regs[i], true
	}
	return 0, false
}
