package asmflow

import "maps"

// Kinds of values.
const (
	unknown  Kind = iota // nothing is known
	Original             // what the register Of held on entry to the function
	Pointer              // the address Off of the frame
	Written              // something else, put there by instruction By
)

// A Kind says what is known of a value.
type Kind uint8

// A Value is what a register or a slot of the stack holds.
type Value struct {
	Off  int64 // of Pointer, relative to FP
	By   int32 // of Written
	Kind Kind
	Of   uint8 // of Original
	Zero bool  // of Written: it is 0
}

// maxRegs is above the number of registers that are followed on any
// architecture.
const maxRegs = 40

// A State is what is known before an instruction.
//
// SP is relative to FP and means something when Known. Results has a bit for
// every result that some way here has written, and Escaped is set when the
// address of the frame went where it can no longer be followed: any result may
// be written then.
type State struct {
	SP      int64
	Known   bool
	Escaped bool
	DF      int32 // 1 + the STD that set the direction flag, or 0
	MMX     int32 // 1 + the instruction that used an MMX register, or 0
	Results uint64
	regs    [maxRegs]Value
	slots   map[int64]Value
}

// set notes what a register holds; number 0 is for those that are not followed.
func (s *State) set(reg uint8, v Value) {
	if reg != 0 {
		s.regs[reg] = v
	}
}

func (s *State) clone() *State {
	c := *s
	c.slots = maps.Clone(s.slots)
	return &c
}

// join keeps of s what holds in t as well. conflict is set when both know SP
// and disagree.
func (s *State) join(t *State) (changed, conflict bool) {
	if s.Known && (!t.Known || s.SP != t.SP) {
		conflict = t.Known
		s.Known, changed = false, true
	}
	if t.Escaped && !s.Escaped {
		s.Escaped, changed = true, true
	}
	if t.DF != 0 && s.DF == 0 {
		s.DF, changed = t.DF, true
	}
	if t.MMX != 0 && s.MMX == 0 {
		s.MMX, changed = t.MMX, true
	}
	if s.Results|t.Results != s.Results {
		s.Results |= t.Results
		changed = true
	}
	for i := range s.regs {
		if v := meet(s.regs[i], t.regs[i]); v != s.regs[i] {
			// An address that moves in a loop goes on being one.
			if s.regs[i].Kind == Pointer || t.regs[i].Kind == Pointer {
				s.Escaped = true
			}
			s.regs[i], changed = v, true
		}
	}
	for at, v := range s.slots {
		if t.slots[at] != v {
			delete(s.slots, at)
			changed = true
		}
	}
	return changed, conflict
}

// meet is what holds when a value is v or w. Written wins: there is a way on
// which it is so.
func meet(v, w Value) Value {
	switch {
	case v == w:
		return v
	case v.Kind == Written && w.Kind == Written:
		return Value{Kind: Written, By: min(v.By, w.By), Zero: v.Zero && w.Zero}
	case v.Kind == Written:
		return v
	case w.Kind == Written:
		return w
	}
	return Value{}
}

// store records a value in a slot of 8 bytes, and forgets what it overlaps.
func (s *State) store(at, width int64, v Value) {
	if width == 0 {
		width = 64 // a vector
	}
	for off := range s.slots {
		if off < at+width && at < off+8 {
			delete(s.slots, off)
		}
	}
	if width == 8 && v.Kind != unknown && len(s.slots) < MaxSlots {
		if s.slots == nil {
			s.slots = map[int64]Value{}
		}
		s.slots[at] = v
	}
}
