package waits

import (
	"cmp"
	"slices"

	"moho/decode"
	"moho/gotab"
)

// findEvents lists the calls of f that lock or unlock.
func (c *code) findEvents(f gotab.Func) []event {
	var list []event
	add := func(pc gotab.PC, op lockOp) {
		fr := c.w.Table().Frames(nil, f, pc)
		if op == noLockOp || len(fr) == 0 {
			return
		}
		list = append(list, event{fr[len(fr)-1].Line, op})
	}
	if tree, err := f.InlineTree(); err == nil {
		for _, call := range tree {
			add(f.Entry()+gotab.PC(call.ParentPC), lockFuncs[call.Func])
		}
	}
	entry := uint64(f.Entry()) + c.w.Bias()
	if _, b, ok := c.body(entry); ok {
		for off := 0; off < len(b); {
			var in decode.Inst
			err := c.dec.Decode(b[off:], entry+uint64(off), &in)
			if err == nil && in.Flow == decode.Call {
				add(f.Entry()+gotab.PC(off), c.callee(in.Target))
			}
			off += max(in.Len, 1)
		}
	}
	slices.SortFunc(list, func(a, b event) int { return cmp.Or(cmp.Compare(a.line, b.line), cmp.Compare(a.op, b.op)) })
	return slices.Compact(list)
}

// between reports whether line is after a call that locks and before one that
// unlocks, in the order of lines: where a function is that holds a lock. The
// lines are those of the two.
func between(events []event, line int) (from, to int, ok bool) {
	var last event
	for _, e := range events {
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

// released reports whether the last call before line that has to do with locks
// unlocks.
func released(events []event, line int) bool {
	var last event
	for _, e := range events {
		if e.line <= line {
			last = e
		}
	}
	return last.op.releases()
}
