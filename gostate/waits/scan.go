package waits

import (
	"fmt"

	"moho/core"
	"moho/gostate"
)

// scan looks on all stacks for pointers to locks that are waited for and that
// nobody is known to hold.
func (a *analyzer) scan() {
	want := map[uint64]int32{}
	lo, hi := ^uint64(0), uint64(0)
	for i := range a.objs {
		o := &a.objs[i]
		if !o.kind.Lock() || a.free(int32(i)) || a.held(int32(i)) {
			continue
		}
		want[o.addr] = int32(i)
		if o.kind == Once {
			want[o.addr+onceMutex] = int32(i)
		}
		lo, hi = min(lo, o.addr), max(hi, o.addr+onceMutex)
	}
	if len(want) == 0 {
		return
	}
	var filter [1 << 12]uint64 // a bit for each of 256 Ki addresses, modulo
	for addr := range want {
		filter[addr>>9&(1<<12-1)] |= 1 << (addr >> 3 & 63)
	}
	found := 0
	for i := range a.gs {
		m := &a.gs[i]
		if m.system || m.sp >= m.hi {
			continue
		}
		b, err := a.v.Slice(core.Addr(m.sp), int(m.hi-m.sp)&^7)
		if err != nil {
			continue
		}
		var g *gostate.Goroutine
		for off := 0; off+8 <= len(b); off += 8 {
			p := le64(b[off:])
			if p < lo || p > hi || filter[p>>9&(1<<12-1)]>>(p>>3&63)&1 == 0 {
				continue
			}
			obj, ok := want[p]
			if !ok || a.settled(obj, int32(i)) {
				continue
			}
			if found++; found > maxFound {
				a.gap("holders", "", "more than %d pointers to locks are on stacks; the rest was not looked at", maxFound)
				return
			}
			if g == nil {
				if g, ok = a.w.GoroutineAt(core.Addr(m.addr)); !ok {
					break
				}
			}
			a.suspect(g, int32(i), obj, m.sp+uint64(off))
		}
	}
}

// maxFound bounds the pointers to locks on stacks that are followed up.
const maxFound = 1 << 14

// held reports whether an object has a holder that is known for sure.
func (a *analyzer) held(obj int32) bool {
	for _, h := range a.holders[obj] {
		if h.Grade == Strong && a.objs[obj].kind != RWMutex {
			return true
		}
	}
	return false
}

// settled reports whether more about goroutine g and obj would tell nothing new.
func (a *analyzer) settled(obj, g int32) bool {
	list := a.holders[obj]
	for _, h := range list {
		if h.g == g && (h.Grade == Strong || h.between) {
			return true
		}
	}
	return len(list) >= maxHolders
}

// suspect makes a weak holder of a goroutine that has a pointer to a lock at slot.
// Of one that waits for the lock itself, only what the functions around the one
// that waits have counts.
func (a *analyzer) suspect(g *gostate.Goroutine, i, obj int32, slot uint64) {
	frame := frameOf(g, slot)
	if frame < 0 || waiting(g.Frames[frame].Func) {
		return
	}
	m := &a.gs[i]
	own := false
	for j := m.first; j < m.first+m.n; j++ {
		own = own || a.edges[j].obj == obj
	}
	if own && waitsIn(g, frame) {
		return
	}
	f := &g.Frames[frame]
	h := Holder{Goroutine: m.id, Grade: Weak, Func: f.Func, File: f.File, Line: f.Line, Slot: core.Addr(slot), g: i}
	fn, _, ok := a.w.FuncAt(f.PC)
	if ok {
		from, to, in := 0, 0, false
		if from, to, in = between(a.code.eventsOf(fn), f.Line); in {
			h.between = true
			h.Why = fmt.Sprintf("%s has a pointer to it, and is between a Lock on line %d and an Unlock on line %d", f.Func, from, to)
		}
	}
	if !h.between {
		if own {
			return
		}
		h.Why = fmt.Sprintf("%s has a pointer to it on its stack", f.Func)
	}
	a.hold(obj, h)
}

// frameOf returns the physical frame, not an inlined one, that slot lies in.
func frameOf(g *gostate.Goroutine, slot uint64) int {
	for i := range g.Frames {
		f := &g.Frames[i]
		if !f.Inlined && !f.Foreign && !f.G0 && uint64(f.SP) <= slot && slot < uint64(f.CFA) {
			return i
		}
	}
	return -1
}
