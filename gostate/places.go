package gostate

import (
	"fmt"

	"moho/arch"
	"moho/core"
)

// A physical is a frame that is really on the stack: what inlined calls share.
type physical struct {
	first, last int  // in Goroutine.Frames
	after       bool // frames were left out before it
}

// places joins the frames of a goroutine with where its walk started.
type places struct {
	w      *World
	g      *Goroutine
	x      gWords
	o      origin
	c      context // of its thread; from is "" if there is none
	thread int     // index in World.threads, if c.from is not ""
	list   []physical
	start  int // in list: the frame that o is about
}

func (w *World) placesOf(g *Goroutine) *places {
	p := &places{w: w, g: g}
	v := view{mem: w.mem}
	if readG(&v, w.layout, uint64(g.Addr), &p.x) {
		m := w.machineOf(&p.x)
		if i, ok := w.byM[p.x.m]; m == nil && ok && w.ms[i].g0 == p.x.addr {
			m = &w.ms[i]
			p.o, _ = w.startG0(m)
		} else {
			p.o = w.start(&v, &p.x)
		}
		if m != nil && len(m.contexts) > 0 {
			p.c, p.thread = m.contexts[len(m.contexts)-1], m.thread
		}
	}
	for i := range g.Frames {
		fr := &g.Frames[i]
		if n := len(p.list); n > 0 {
			last := &g.Frames[p.list[n-1].last]
			if !fr.Foreign && !last.Foreign && last.PC == fr.PC && last.SP == fr.SP && last.Inline+1 == fr.Inline {
				p.list[n-1].last = i
				continue
			}
		}
		p.list = append(p.list, physical{first: i, last: i, after: g.Elided > 0 && g.ElidedAt == i})
	}
	if len(p.list) > 1 && g.Frames[0].Foreign {
		p.start = 1
	}
	return p
}

// physical returns the index in p.list of a frame, or -1.
func (p *places) physical(frame int) int {
	for k, ph := range p.list {
		if ph.first <= frame && frame <= ph.last {
			return k
		}
	}
	return -1
}

// fn returns the function that the k-th physical frame belongs to.
func (p *places) fn(k int) string { return p.g.Frames[p.list[k].last].Func }

// innermost returns the frame that the goroutine goes on in: what was
// preempted rather than what did it, Go rather than what it called.
func (p *places) innermost() int {
	if len(p.list) == 0 {
		return -1
	}
	if k := p.start + 2; k < len(p.list) && p.fn(p.start+1) == "runtime.asyncPreempt" && p.fn(p.start) == "runtime.asyncPreempt2" {
		return p.list[k].first
	}
	if p.start < len(p.list) {
		return p.list[p.start].first
	}
	return -1
}

// registers returns those of frame, which is part of the k-th physical one.
func (p *places) registers(frame, k int) Registers {
	g, o := p.g, p.o
	fr := &g.Frames[frame]
	switch {
	case fr.Maybe:
		return p.w.newRegFile(frame, "the frame itself is a guess").Registers
	case k < p.start || k == 0 && fr.Foreign: // C, the vDSO, or no code at all
		if p.c.from == "" {
			return p.w.newRegFile(frame, "the core has no thread that is there").Registers
		}
		r := p.w.contextRegisters(p.thread, p.c, frame)
		r.Note = "the thread is outside Go code: these are not the registers of the Go frame below"
		return r
	case k == p.start && o.foreign == 0 && exact(o.from):
		if o.pc == 0 {
			break
		}
		return p.w.contextRegisters(p.thread, p.c, frame)
	case k == p.start && o.foreign == 0 || k == p.start && o.from == "syscall":
		return p.saved(frame)
	case k > p.start && p.fn(k-1) == "runtime.asyncPreempt" && k-1 > p.start:
		return p.spilled(frame, k)
	}
	return p.derived(frame, k)
}

// saved returns what the runtime saved when the goroutine left off.
func (p *places) saved(frame int) Registers {
	var why string
	switch p.o.from {
	case "gobuf":
		why = "the goroutine is parked: the runtime saved only where it goes on, and Go's calls preserve no other register"
	case "syscall":
		why = "in a system call: the runtime saved only where it was entered"
		if p.c.from != "" {
			why += fmt.Sprintf("; the registers of thread %d are those of what is further in", p.w.threads[p.thread].TID)
		}
	default:
		why = "in the kernel's page: the runtime saved only where it was entered"
	}
	f := p.w.newRegFile(frame, why)
	f.place(p.o.pc, p.o.sp, Source(p.o.from))
	if fp, how := p.framePointer(p.start); how == "" {
		f.role(arch.FP, fp, Source(p.o.from), "")
	} else {
		f.role(arch.FP, 0, Unavailable, how)
	}
	if p.o.from != "gobuf" {
		f.role(arch.G, p.x.addr, FromDerived, "Go code keeps its goroutine there")
		return f.Registers
	}
	f.role(arch.G, p.x.schedG, FromGobuf, "")
	// These two are loaded when the goroutine goes on, and are 0 unless it has
	// not started yet or was stopped by a check of its stack.
	l := p.w.layout
	if x, _ := f.v.word(core.Addr(p.x.addr + uint64(l.GSchedCtxt))); x != 0 {
		f.role(arch.Closure, x, FromGobuf, "")
	}
	if p.x.schedLR != 0 {
		f.role(arch.LR, p.x.schedLR, FromGobuf, "")
	}
	return f.Registers
}

