package decode

import "strconv"

// base appends a displacement, if there is one, and the base register.
func (t *template) base(w uint32, disp int64) {
	if disp != 0 {
		t.b = strconv.AppendInt(t.b, disp, 10)
	}
	t.b = append(t.b, '(')
	t.rsp(w >> 5)
	t.b = append(t.b, ')')
}

// indexSuffix appends how the base changes.
func (t *template) indexSuffix(mode uint32) {
	switch mode {
	case preIndex:
		t.str(".W")
	case postIndex:
		t.str(".P")
	}
	t.b = append(t.b, ' ')
}

func (t *template) fastPair(w uint32) bool {
	opc, mode, load, vector := field(w, 30, 2), field(w, 23, 2), w>>22&1 == 1, w>>26&1 == 1
	if mode == 0 || opc == 3 || !vector && opc == 1 {
		return false
	}
	size := int64(4) << (opc >> 1)
	if vector {
		size = 4 << opc
		t.b = append(t.b, 'F')
	}
	if load {
		t.str("LDP")
	} else {
		t.str("STP")
	}
	switch {
	case vector:
		t.b = append(t.b, "SDQ"[opc])
	case opc == 0:
		t.b = append(t.b, 'W')
	}
	t.indexSuffix(mode)
	if load {
		t.base(w, signed(w, 15, 7)*size)
		t.str(", ")
	}
	t.b = append(t.b, '(')
	if vector {
		t.num('F', int(field(w, 0, 5)))
		t.str(", ")
		t.num('F', int(field(w, 10, 5)))
	} else {
		t.goGPR(w)
		t.regs(w >> 10)
	}
	t.b = append(t.b, ')')
	if !load {
		t.str(", ")
		t.base(w, signed(w, 15, 7)*size)
	}
	return true
}

// goMoves are the names of loads and stores by size and opc.
var goMoves = [4][4]string{
	{"MOVB", "MOVBU", "MOVB", "MOVBW"},
	{"MOVH", "MOVHU", "MOVH", "MOVHW"},
	{"MOVW", "MOVWU", "MOVW", ""},
	{"MOVD", "MOVD", "", ""},
}

// fastMem appends loads and stores of one register.
func (t *template) fastMem(w uint32) bool {
	size, opc, vector := field(w, 30, 2), field(w, 22, 2), w>>26&1 == 1
	load := opc != 0
	if vector {
		size |= opc >> 1 << 2
		if size > 4 {
			return false
		}
		load = opc&1 == 1
		t.str("FMOV")
		t.b = append(t.b, "BHSDQ"[size])
	} else {
		name := goMoves[size][opc]
		if name == "" {
			return false
		}
		t.str(name)
	}
	mode, disp, index := uint32(offset), int64(0), false
	switch {
	case w>>24&1 == 1:
		disp = int64(field(w, 10, 12)) << size
	case w>>21&1 == 0:
		disp = signed(w, 12, 9)
		switch m := field(w, 10, 2); m {
		case 2: // unprivileged
			return false
		case 1, 3:
			mode = m
		}
	case field(w, 10, 2) == 2 && w>>14&1 == 1:
		index = true
	default:
		return false
	}
	t.indexSuffix(mode)
	if !load {
		t.fastReg(w, vector)
		t.str(", ")
	}
	t.base(w, disp)
	if index {
		t.index(w, size)
	}
	if load {
		t.str(", ")
		t.fastReg(w, vector)
	}
	return true
}

func (t *template) fastReg(w uint32, vector bool) {
	if vector {
		t.num('F', int(w&31))
		return
	}
	t.goGPR(w)
}

// index appends the index register, extended and scaled.
func (t *template) index(w, size uint32) {
	t.b = append(t.b, '(')
	t.goGPR(w >> 16)
	switch field(w, 13, 3) {
	case 2:
		t.str(".UXTW")
	case 6:
		t.str(".SXTW")
	case 7:
		t.str(".SXTX")
	}
	if w>>12&1 == 1 && (size != 0 || field(w, 13, 3) == 3) {
		t.str("<<")
		t.b = append(t.b, byte('0'+size))
	}
	t.b = append(t.b, ')')
}

// fastBranch appends direct branches, and those to a register.
func (t *template) fastBranch(w uint32) bool {
	switch {
	case w>>26 == 0x05:
		t.str("JMP ")
		t.hole(holeTarget)
	case w>>26 == 0x25:
		t.str("CALL ")
		t.hole(holeTarget)
	case w&0xff000010 == 0x54000000 && w&15 < 14:
		t.str("B")
		t.str([...]string{"EQ", "NE", "CS", "CC", "MI", "PL", "VS", "VC", "HI", "LS", "GE", "LT", "GT", "LE"}[w&15])
		t.b = append(t.b, ' ')
		t.hole(holeTarget)
	case w&0x7e000000 == 0x34000000:
		t.str([]string{"CBZ", "CBNZ"}[w>>24&1])
		t.wSuffix(w)
		t.goGPR(w)
		t.str(", ")
		t.hole(holeTarget)
	case w&0x7e000000 == 0x36000000:
		t.str([]string{"TBZ ", "TBNZ "}[w>>24&1])
		t.imm(int64(w>>31<<5 | field(w, 19, 5)))
		t.regs(w)
		t.str(", ")
		t.hole(holeTarget)
	case w == 0xd65f03c0:
		t.str("RET")
	default:
		return false
	}
	return true
}
