package decode

// memory reads loads and stores.
func (f *form) memory(w uint32) {
	in := &f.inst
	in.Mem = Mem{Base: gsp(w >> 5), Index: NoReg}
	in.HasMem = true
	switch {
	case w&0x3f000000 == 0x08000000:
		f.exclusive(w)
	case w&0xbf000000 == 0x0c000000 || w&0xbf000000 == 0x0d000000:
		f.structures(w)
	case w&0x3b000000 == 0x18000000:
		f.literal(w)
	case w&0x3a000000 == 0x28000000:
		f.pair(w)
	case w&0x3a000000 == 0x38000000:
		f.single(w)
	case w&0x3f200c00 == 0x19000000: // LDAPUR, STLUR
		in.Mem.Disp = signed(w, 12, 9)
		f.move(gpr(w), 1<<field(w, 30, 2), field(w, 22, 2) != 0, field(w, 30, 2) == 3 && field(w, 22, 2) == 2)
		f.transfer(gpr(w), in.Mem.Disp, w>>30 == 3)
	default: // tags, memory copy: registers are updated
		in.Uses = 1<<gsp(w>>5) | 1<<gsp(w)
		in.Uses.add(gpr(w >> 16))
		in.Defs = in.Uses
		in.Mem.Load, in.Mem.Store = true, true
	}
	in.Uses.add(in.Mem.Base)
	in.Uses.add(in.Mem.Index)
}

// move notes that size bytes go between r and memory.
func (f *form) move(r Reg, size int, load, none bool) {
	in := &f.inst
	in.Mem.Size += uint8(size)
	switch {
	case none: // a prefetch
		in.Mem.Size = 0
	case load:
		in.Mem.Load = true
		in.Defs.add(r)
	default:
		in.Mem.Store = true
		in.Uses.add(r)
	}
}

// transfer appends the effect of moving r, if it is a whole register, from or
// to disp bytes from the base.
func (f *form) transfer(r Reg, disp int64, whole bool) {
	in := &f.inst
	switch {
	case !whole:
	case in.Mem.Store:
		in.effect(Store, in.Mem.Base, r, disp)
	case in.Mem.Load && r != NoReg:
		in.effect(Load, r, in.Mem.Base, disp)
	}
}

// writeBack appends the change of the base.
func (f *form) writeBack(n int64) {
	in := &f.inst
	in.Defs.add(in.Mem.Base)
	in.effect(Copy, in.Mem.Base, in.Mem.Base, n)
}

// Ways to address memory by a base and an immediate.
const (
	postIndex = 1
	offset    = 2
	preIndex  = 3
)

// pair reads LDP, STP, LDNP, STNP, LDPSW, STGP.
func (f *form) pair(w uint32) {
	in := &f.inst
	opc, mode, load := field(w, 30, 2), field(w, 23, 2), w>>22&1 == 1
	a, b := gpr(w), gpr(w>>10)
	size := 4 << (opc >> 1)
	if w>>26&1 == 1 {
		a, b, size = vec(w), vec(w>>10), 4<<opc
	}
	n := signed(w, 15, 7) * int64(size)
	whole := size == 8 && w>>26&1 == 0 && opc == 2
	if opc == 1 && w>>26&1 == 0 && !load { // STGP
		n, size, whole = signed(w, 15, 7)*16, 8, true
	}
	if mode != postIndex {
		in.Mem.Disp = n
	}
	f.move(a, size, load, false)
	f.move(b, size, load, false)
	at := in.Mem.Disp
	if mode == preIndex {
		f.writeBack(n)
		at = 0
	}
	if load && a == in.Mem.Base && mode&1 == 0 { // read it before it changes
		f.transfer(b, at+int64(size), whole)
		f.transfer(a, at, whole)
	} else {
		f.transfer(a, at, whole)
		f.transfer(b, at+int64(size), whole)
	}
	if mode == postIndex {
		f.writeBack(n)
	}
}

// single reads loads and stores of one register, and atomics.
func (f *form) single(w uint32) {
	in := &f.inst
	size, opc, vector := field(w, 30, 2), field(w, 22, 2), w>>26&1 == 1
	r, load, none := gpr(w), opc != 0, !vector && size == 3 && opc == 2
	if vector {
		r, load = vec(w), opc&1 == 1
		size |= opc >> 1 << 2
	}
	whole := size == 3 && !vector && !none
	mode := offset
	switch {
	case w>>24&1 == 1:
		in.Mem.Disp = int64(field(w, 10, 12)) << size
	case w>>21&1 == 0:
		in.Mem.Disp = signed(w, 12, 9)
		if m := field(w, 10, 2); m&1 == 1 {
			mode = int(m)
		}
	case field(w, 10, 2) == 2: // register offset
		in.Mem.Index, in.Mem.Scale, whole = gpr(w>>16), 1, false
		if w>>12&1 == 1 {
			in.Mem.Scale = 1 << size
		}
	case field(w, 10, 2) == 0:
		f.atomic(w)
		return
	default: // LDRAA, LDRAB: what is loaded from is what the base authenticates as
		in.Defs.add(r)
		if w>>11&1 == 1 {
			in.Defs.add(in.Mem.Base)
		}
		in.Uses.add(in.Mem.Base)
		in.Mem.Base, in.Mem.Load, in.Mem.Size = NoReg, true, 8
		return
	}
	n := in.Mem.Disp
	at := n
	if mode == preIndex {
		f.writeBack(n)
		at = 0
	} else if mode == postIndex {
		in.Mem.Disp, at = 0, 0
	}
	f.move(r, 1<<size, load, none)
	f.transfer(r, at, whole)
	if mode == postIndex {
		f.writeBack(n)
	}
}

