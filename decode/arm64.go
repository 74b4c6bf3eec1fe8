package decode

// What arm64 instructions do, read from their bits: the encoding is regular
// enough that this is shorter than going through operands, and arm64asm keeps
// those to itself.
//
// Source: Arm Architecture Reference Manual for A-profile, DDI 0487, chapter C4.

// Registers of arm64 beyond R0 to R30.
const (
	RSP Reg = 31
	LR  Reg = 30
	V0  Reg = 32
)

// gpr returns general register n, where 31 is the zero register.
func gpr(n uint32) Reg {
	if n &= 31; n != 31 {
		return Reg(n)
	}
	return NoReg
}

// gsp returns general register n, where 31 is the stack pointer.
func gsp(n uint32) Reg { return Reg(n & 31) }

// vec returns vector register n.
func vec(n uint32) Reg { return V0 + Reg(n&31) }

// field returns n bits of w from bit i.
func field(w uint32, i, n int) uint32 { return w >> i & (1<<n - 1) }

// signed returns n bits of w from bit i as a signed number.
func signed(w uint32, i, n int) int64 { return int64(int32(w<<(32-i-n)) >> (32 - n)) }

// A relKind says how a word holds an address relative to the PC.
type relKind uint8

const (
	notRel relKind = iota
	rel26          // B, BL
	rel19          // B.cond, CBZ, literal loads
	rel14          // TBZ
	relADR
	relADRP
)

func (k relKind) address(w uint32, pc uint64) uint64 {
	switch k {
	case rel26:
		return pc + uint64(signed(w, 0, 26)*4)
	case rel19:
		return pc + uint64(signed(w, 5, 19)*4)
	case rel14:
		return pc + uint64(signed(w, 5, 14)*4)
	case relADR:
		return pc + uint64(signed(w, 5, 19)*4|int64(field(w, 29, 2)))
	case relADRP:
		return pc&^4095 + uint64((signed(w, 5, 19)*4|int64(field(w, 29, 2)))<<12)
	}
	return 0
}

// mask returns the bits of a word that are no part of such an address.
func (k relKind) mask() uint32 {
	switch k {
	case rel26:
		return 0xfc000000
	case rel19:
		return 0xff00001f
	case rel14:
		return 0xfff8001f
	case relADR, relADRP:
		return 0x9f00001f
	}
	return 0xffffffff
}

// relKindOf returns how w holds an address relative to the PC.
func relKindOf(w uint32) relKind {
	switch {
	case w&0x7c000000 == 0x14000000: // B, BL
		return rel26
	case w&0x7e000000 == 0x36000000: // TBZ, TBNZ
		return rel14
	case w&0x7e000000 == 0x34000000, // CBZ, CBNZ
		w&0xff000000 == 0x54000000, // B.cond, BC.cond
		w&0x3b000000 == 0x18000000: // literal loads
		return rel19
	case w&0x9f000000 == 0x10000000:
		return relADR
	case w&0x9f000000 == 0x90000000:
		return relADRP
	}
	return notRel
}

// arm64 fills f from the word w.
func (f *form) arm64(w uint32) {
	in := &f.inst
	in.Len = 4
	f.relKind = relKindOf(w)
	switch op := field(w, 25, 4); {
	case w>>16 == 0: // UDF
		in.Flow = Trap
	case op>>1 == 4:
		f.immediates(w)
	case op>>1 == 5:
		f.branches(w)
	case op&5 == 4:
		f.memory(w)
	case op&7 == 5:
		f.registers(w)
	case op&7 == 7:
		f.vectors(w)
	}
	if in.Flow == Call || in.Flow == CallIndirect {
		in.Defs = 0
	}
}

