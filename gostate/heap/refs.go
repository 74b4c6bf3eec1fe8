package heap

import (
	"context"
	"encoding/binary"
	"iter"

	"moho/core"
)

// RefOptions say how References works. The zero value is fine.
type RefOptions struct {
	// Progress is called now and then with the bytes looked at so far and those
	// that there are. It may be nil.
	Progress func(done, total int64)
}

// References yields the addresses of words that point into [lo, hi): first
// those in the program's variables, then those on the stacks of goroutines from
// the stack pointer on, then those in objects that are allocated and may hold
// pointers. A word is a reference by its value alone.
//
// It reads as much of the heap as the caller has patience for: stop after the
// first few. It ends early when ctx does.
func (h *Heap) References(ctx context.Context, lo, hi core.Addr, o RefOptions) iter.Seq[core.Addr] {
	return func(yield func(core.Addr) bool) {
		r := refScan{h: h, view: h.p.View(), lo: uint64(lo), hi: uint64(hi), o: o, yield: yield, ctx: ctx}
		for s := range h.Spans() {
			if s.State == InUse && !s.NoScan {
				r.total += int64(s.End - s.Start)
			}
		}
		mod := h.w.Module()
		if mod.Data != 0 {
			if !r.words(core.Addr(mod.Data), core.Addr(mod.EData)) || !r.words(core.Addr(mod.BSS), core.Addr(mod.EBSS)) {
				return
			}
		} else if lo, hi := h.w.Variables(); !r.words(lo, hi) {
			return
		}
		for g := range h.w.Goroutines() {
			from := g.Stack.Lo
			if g.SP >= g.Stack.Lo && g.SP < g.Stack.Hi {
				from = g.SP
			}
			if !r.words(from, g.Stack.Hi) {
				return
			}
		}
		for s := range h.Spans() {
			if s.State == InUse && !s.NoScan && !r.span(&s) {
				return
			}
		}
	}
}

// refScan is one search.
type refScan struct {
	h           *Heap
	view        *core.View
	lo, hi      uint64
	o           RefOptions
	yield       func(core.Addr) bool
	ctx         context.Context
	done, total int64
	within      *Span // whose free slots are passed over
}

// words looks at [lo, hi) and reports whether to go on.
func (r *refScan) words(lo, hi core.Addr) bool {
	const step = 64 << 10
	for a := (lo + 7) &^ 7; a+8 <= hi && a >= lo; {
		if r.ctx.Err() != nil {
			return false
		}
		n := min(uint64(hi-a), step) &^ 7
		b, err := r.view.Slice(a, int(n))
		if err != nil && n > 4096 { // find out how much is there
			n = 4096 - uint64(a)%4096
			b, _ = r.view.Slice(a, int(n))
		}
		for off := 0; off+8 <= len(b); off += 8 {
			if x := binary.LittleEndian.Uint64(b[off:]); x-r.lo < r.hi-r.lo && !r.hit(a+core.Addr(off)) {
				return false
			}
		}
		a += core.Addr(n)
	}
	return true
}

// hit hands on a word, unless it is in a free slot: what is there is stale.
func (r *refScan) hit(at core.Addr) bool {
	if s := r.within; s != nil {
		if o, ok := r.h.ObjectIn(*s, at); !ok || o.State == Free {
			return true
		}
	}
	return r.yield(at)
}

func (r *refScan) span(s *Span) bool {
	r.within = s
	ok := r.words(s.Start, s.Start+core.Addr(uint64(s.Elems)*s.ElemSize))
	r.within = nil
	if r.done += int64(s.End - s.Start); r.o.Progress != nil {
		r.o.Progress(r.done, r.total)
	}
	return ok
}