// atomic reads LDADD and its kin, SWP, LDAPR, and the 64-byte accesses.
func (f *form) atomic(w uint32) {
	in := &f.inst
	in.Mem.Size = 1 << field(w, 30, 2)
	if w>>26&1 == 1 { // LDFADD and its kin
		in.Uses.add(vec(w >> 16))
		in.Defs.add(vec(w))
		in.Mem.Load, in.Mem.Store = true, true
		return
	}
	switch op := field(w, 12, 4); op {
	case 12: // LDAPR
		in.Mem.Load = true
		in.Defs.add(gpr(w))
	case 9, 10, 11, 13: // ST64B, ST64BV, ST64BV0, LD64B
		in.Mem.Size = 64
		in.Mem.Load, in.Mem.Store = op == 13, op != 13
		for i := range uint32(8) {
			if op == 13 {
				in.Defs.add(gpr(w + i))
			} else {
				in.Uses.add(gpr(w + i))
			}
		}
		if op == 10 || op == 11 {
			in.Defs.add(gpr(w >> 16))
		}
	default:
		in.Mem.Load, in.Mem.Store = true, true
		in.Uses.add(gpr(w >> 16))
		in.Defs.add(gpr(w))
	}
}

// exclusive reads exclusive and ordered accesses, and compare and swap.
func (f *form) exclusive(w uint32) {
	in := &f.inst
	size := field(w, 30, 2)
	in.Mem.Size = 1 << size
	rt, rt2, rs := gpr(w), gpr(w>>10), gpr(w>>16)
	load := w>>22&1 == 1
	switch pair := w>>21&1 == 1; {
	case w>>23&1 == 1 && pair: // CAS
		in.Mem.Load, in.Mem.Store = true, true
		in.Uses.add(rs)
		in.Uses.add(rt)
		in.Defs.add(rs)
		return
	case pair && size < 2: // CASP
		in.Mem.Size = 8 << size
		in.Mem.Load, in.Mem.Store = true, true
		for i := range uint32(2) {
			in.Uses.add(gpr(w>>16 + i))
			in.Uses.add(gpr(w + i))
			in.Defs.add(gpr(w>>16 + i))
		}
		return
	case pair:
		in.Mem.Size *= 2
		if load {
			in.Defs.add(rt2)
		} else {
			in.Uses.add(rt2)
		}
	}
	in.Mem.Load, in.Mem.Store = load, !load
	if load {
		in.Defs.add(rt)
	} else {
		in.Uses.add(rt)
		if w>>23&1 == 0 { // whether it succeeded
			in.Defs.add(rs)
		}
	}
	whole := size == 3 && w>>21&1 == 0
	if !load && w>>23&1 == 0 { // it may not be stored
		if whole {
			in.effect(Store, in.Mem.Base, NoReg, 0)
		}
		return
	}
	f.transfer(rt, 0, whole)
}

// literal reads loads relative to the PC.
func (f *form) literal(w uint32) {
	in := &f.inst
	in.Mem.Base, in.Mem.PCRel, f.relMem = NoReg, true, true
	opc := field(w, 30, 2)
	if w>>26&1 == 1 {
		f.move(vec(w), 4<<opc, true, false)
		return
	}
	size := 4
	if opc == 1 {
		size = 8
	}
	f.move(gpr(w), size, true, opc == 3)
}

// structures reads LD1 to LD4 and ST1 to ST4.
func (f *form) structures(w uint32) {
	in := &f.inst
	n, size := 1, 0
	load := w>>22&1 == 1
	if w>>24&1 == 0 {
		n = [16]int{4, 0, 4, 0, 3, 0, 3, 1, 2, 0, 2, 0, 0, 0, 0, 0}[field(w, 12, 4)]
		size = 8 << field(w, 30, 1)
	} else { // one lane, or one value to all lanes
		n = int(field(w, 13, 1)<<1|field(w, 21, 1)) + 1
		size = 1 << field(w, 14, 2)
		if size == 4 && w>>10&1 == 1 {
			size = 8
		} else if size == 8 {
			size = 1 << field(w, 10, 2)
		}
	}
	for i := range uint32(n) {
		f.move(vec(w+i), size, load, false)
		if load && w>>24&1 == 1 && field(w, 14, 2) != 3 { // the other lanes stay
			in.Uses.add(vec(w + i))
		}
	}
	if w>>23&1 == 0 {
		return
	}
	if rm := gpr(w >> 16); rm != NoReg {
		in.Uses.add(rm)
		in.Defs.add(in.Mem.Base)
		in.effect(Add, in.Mem.Base, in.Mem.Base, 0)
		in.Effects[0].Src2 = rm
		return
	}
	f.writeBack(int64(n * size))
}