// immediates reads data processing with an immediate.
func (f *form) immediates(w uint32) {
	in := &f.inst
	wide := w>>31 == 1
	rd, rn := gpr(w), gpr(w>>5)
	switch field(w, 23, 3) {
	case 0, 1: // ADR, ADRP
		in.Defs.add(rd)
		if rd != NoReg {
			f.relEffect = true
			in.effect(Set, rd, NoReg, 0)
		}
	case 2: // ADD, SUB
		f.addImm(w)
	case 3: // ADDG, SUBG
		in.Uses.add(gsp(w >> 5))
		in.Defs.add(gsp(w))
	case 4: // AND, ORR, EOR, ANDS
		if field(w, 29, 2) != 3 {
			rd = gsp(w)
		}
		in.Uses.add(rn)
		in.Defs.add(rd)
		n, ok := bitmask(w)
		if !ok || rd == NoReg {
			return
		}
		switch op := field(w, 29, 2); {
		case op == 1 && rn == NoReg:
			in.effect(Set, rd, NoReg, int64(n))
		case op&1 == 0 && op != 2 && wide && rn != NoReg:
			in.effect(And, rd, rn, int64(n))
		}
	case 5: // MOVN, MOVZ, MOVK
		in.Defs.add(rd)
		if rd == NoReg {
			return
		}
		shift := field(w, 21, 2) * 16
		n := uint64(field(w, 5, 16)) << shift
		all := ^uint64(0)
		if !wide {
			all >>= 32
		}
		switch field(w, 29, 2) {
		case 0:
			in.effect(Set, rd, NoReg, int64(^n&all))
		case 2:
			in.effect(Set, rd, NoReg, int64(n))
		case 3:
			in.Uses.add(rd)
			in.effect(And, rd, rd, int64(all&^(0xffff<<shift)))
			in.effect(Copy, rd, rd, int64(n))
		}
	case 6: // SBFM, BFM, UBFM
		in.Uses.add(rn)
		in.Defs.add(rd)
		if field(w, 29, 2) == 1 {
			in.Uses.add(rd)
		}
	case 7: // EXTR
		in.Uses.add(rn)
		in.Uses.add(gpr(w >> 16))
		in.Defs.add(rd)
	}
}

func (f *form) addImm(w uint32) {
	in := &f.inst
	rd, rn := gsp(w), gsp(w>>5)
	if w>>29&1 == 1 { // ADDS, SUBS, CMP
		rd = gpr(w)
	}
	in.Uses.add(rn)
	in.Defs.add(rd)
	if w>>31 == 0 || rd == NoReg {
		return
	}
	n := int64(field(w, 10, 12))
	if w>>22&1 == 1 {
		n <<= 12
	}
	if w>>30&1 == 1 {
		n = -n
	}
	in.effect(Copy, rd, rn, n)
}

// bitmask expands the immediate of a logical instruction.
//
// Source: DDI 0487, DecodeBitMasks.
func bitmask(w uint32) (uint64, bool) {
	n, immr, imms := field(w, 22, 1), field(w, 16, 6), field(w, 10, 6)
	v := n<<6 | ^imms&63
	size := 0
	for i := 6; i >= 1; i-- {
		if v>>i&1 == 1 {
			size = 1 << i
			break
		}
	}
	if size == 0 || w>>31 == 0 && n == 1 {
		return 0, false
	}
	levels := uint32(size - 1)
	s, r := imms&levels, immr&levels
	if s == levels {
		return 0, false
	}
	elem := uint64(1)<<(s+1) - 1
	ones := ^uint64(0) >> (64 - size)
	if r != 0 {
		elem = (elem>>r | elem<<(uint32(size)-r)) & ones
	}
	for ; size < 64; size *= 2 {
		elem |= elem << size
	}
	if w>>31 == 0 {
		elem &= 1<<32 - 1
	}
	return elem, true
}