// derived returns what follows from the tables for a frame that made a call.
func (p *places) derived(frame, k int) Registers {
	fr := &p.g.Frames[frame]
	f := p.w.newRegFile(frame, "the call that this frame is in the middle of has overwritten it: Go's calls preserve no register")
	f.From = FromDerived
	f.role(arch.PC, uint64(fr.PC), FromDerived, "the return address of what it called")
	f.role(arch.SP, uint64(fr.SP), FromDerived, "the sizes of the frames further in, by the tables")
	if fp, how := p.framePointer(k); how == "" {
		f.role(arch.FP, fp, FromDerived, "saved by what it called")
	} else {
		f.role(arch.FP, 0, Unavailable, how)
	}
	f.role(arch.G, p.x.addr, FromDerived, "Go code keeps its goroutine there")
	if fr.G0 {
		f.role(arch.G, 0, Unavailable, "on the system stack")
		if i, ok := p.w.byM[p.x.m]; ok {
			f.role(arch.G, p.w.ms[i].g0, FromDerived, "code on the system stack keeps g0 there")
		}
	}
	return f.Registers
}

// framePointer returns the frame pointer in the k-th physical frame; how is ""
// if it is known, and else why it is not. Go code links its frames by it: each
// frame that has room for it holds that of its caller, which must point to
// where the caller's own frame has one.
func (p *places) framePointer(k int) (fp uint64, how string) {
	how = "it was not saved"
	known := false
	switch p.o.from {
	case "gobuf":
		fp, known = p.x.schedBP, true // 0 before it has started
	case "syscall":
		fp, known = p.x.sysBP, p.x.sysBP != 0
		if !known {
			how = "this version of the runtime does not save it before a system call"
		}
	case "prstatus", "ucontext", "coredump":
		fp, known = p.o.fp, true
	}
	v := view{mem: p.w.mem}
	for i := p.start; i < k; i++ {
		if p.list[i+1].after {
			return 0, "frames further in were left out"
		}
		callee := &p.g.Frames[p.list[i].last]
		next := &p.g.Frames[p.list[i+1].last]
		at, saves := p.slot(callee)
		switch {
		case callee.G0 && !next.G0:
			fp, known = p.x.schedBP, p.x.schedBP != 0
		case saves && !(i == p.start && p.o.trap): // else it may be at the beginning, where it has not yet
			fp, known = v.word(core.Addr(at))
			if !known {
				how = fmt.Sprintf("the core does not hold %#x, where it was saved", at)
			}
		case saves:
			// A frame that a signal stopped has linked itself in or not: what
			// it has where its caller's would be tells.
			if x, ok := v.word(core.Addr(at)); ok && p.o.fp == p.own(callee) {
				fp, known = x, true
			}
		}
	}
	if !known {
		return 0, how
	}
	next := &p.g.Frames[p.list[k].last]
	if k > p.start && fp != 0 && fp != p.own(next) {
		if _, saves := p.slot(next); saves && !top(next) {
			return 0, fmt.Sprintf("%#x, which was saved as such, does not point into this frame", fp)
		}
	}
	return fp, ""
}

// slot returns where the frame keeps the frame pointer of its caller, and
// whether it is large enough to.
func (p *places) slot(f *Frame) (at uint64, ok bool) {
	if p.w.arch.HasLR {
		return uint64(f.SP) - 8, f.CFA > f.SP
	}
	return uint64(f.CFA) - 16, f.CFA >= f.SP+16
}

// own returns what the frame pointer is in a frame that has set it up.
func (p *places) own(f *Frame) uint64 {
	at, _ := p.slot(f)
	return at
}

// top reports whether the function is the outermost of its stack, whose frame
// pointer means nothing.
func top(f *Frame) bool {
	switch f.Func {
	case "runtime.goexit", "runtime.mstart", "runtime.rt0_go", "runtime.mcall", "runtime.morestack":
		return true
	}
	return false
}
