package asm

import "moho/decode"

// A Tracker follows constants through registers along straight code: on arm64
// the address of a variable takes two instructions to make. What control may
// bring from elsewhere is forgotten at every jump.
type Tracker struct {
	known decode.RegSet
	val   [64]uint64
}

// Step follows in and returns the address that it makes or uses, if it comes
// out of an instruction before it.
func (t *Tracker) Step(in *decode.Inst) (addr uint64, ok bool) {
	if in.HasMem && (in.Mem.Load || in.Mem.Store) && in.Mem.Index == decode.NoReg && t.known.Has(in.Mem.Base) {
		addr, ok = t.val[in.Mem.Base]+uint64(in.Mem.Disp), true
	}
	for _, e := range in.Effects[:in.NEffect] {
		if e.Op == decode.Store || e.Dst >= 64 {
			continue
		}
		switch {
		case e.Op == decode.Set:
			t.known |= 1 << e.Dst
			t.val[e.Dst] = uint64(e.N)
			continue
		case e.Op == decode.Copy && t.known.Has(e.Src):
			t.known |= 1 << e.Dst
			t.val[e.Dst] = t.val[e.Src] + uint64(e.N)
			if e.N != 0 {
				addr, ok = t.val[e.Dst], true
			}
			continue
		}
		t.known &^= 1 << e.Dst
	}
	defs := in.Defs
	for _, e := range in.Effects[:in.NEffect] {
		if e.Op == decode.Set || e.Op == decode.Copy {
			defs &^= 1 << (e.Dst & 63) // settled above
		}
	}
	t.known &^= defs
	if in.Flow != decode.Next {
		t.known = 0
	}
	const lowest = 1 << 12 // nothing is mapped below: a small number is no address
	return addr, ok && addr >= lowest
}