// branches reads branches, exceptions and system instructions.
func (f *form) branches(w uint32) {
	in := &f.inst
	switch {
	case f.relKind != notRel:
		f.relTarget = true
		switch {
		case w&0xfc000000 == 0x94000000:
			in.Flow = Call
		case w&0xfc000000 == 0x14000000:
			in.Flow = Jump
		default:
			in.Flow = Branch
			if w>>24 != 0x54 {
				in.Uses.add(gpr(w))
			}
		}
	case w>>24 == 0xd4:
		switch op := w >> 21 & 7; {
		case op == 1 || op == 2: // BRK, HLT
			in.Flow = Trap
		case op == 0 && w&3 == 1: // SVC, as Linux and most others have it
			in.Uses, in.Defs = 0x3f|1<<8, 1
		}
	case w>>22 == 0xd5000000>>22:
		f.system(w)
	case w>>25 == 0xd6000000>>25:
		in.Uses.add(gpr(w >> 5))
		if w>>11&1 == 1 { // with authentication
			in.Uses.add(gsp(w))
		}
		switch field(w, 21, 4) {
		case 0, 8:
			in.Flow = JumpIndirect
		case 1, 9:
			in.Flow = CallIndirect
		case 2:
			in.Flow = Return
			if w>>11&1 == 1 {
				in.Uses = 1<<LR | 1<<RSP
			}
		case 4, 5: // ERET, DRPS
			in.Flow, in.Uses = Return, 0
		}
	}
}

func (f *form) system(w uint32) {
	in := &f.inst
	if w&0xfffff01f == 0xd503201f { // HINT: pointer authentication hides here
		switch n := field(w, 5, 7); {
		case n == 7 || n >= 24 && n < 32:
			in.Uses, in.Defs = 1<<LR|1<<RSP, 1<<LR
		case n == 8 || n == 10 || n == 12 || n == 14:
			in.Uses, in.Defs = 1<<16|1<<17, 1<<17
		}
		return
	}
	if w>>21&1 == 1 {
		in.Defs.add(gpr(w))
	} else {
		in.Uses.add(gpr(w))
	}
}

// registers reads data processing between registers.
func (f *form) registers(w uint32) {
	in := &f.inst
	rd, rn, rm := gpr(w), gpr(w>>5), gpr(w>>16)
	wide := w>>31 == 1
	switch {
	case field(w, 24, 5) == 0x0a: // logical, shifted
		in.Uses.add(rn)
		in.Uses.add(rm)
		in.Defs.add(rd)
		if w&0x7fe0ffe0 == 0x2a0003e0 && rd != NoReg { // MOV
			if rm == NoReg {
				in.effect(Set, rd, NoReg, 0)
			} else if wide {
				in.effect(Copy, rd, rm, 0)
			}
		}
	case field(w, 24, 5) == 0x0b: // ADD, SUB
		noShift := field(w, 10, 6) == 0
		if w>>21&1 == 1 { // extended
			rn = gsp(w >> 5)
			if w>>29&1 == 0 {
				rd = gsp(w)
			}
			noShift = field(w, 13, 2) == 3 && field(w, 10, 3) == 0
		}
		in.Uses.add(rn)
		in.Uses.add(rm)
		in.Defs.add(rd)
		if !wide || !noShift || rd == NoReg || rn == NoReg {
			return
		}
		op := Add
		if w>>30&1 == 1 {
			op = Sub
		}
		if rm == NoReg {
			in.effect(Copy, rd, rn, 0)
			return
		}
		in.effect(op, rd, rn, 0)
		in.Effects[0].Src2 = rm
	case field(w, 24, 5) == 0x1b: // MADD and its kin
		in.Uses.add(rn)
		in.Uses.add(rm)
		in.Uses.add(gpr(w >> 10))
		in.Defs.add(rd)
	default:
		f.conditional(w)
	}
}

// conditional reads what else works between registers: with carry, conditions,
// one source or two.
func (f *form) conditional(w uint32) {
	in := &f.inst
	rd, rn, rm := gpr(w), gpr(w>>5), gpr(w>>16)
	in.Uses.add(rn)
	switch field(w, 21, 3) {
	case 0:
		if field(w, 10, 6) == 0 { // ADC, SBC
			in.Uses.add(rm)
			in.Defs.add(rd)
		} // else RMIF, SETF8, SETF16
	case 2:
		if w>>11&1 == 0 { // CCMP, CCMN with a register
			in.Uses.add(rm)
		}
	case 4: // CSEL and its kin
		in.Uses.add(rm)
		in.Defs.add(rd)
	case 6:
		in.Defs.add(rd)
		if w>>30&1 == 0 {
			in.Uses.add(rm)
		} else if field(w, 16, 5) == 1 { // pointer authentication
			in.Uses.add(rd)
			in.Uses.add(gsp(w >> 5))
		}
	}
}
