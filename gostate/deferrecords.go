package gostate

import (
	"moho/core"
	"moho/gotab"
)

// A deferRecord is a _defer.
type deferRecord struct {
	sp, pc    uint64
	fn        uint64
	panic     uint64 // that runs it, until Go 1.21
	heap      bool
	started   bool // until Go 1.21, after which records of calls that began are gone
	open      bool // until Go 1.21: stands for the open-coded defers of a frame
	rangefunc bool // of a range-over-func loop
}

// poisoned is what the runtime leaves in the head of a list that it has taken
// over, so that nothing more is put there.
//
// Source: $GOROOT/src/runtime/panic.go (badDefer), go1.23 to go1.27.
const poisoned = 1

// readRecords reads the list that the goroutine links to, with the lists of
// range-over-func loops in the places where they will be run.
func (k *deferWalk) readRecords() {
	l := k.w.layout
	head, ok := k.view.word(k.g.Addr + core.Addr(l.GDefer))
	if !ok {
		k.doubt("the core does not hold the goroutine")
		return
	}
	var seen loopGuard
	for p := head; p != 0; {
		r, next, list, ok := k.readRecord(p)
		if !ok || seen.again(p) || len(k.records) >= maxDefers {
			k.doubt("the list of deferred calls cannot be followed beyond %#x", p)
			return
		}
		if list == 0 && !r.rangefunc {
			k.records = append(k.records, r)
		} else {
			k.readLoop(r, list)
		}
		p = next
	}
}

// readLoop reads the calls that bodies of a range-over-func loop deferred. They
// stand for calls of the function with the loop, r's.
func (k *deferWalk) readLoop(r deferRecord, list uint64) {
	p, ok := k.view.word(core.Addr(list))
	if !ok {
		k.doubt("the core does not hold the deferred calls of a loop, at %#x", list)
	}
	var seen loopGuard
	for p != 0 && p != poisoned {
		d, next, _, ok := k.readRecord(p)
		if !ok || seen.again(p) || len(k.records) >= maxDefers {
			k.doubt("the list of a loop's deferred calls cannot be followed beyond %#x", p)
			return
		}
		d.sp, d.pc, d.rangefunc = r.sp, r.pc, true
		k.records = append(k.records, d)
		p = next
	}
}

// readRecord reads a _defer, with the record behind it and, of one that stands
// for a range-over-func loop, where that list begins.
func (k *deferWalk) readRecord(p uint64) (r deferRecord, next, list uint64, ok bool) {
	l := k.w.layout
	b, ok := k.view.slice(core.Addr(p), int(l.DeferSize))
	if !ok {
		return r, 0, 0, false
	}
	field := func(off int32) uint64 {
		if off < 0 {
			return 0
		}
		return le64(b[off:])
	}
	flag := func(off int32) bool { return off >= 0 && b[off] != 0 }
	r = deferRecord{
		sp: field(l.DeferSP), pc: field(l.DeferPC), fn: field(l.DeferFn), panic: field(l.DeferPanic),
		heap: flag(l.DeferHeap), started: flag(l.DeferStarted), open: flag(l.DeferOpen), rangefunc: flag(l.DeferRangeFunc),
	}
	if r.rangefunc {
		list = field(l.DeferHead)
	}
	return r, field(l.DeferLink), list, true
}

// A loopGuard notices when a list of records comes back to where it was.
type loopGuard struct {
	n    int
	mark uint64
}

// again reports whether p was seen before; it is told every element once.
func (g *loopGuard) again(p uint64) bool {
	if g.n > 0 && p == g.mark {
		return true
	}
	if g.n++; g.n&(g.n-1) == 0 {
		g.mark = p
	}
	return false
}

// lost adds the records of frames that should have come before f and did not.
func (k *deferWalk) lost(f callFrame) {
	for len(k.records) > 0 {
		r := k.records[0]
		if r.sp >= uint64(f.SP) || core.Addr(r.sp) < k.g.Stack.Lo {
			return
		}
		k.records = k.records[1:]
		k.pending(r, nil)
	}
}

// linked adds the records of a frame.
func (k *deferWalk) linked(f callFrame) {
	for len(k.records) > 0 && k.records[0].sp == uint64(f.SP) {
		r := k.records[0]
		k.records = k.records[1:]
		k.pending(r, &f)
	}
}

// pending adds the call that a record is about. f is nil if its frame was not met.
func (k *deferWalk) pending(r deferRecord, f *callFrame) {
	if r.open || r.started {
		return // the frame's bits, and the stack, have said it
	}
	d := Defer{Kind: k.kindOf(r), Frame: -1, SP: core.Addr(r.sp)}
	if d.Kind != OfRangeFunc && k.w.arch.BytePC { // elsewhere it may be of a loop unseen
		d.Statement = k.statement(r.pc)
	}
	if f != nil {
		d.Frame, d.In = f.index, f.Func
	} else {
		if s := k.w.lookup(siteKey{r.pc, false}); s.ok {
			d.In = s.name()
		}
		k.doubt("the frame at %#x, which has deferred calls, is not on the stack as it was walked", r.sp)
	}
	if !k.describe(&d, r.fn) {
		k.doubt("%s: the closure of a deferred call, at %#x, is not in the core", d.In, r.fn)
		return
	}
	if d.Statement == 0 {
		d.Statement = wrapperLine(&d)
	}
	k.add(d)
}

// kindOf says how a record was made. One that the runtime has taken over from a
// range-over-func loop looks like any other, but for the call that it was for.
func (k *deferWalk) kindOf(r deferRecord) DeferKind {
	switch {
	case r.rangefunc:
		return OfRangeFunc
	case !r.heap:
		return OnStack
	case k.w.madeBy(r.pc) == OfRangeFunc:
		return OfRangeFunc
	}
	return OnHeap
}

// madeBy says which kind of record it is that goes on at pc once its call has
// returned: behind the call that made it. Those of range-over-func loops go on at
// the end of the function until Go 1.24.
//
// Source: $GOROOT/src/runtime/panic.go (deferrangefunc), go1.23 to go1.27.
func (w *World) madeBy(pc uint64) DeferKind {
	if f, at, ok := w.FuncAt(core.Addr(pc)); ok && f.DeferReturn() != 0 && at == f.Entry()+gotab.PC(f.DeferReturn()) {
		return OfRangeFunc
	}
	return recorders[w.callTarget(pc)]
}
