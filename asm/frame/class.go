package frame

import (
	"strings"

	"moho/decode"
	"moho/gotab"
)

// A Class is a set of what an instruction is part of.
type Class uint8

const (
	Prologue  Class = 1 << iota // checks the stack or makes the frame
	Epilogue                    // unmakes the frame and leaves
	Morestack                   // calls runtime.morestack and starts over
	Calls                       // calls
	Unsafe                      // no goroutine is preempted here by a signal
	Restart                     // preempted here, the goroutine goes back to the start of the run
	Defer                       // runs deferred functions after a recovered panic, and returns
)

const letters = "PEMCURD"

// String returns a letter for each member: P, E, M, C, U, R, D.
func (c Class) String() string {
	var s strings.Builder
	for i := range letters {
		if c>>i&1 != 0 {
			s.WriteByte(letters[i])
		}
	}
	return s.String()
}

// MarshalText gives JSON the letters of String.
func (c Class) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// A Range is a run of instructions of one class: offsets from the function's
// entry.
type Range struct {
	Start uint64 `json:"start"`
	End   uint64 `json:"end"`
	Class Class  `json:"class"`
}

// classify returns the class of every instruction of b in a slice that the next
// call overwrites.
func (l *Layouts) classify(b *body) []Class {
	cl := l.class[:0]
	for range b.insts {
		cl = append(cl, 0)
	}
	l.class = cl
	more := l.morestack(b, cl)
	b.prologue(cl, more)
	for i := range b.insts {
		switch f := b.insts[i].Flow; {
		case f == decode.Return, f == decode.Jump && b.delta[i] == 0 && !b.inside(b.insts[i].Target):
			b.epilogue(cl, i)
		case (f == decode.Call || f == decode.CallIndirect) && cl[i]&Morestack == 0:
			cl[i] |= Calls
		}
	}
	b.deferPath(cl)
	b.unsafePoints(cl)
	return cl
}

// morestack marks the block that calls runtime.morestack and returns the index
// of its first instruction, -1 if there is none. The block begins where the
// check branches to, spills the arguments that came in registers, calls, and
// jumps back.
func (l *Layouts) morestack(b *body, cl []Class) int {
	call := -1
	for i := len(b.insts) - 1; i >= 0 && call < 0; i-- {
		if in := &b.insts[i]; in.Flow == decode.Call && l.isMorestack(in.Target) {
			call = i
		}
	}
	if call < 0 {
		return -1
	}
	// The highest target of a branch at or before the call: nothing branches
	// into the middle of the block.
	start := -1
	for i := range b.insts[:call] {
		if in := &b.insts[i]; in.Flow == decode.Branch && in.Target <= b.insts[call].PC {
			if t := b.at(in.Target); t > i && t > start && t <= call {
				start = t
			}
		}
		if b.insts[i].Flow == decode.Call || b.insts[i].Flow == decode.Return {
			break
		}
	}
	if start < 0 {
		return -1
	}
	end := call
	for end+1 < len(b.insts) && b.insts[end].Flow != decode.Jump {
		end++
	}
	for i := start; i <= end; i++ {
		cl[i] |= Morestack
	}
	return start
}

// afterCheck returns the index of the instruction after the stack check: after
// the last branch to the block at index more, 0 if there is none.
func (b *body) afterCheck(more int) int {
	next := 0
	if more >= 0 {
		for i := range b.insts[:more] {
			if in := &b.insts[i]; in.Flow == decode.Branch && in.Target == b.insts[more].PC {
				next = i + 1
			}
		}
	}
	return next
}

// prologue marks the check and what makes the frame after it.
func (b *body) prologue(cl []Class, more int) {
	end, _ := b.open(b.afterCheck(more))
	for i := range end {
		cl[i] |= Prologue
	}
}

// epilogue marks the instruction at ret, which leaves the function, and those
// before it that unmake the frame.
func (b *body) epilogue(cl []Class, ret int) {
	cl[ret] |= Epilogue
	first := ret
	for i := ret - 1; i >= 0 && b.insts[i].Flow == decode.Next; i-- {
		switch {
		case cl[i]&Prologue != 0:
			i = 0
		case b.delta[i] > b.delta[i+1], b.restores(&b.insts[i]):
			first = i
		case b.onlySets(&b.insts[i], b.roles.scratch2): // the size of a large frame, arm64
		default:
			i = 0
		}
	}
	for i := first; i < ret; i++ {
		cl[i] |= Epilogue
	}
}

// restores reports whether in gives the frame pointer or the link register the
// value that they had at the entry, or the frame pointer one that SP gives.
func (b *body) restores(in *decode.Inst) bool {
	for _, e := range in.Effects[:in.NEffect] {
		switch {
		case e.Op == decode.Load && (e.Dst == b.roles.fp || e.Dst == b.roles.lr && e.Dst != decode.NoReg) && e.Src == b.roles.sp:
			return true
		case e.Op == decode.Copy && e.Dst == b.roles.fp && e.Src == b.roles.sp:
			return true
		}
	}
	return false
}

// onlySets reports whether in does nothing but give a register a value that
// does not come from memory.
func (b *body) onlySets(in *decode.Inst, r decode.Reg) bool {
	return in.Flow == decode.Next && r != decode.NoReg && in.Defs == 1<<r && !in.HasMem
}

// deferPath marks what runs when a deferred function has recovered: from the
// call of runtime.deferreturn to the return after it.
func (b *body) deferPath(cl []Class) {
	off := b.fn.DeferReturn()
	if off == 0 {
		return
	}
	i := b.at(b.entry + uint64(off))
	if i < 0 {
		return
	}
	for ; i < len(b.insts); i++ {
		cl[i] |= Defer
		if b.insts[i].Flow == decode.Return || b.insts[i].Flow == decode.Jump {
			return
		}
	}
}

// unsafePoints marks what PCDATA_UnsafePoint says.
func (b *body) unsafePoints(cl []Class) {
	rows, err := b.fn.PCDataRows(gotab.PCDataUnsafePoint)
	if err != nil {
		return
	}
	i := 0
	for _, row := range rows {
		for ; i < len(b.insts) && b.off(i) < uint64(row.End); i++ {
			switch {
			case row.Value == gotab.UnsafePointUnsafe:
				cl[i] |= Unsafe
			case row.Value < gotab.UnsafePointUnsafe:
				cl[i] |= Restart
			}
		}
	}
}

// ranges joins equal neighbours and leaves out what has no class.
func (b *body) ranges(cl []Class) []Range {
	out := []Range{}
	for i, c := range cl {
		n := len(out)
		switch {
		case c == 0:
		case n > 0 && out[n-1].End == b.off(i) && out[n-1].Class == c && c&Calls == 0:
			out[n-1].End = b.end(i)
		default:
			out = append(out, Range{Start: b.off(i), End: b.end(i), Class: c})
		}
	}
	return out
}
