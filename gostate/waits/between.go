package waits

import (
	"cmp"
	"slices"

	"moho/core"
	"moho/gostate"
	"moho/gotab"
)

// An event is a place in a function that locks or unlocks something: the lock
// at addr, if that is a variable of the program and the code says so, else 0.
type event struct {
	line int
	op   lockOp
	addr uint64
}

// eventsOf returns where a function locks and unlocks, calls that were inlined
// included, in the order of lines.
func (c *code) eventsOf(f gotab.Func) []event {
	key := uint64(f.Entry())
	if e, ok := c.events[key]; ok {
		return e
	}
	e := c.findEvents(f)
	if len(c.events) < maxRemembered {
		c.events[key] = e
	}
	return e
}

func (c *code) findEvents(f gotab.Func) []event {
	var list []event
	add := func(pc gotab.PC, op lockOp, addr uint64) {
		fr := c.w.Table().Frames(nil, f, pc)
		if op != noLockOp && len(fr) > 0 {
			list = append(list, event{fr[len(fr)-1].Line, op, addr})
		}
	}
	if tree, err := f.InlineTree(); err == nil {
		for _, call := range tree {
			add(f.Entry()+gotab.PC(call.ParentPC), lockFuncs[call.Func], 0)
		}
	}
	c.walk(uint64(f.Entry())+c.w.Bias(), func(pc uint64, op lockOp, arg operand) {
		addr := uint64(0)
		if arg.from == fromNumber {
			addr = uint64(arg.add)
		}
		add(gotab.PC(pc-c.w.Bias()), op, addr)
	})
	// The call that is inlined and the one that it makes are one event; the
	// latter may know the address.
	slices.SortFunc(list, func(a, b event) int {
		return cmp.Or(cmp.Compare(a.line, b.line), cmp.Compare(a.op, b.op), cmp.Compare(b.addr, a.addr))
	})
	return slices.CompactFunc(list, func(a, b event) bool {
		return a.line == b.line && a.op == b.op && (a.addr == b.addr || b.addr == 0)
	})
}

// between reports whether line is after a call that locks and before one that
// unlocks, in the order of lines: where a function is that holds a lock. The
// lines are those of the two. Calls about other variables than addr do not count;
// addr 0 is any lock.
func between(events []event, addr uint64, line int) (from, to int, ok bool) {
	var last event
	for _, e := range events {
		if addr != 0 && e.addr != 0 && e.addr != addr {
			continue
		}
		if e.line <= line {
			last = e
			continue
		}
		if last.op != noLockOp && !last.op.releases() && e.op.releases() {
			return last.line, e.line, true
		}
	}
	return 0, 0, false
}

// released reports whether the last call before line that has to do with locks,
// or with the one at addr, unlocks.
func released(events []event, addr uint64, line int) bool {
	var last event
	for _, e := range events {
		if e.line <= line && (e.addr == 0 || e.addr == addr) {
			last = e
		}
	}
	return last.op.releases()
}

// live reports whether the word at slot, in frame i of g, holds a pointer that
// the function still needs, by its pointer maps. Where they say nothing it may:
// in variables whose address is taken, and at places that are no calls.
func (c *code) live(g *gostate.Goroutine, i int, slot uint64) bool {
	f := &g.Frames[i]
	fn, at, ok := c.w.FuncAt(f.PC)
	if !ok {
		return true
	}
	if at > fn.Entry() {
		at-- // into the call
	}
	index, named := fn.StackMapIndex(at)
	if !named || f.Fault || i == 0 {
		return true
	}
	off := int64(slot - c.entrySP(f))
	if maps, err := fn.LocalsMaps(); err == nil {
		if bit := (off - maps.Offset(0)) / 8; bit >= 0 && bit < int64(maps.Bits) && maps.Live(index, int(bit)) {
			return true
		}
	}
	if _, objects, err := fn.StackObjects(); err == nil {
		for o := range objects {
			if o.Off <= off && off < o.Off+o.Size {
				return true
			}
		}
	}
	// What the function called has of its arguments lies in the caller's frame.
	for i--; i >= 0; i-- {
		callee := &g.Frames[i]
		if callee.Inlined {
			continue
		}
		fn, at, ok := c.w.FuncAt(callee.PC)
		if !ok || callee.CFA != f.SP {
			return true
		}
		if at > fn.Entry() {
			at--
		}
		index, _ := fn.StackMapIndex(at)
		maps, err := fn.ArgsMaps()
		if err != nil {
			return true
		}
		bit := (int64(slot-c.entrySP(callee)) - maps.Offset(0)) / 8
		return bit >= 0 && maps.Live(index, int(bit))
	}
	return false
}

// entrySP returns the stack pointer at the entry of the function of a frame.
func (c *code) entrySP(f *gostate.Frame) uint64 {
	if c.w.Process().Arch().HasLR {
		return uint64(f.CFA)
	}
	return uint64(f.CFA - core.Addr(8))
}
