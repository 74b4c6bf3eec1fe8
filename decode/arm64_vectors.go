package decode

// vectors notes which registers floating point and vector operations use and
// define. Where many of them accumulate, the destination counts as used.
func (f *form) vectors(w uint32) {
	in := &f.inst
	vd, vn, vm := vec(w), vec(w>>5), vec(w>>16)
	switch {
	case w>>30&1 == 0 && field(w, 24, 5) == 0x1f: // FMADD and its kin
		in.Uses = 1<<vn | 1<<vm | 1<<vec(w>>10)
		in.Defs.add(vd)
	case w>>30&1 == 0 && field(w, 24, 5) == 0x1e:
		f.scalars(w)
	case w&0x9fe08400 == 0x0e000400: // DUP, INS, SMOV, UMOV
		f.lanes(w)
	case w&0x9ff80400 == 0x0f000400 && w>>31 == 0: // MOVI and its kin
		in.Defs.add(vd)
		if field(w, 12, 4)&9 == 1 && field(w, 12, 4) < 12 { // ORR, BIC
			in.Uses.add(vd)
		}
	case w&0xbfe08c00 == 0x0e000000: // TBL, TBX
		in.Uses.add(vm)
		for i := range field(w, 13, 2) + 1 {
			in.Uses.add(vec(w>>5 + i))
		}
		in.Defs.add(vd)
		if w>>12&1 == 1 {
			in.Uses.add(vd)
		}
	default:
		in.Uses = 1<<vn | 1<<vm | 1<<vd
		in.Defs.add(vd)
		if w&0xff000000 == 0xce000000 { // the fourth of EOR3, BCAX
			in.Uses.add(vec(w >> 10))
		}
	}
}

// scalars reads floating point on scalars, and moves to general registers.
func (f *form) scalars(w uint32) {
	in := &f.inst
	vd, vn, vm := vec(w), vec(w>>5), vec(w>>16)
	fixed := w>>21&1 == 0
	switch {
	case fixed || field(w, 10, 6) == 0: // conversions
		switch op := field(w, 16, 3); op {
		case 2, 3:
			in.Uses.add(gpr(w >> 5))
			in.Defs.add(vd)
		case 7:
			in.Uses.add(gpr(w >> 5))
			in.Defs.add(vd)
			if field(w, 19, 2) == 1 { // the upper half
				in.Uses.add(vd)
			}
		default:
			in.Uses.add(vn)
			in.Defs.add(gpr(w))
		}
	case field(w, 10, 5) == 0x10: // one source
		in.Uses.add(vn)
		in.Defs.add(vd)
	case field(w, 10, 4) == 8: // FCMP
		in.Uses.add(vn)
		if w>>3&1 == 0 {
			in.Uses.add(vm)
		}
	case field(w, 10, 3) == 4: // FMOV of a constant
		in.Defs.add(vd)
	case field(w, 10, 2) == 1: // FCCMP
		in.Uses = 1<<vn | 1<<vm
	default: // two sources, FCSEL
		in.Uses = 1<<vn | 1<<vm
		in.Defs.add(vd)
	}
}

// lanes reads moves between lanes and general registers.
func (f *form) lanes(w uint32) {
	in := &f.inst
	if w>>29&1 == 1 { // INS from a lane
		in.Uses = 1<<vec(w) | 1<<vec(w>>5)
		in.Defs.add(vec(w))
		return
	}
	switch field(w, 11, 4) {
	case 1: // DUP
		in.Uses.add(gpr(w >> 5))
		in.Defs.add(vec(w))
	case 3: // INS
		in.Uses.add(gpr(w >> 5))
		in.Uses.add(vec(w))
		in.Defs.add(vec(w))
	case 5, 7: // SMOV, UMOV
		in.Uses.add(vec(w >> 5))
		in.Defs.add(gpr(w))
	default:
		in.Uses.add(vec(w >> 5))
		in.Defs.add(vec(w))
	}
}
