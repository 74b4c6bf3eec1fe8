package waits

import (
	"fmt"
	"slices"

	"moho/core"
	"moho/gostate"
	"moho/gostate/heap"
)

// scan looks on all stacks for pointers to locks that are waited for and that
// nobody is known to hold.
func (a *analyzer) scan() {
	want, lo, hi := a.wanted()
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
			objs := slices.DeleteFunc(slices.Clone(want[p]), func(obj int32) bool { return a.settled(obj, int32(i)) })
			if len(objs) == 0 {
				continue
			}
			if found++; found > maxFound {
				a.gap("holders", "", "more than %d pointers to locks are on stacks; the rest was not looked at", maxFound)
				return
			}
			if g == nil {
				var ok bool
				if g, ok = a.w.GoroutineAt(core.Addr(m.addr)); !ok {
					break
				}
			}
			for _, obj := range objs {
				a.suspect(g, int32(i), obj, m.sp+uint64(off), p)
			}
		}
	}
}

// wanted returns the addresses that pointers to locks without a known holder may
// have, the lock's own and those from the start of the object that it is a field
// of, and the bounds of these addresses.
func (a *analyzer) wanted() (want map[uint64][]int32, lo, hi uint64) {
	h, err := heap.Open(a.w)
	want, lo, hi = map[uint64][]int32{}, ^uint64(0), 0
	for i := range a.objs {
		o := &a.objs[i]
		if !o.kind.Lock() || a.free(int32(i)) || a.held(int32(i)) {
			continue
		}
		from := o.addr
		if err == nil && len(want) < maxWanted {
			if x, ok := h.Find(core.Addr(o.addr)); ok && o.addr-uint64(x.Base) <= maxField {
				from = uint64(x.Base)
			}
		}
		to := o.addr
		if o.kind == Once {
			to += onceMutex
			want[to] = append(want[to], int32(i))
		}
		for p := from &^ 7; p <= o.addr; p += 8 {
			want[p] = append(want[p], int32(i))
		}
		lo, hi = min(lo, from), max(hi, to)
	}
	return want, lo, hi
}

const (
	// maxField is how far into its structure a lock may be for pointers to
	// something before it to count.
	maxField = 512

	// maxWanted bounds the addresses for which such pointers are looked for.
	maxWanted = 1 << 18
)

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

// suspect makes a weak holder of a goroutine that has, at slot, the pointer p to
// a lock or to the structure that it is in. Of one that waits for the lock itself, only
// what the functions around the one that waits have counts.
func (a *analyzer) suspect(g *gostate.Goroutine, i, obj int32, slot, p uint64) {
	frame := frameOf(g, slot)
	if frame < 0 || waiting(g.Frames[frame].Func) || !a.code.live(g, frame, slot) {
		return
	}
	own := false
	for e := range a.edgesOf(i) {
		own = own || e.obj == obj
		if o := &a.objs[e.obj]; o.kind == Cond && a.word(o.addr+condLocker+8) == a.objs[obj].addr {
			return // sync.(*Cond).Wait has unlocked it
		}
	}
	if own && waitsIn(g, frame) {
		return
	}
	f := &g.Frames[frame]
	h := Holder{Goroutine: g.ID, Grade: Weak, Func: f.Func, File: f.File, Line: f.Line, Slot: core.Addr(slot), g: i}
	what := "it"
	if o := &a.objs[obj]; p != o.addr && !(o.kind == Once && p == o.addr+onceMutex) {
		what = "the structure that it is in"
	}
	if fn, _, ok := a.w.FuncAt(f.PC); ok && !pausing(g, frame) {
		var from, to int
		if from, to, h.between = between(a.code.eventsOf(fn), 0, f.Line); h.between {
			h.Why = fmt.Sprintf("%s has a pointer to %s, and is between a Lock on line %d and an Unlock on line %d", f.Func, what, from, to)
		}
	}
	if !h.between {
		if own || what != "it" {
			return
		}
		h.Why = f.Func + " has a pointer to it on its stack"
	}
	a.hold(obj, h)
}

// pausing reports whether frame calls sync.(*Cond).Wait, which unlocks.
func pausing(g *gostate.Goroutine, frame int) bool {
	for i := range g.Frames[:frame] {
		if g.Frames[i].Func == "sync.(*Cond).Wait" {
			return true
		}
	}
	return false
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
