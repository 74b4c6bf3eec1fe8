package gostate

import (
	"cmp"
	"fmt"
	"slices"

	"moho/core"
)

// A Machine is an M of the runtime: a thread that runs Go code, or did, or may.
//
// TID is the thread, 0 for one that has none: the runtime keeps Ms of threads
// that have ended, and, in programs with cgo, for threads that C may bring. Own
// is true for the first one, runtime.m0, whose g0 is runtime.g0.
type Machine struct {
	Addr              core.Addr
	ID                int64
	ProcID            uint64 // the thread's id as the program knew it
	TID               int
	G0, GSignal       core.Addr
	CurG              core.Addr
	G0Stack, SigStack Stack // Used is not set; the bounds of a g0 that the kernel or C made are a guess
	First             bool
	LockedG           core.Addr
	VDSO              bool // it is in the kernel's own page
	G0InData, MInData bool // among the program's variables
}

// Machines returns the Ms, by their ids.
func (w *World) Machines() []Machine {
	list := make([]Machine, 0, len(w.ms))
	for i := range w.ms {
		m := &w.ms[i]
		x := Machine{
			Addr: core.Addr(m.addr), ID: m.id, ProcID: m.procID,
			G0: core.Addr(m.g0), GSignal: core.Addr(m.gsignal), CurG: core.Addr(m.curg), LockedG: core.Addr(m.lockedG),
			G0Stack:  Stack{Lo: core.Addr(m.g0Lo), Hi: core.Addr(m.g0Hi), Size: m.g0Hi - m.g0Lo},
			SigStack: Stack{Lo: core.Addr(m.sigLo), Hi: core.Addr(m.sigHi), Size: m.sigHi - m.sigLo},
			VDSO:     m.vdsoSP != 0,
			G0InData: w.inVariables(m.g0), MInData: w.inVariables(m.addr),
		}
		x.First = x.G0InData
		if m.thread >= 0 {
			x.TID = w.threads[m.thread].TID
		}
		list = append(list, x)
	}
	return list
}

func (w *World) inVariables(a uint64) bool { return w.dataLo <= a && a < w.dataHi }

// RuntimeG0 returns the address of runtime.g0, the g that the program began
// with, and of runtime.m0. It needs no symbols: all other Ms and their g0s are
// allocated. ok is false if there is none or more than one.
func (w *World) RuntimeG0() (g0, m0 core.Addr, ok bool) {
	for i := range w.ms {
		m := &w.ms[i]
		if !w.inVariables(m.g0) {
			continue
		}
		if ok {
			return 0, 0, false
		}
		g0, m0, ok = core.Addr(m.g0), core.Addr(m.addr), true
	}
	return g0, m0, ok
}

// A Range is a piece of memory that belongs to the runtime's threads.
type Range struct {
	Lo, Hi core.Addr
	What   string
	Thread int // its id, 0 for none
}

// ThreadRanges returns where the runtime keeps its threads and what they run
// on, in order of address: runtime.m0 and runtime.g0, other Ms, and the stacks
// of g0 and gsignal.
func (w *World) ThreadRanges() []Range {
	var list []Range
	add := func(lo core.Addr, size uint64, what string, tid int) {
		if lo != 0 && size > 0 && size < maxStack {
			list = append(list, Range{lo, lo + core.Addr(size), what, tid})
		}
	}
	for _, m := range w.Machines() {
		name := fmt.Sprintf("m%d", m.ID)
		mName, gName := name, "g0 of "+name
		if m.First {
			mName, gName = "runtime.m0", "runtime.g0"
		}
		add(m.Addr, uint64(w.layout.MSize), mName, m.TID)
		add(m.G0, uint64(w.layout.GSize), gName, m.TID)
		add(m.GSignal, uint64(w.layout.GSize), "gsignal of "+name, m.TID)
		add(m.G0Stack.Lo, m.G0Stack.Size, "stack of "+gName, m.TID)
		add(m.SigStack.Lo, m.SigStack.Size, "signal stack of "+name, m.TID)
	}
	slices.SortStableFunc(list, func(a, b Range) int { return cmp.Or(cmp.Compare(a.Lo, b.Lo), cmp.Compare(a.Hi, b.Hi)) })
	return list
}
