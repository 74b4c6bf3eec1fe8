package decode

import "strconv"

// fastARM64 appends the text of the instructions that most code is made of, as
// arm64asm would write it, a thirtieth of the time. It reports false, having
// appended nothing, for all others and for encodings that are none.
func (t *template) fastARM64(w uint32) bool {
	n := len(t.b)
	ok := false
	switch {
	case w&0x1f800000 == 0x11000000:
		ok = t.fastAddImm(w)
	case w&0x1f200000 == 0x0b000000:
		ok = t.fastAdd(w)
	case w&0x1f000000 == 0x0a000000:
		ok = t.fastLogic(w)
	case w&0x1f800000 == 0x12000000:
		ok = t.fastLogicImm(w)
	case w&0x1f800000 == 0x12800000:
		ok = t.fastMove(w)
	case w&0x1f800000 == 0x13000000:
		ok = t.fastField(w)
	case w&0x1f800000 == 0x1a800000:
		ok = t.fastSelect(w)
	case w&0x7fe00000 == 0x1b000000:
		ok = t.fastMultiply(w)
	case w&0x3a000000 == 0x28000000:
		ok = t.fastPair(w)
	case w&0x3a000000 == 0x38000000:
		if k := lse(w); k != notLSE {
			t.goLSE(w, k)
			ok = true
		} else {
			ok = t.fastMem(w)
		}
	case field(w, 26, 3) == 5:
		ok = t.fastBranch(w)
	case w&0x1f000000 == 0x10000000:
		ok = t.fastAddress(w)
	case w&0x3f000000 == 0x08000000:
		if k := lse(w); k != notLSE {
			t.goLSE(w, k)
			ok = true
		}
	}
	if !ok {
		t.b, t.kind = t.b[:n], noHole
	}
	return ok
}

// wSuffix appends W to the name of an operation on 32 bits, and a space.
func (t *template) wSuffix(w uint32) {
	if w>>31 == 0 {
		t.b = append(t.b, 'W')
	}
	t.b = append(t.b, ' ')
}

// imm appends a constant, and regs registers, all after the first with a comma.
func (t *template) imm(n int64) { t.b = strconv.AppendInt(append(t.b, '$'), n, 10) }

func (t *template) regs(list ...uint32) {
	for _, r := range list {
		t.str(", ")
		t.goGPR(r)
	}
}

// rsp appends the name of a register that may be SP.
func (t *template) rsp(n uint32) {
	if n&31 == 31 {
		t.str("RSP")
		return
	}
	t.gpr(n)
}

func (t *template) fastAddImm(w uint32) bool {
	n, rd, rn := field(w, 10, 12), field(w, 0, 5), field(w, 5, 5)
	op := field(w, 29, 2) // ADD, ADDS, SUB, SUBS
	if op == 0 && n == 0 && w>>22&1 == 0 && (rd == 31 || rn == 31) {
		t.str([]string{"MOVW ", "MOVD "}[w>>31])
		t.rsp(rn)
		t.str(", ")
		t.rsp(rd)
		return true
	}
	compare := op&1 == 1 && rd == 31
	if compare {
		t.str([]string{"", "CMN", "", "CMP"}[op])
	} else {
		t.str([]string{"ADD", "ADDS", "SUB", "SUBS"}[op])
	}
	t.wSuffix(w)
	if w>>22&1 == 1 {
		t.str("$(")
		t.b = strconv.AppendUint(t.b, uint64(n), 10)
		t.str("<<12)")
	} else {
		t.imm(int64(n))
	}
	t.str(", ")
	t.rsp(rn)
	switch {
	case compare:
	case op&1 == 1:
		t.regs(rd)
	default:
		t.str(", ")
		t.rsp(rd)
	}
	return true
}

// shifted appends the second operand, shifted, unless its amount is too large.
func (t *template) shifted(w uint32) bool {
	t.goGPR(w >> 16)
	kind, n := field(w, 22, 2), field(w, 10, 6)
	if w>>31 == 0 && n > 31 {
		return false
	}
	if kind != 0 || n != 0 {
		t.str([]string{"<<", ">>", "->", "@>"}[kind])
		t.b = strconv.AppendUint(t.b, uint64(n), 10)
	}
	return true
}

func (t *template) fastAdd(w uint32) bool {
	rd, rn := field(w, 0, 5), field(w, 5, 5)
	op := field(w, 29, 2)
	compare, negate := op&1 == 1 && rd == 31, op >= 2 && rn == 31
	switch {
	case field(w, 22, 2) == 3:
		return false
	case compare:
		t.str([]string{"", "CMN", "", "CMP"}[op])
		negate = false
	case negate:
		t.str([]string{"", "", "NEG", "NEGS"}[op])
	default:
		t.str([]string{"ADD", "ADDS", "SUB", "SUBS"}[op])
	}
	t.wSuffix(w)
	if !t.shifted(w) {
		return false
	}
	if !negate {
		t.regs(rn)
	}
	if !compare {
		t.regs(rd)
	}
	return true
}

func (t *template) fastLogic(w uint32) bool {
	rd, rn := field(w, 0, 5), field(w, 5, 5)
	op := field(w, 29, 2)<<1 | w>>21&1
	test, one := op == 6 && rd == 31, rn == 31 && op == 3
	switch {
	case op == 2 && rn == 31 && w&0x00c0fc00 == 0:
		t.str([]string{"MOVWU ", "MOVD "}[w>>31])
		t.goGPR(w >> 16)
		t.regs(rd)
		return true
	case test:
		t.str("TST")
	case one:
		t.str("MVN")
	default:
		t.str([]string{"AND", "BIC", "ORR", "ORN", "EOR", "EON", "ANDS", "BICS"}[op])
	}
	t.wSuffix(w)
	if !t.shifted(w) {
		return false
	}
	if !one {
		t.regs(rn)
	}
	if !test {
		t.regs(rd)
	}
	return true
}

func (t *template) fastLogicImm(w uint32) bool {
	n, ok := bitmask(w)
	op := field(w, 29, 2)
	if !ok || op == 1 && field(w, 5, 5) == 31 {
		return false
	}
	test := op == 3 && field(w, 0, 5) == 31
	t.str([]string{"AND", "ORR", "EOR", "ANDS"}[op])
	if test {
		t.b = append(t.b[:len(t.b)-4], "TST"...)
	}
	t.wSuffix(w)
	t.imm(int64(n))
	t.regs(w >> 5)
	switch {
	case test:
	case op == 3:
		t.regs(w)
	default:
		t.str(", ")
		t.rsp(w)
	}
	return true
}

func (t *template) fastMove(w uint32) bool {
	op, hw, n := field(w, 29, 2), field(w, 21, 2), uint64(field(w, 5, 16))
	if op == 1 || w>>31 == 0 && (hw > 1 || op == 0) {
		return false
	}
	switch {
	case op == 3:
		t.str("MOVK")
		t.wSuffix(w)
		if hw == 0 {
			t.imm(int64(n))
		} else {
			t.str("$(")
			t.b = strconv.AppendUint(t.b, n, 10)
			t.str("<<")
			t.b = strconv.AppendUint(t.b, uint64(hw*16), 10)
			t.b = append(t.b, ')')
		}
	case n == 0 && hw != 0:
		return false
	default:
		t.str([]string{"MOVW ", "MOVD "}[w>>31])
		n <<= hw * 16
		if op == 0 {
			n = ^n
		}
		t.imm(int64(n))
	}
	t.regs(w)
	return true
}

func (t *template) fastField(w uint32) bool {
	size := uint32(32)
	if w>>31 == 1 {
		size = 64
	}
	op, r, s := field(w, 29, 2), field(w, 16, 6), field(w, 10, 6)
	if w>>22&1 != w>>31 || r >= size || s >= size || op == 1 || op == 3 || r == 0 && (s == 7 || s == 15 || s == 31) {
		return false
	}
	name, shift := "", r
	lsb, width := r, s-r+1
	switch {
	case s == size-1:
		name = []string{"ASR", "", "LSR"}[op]
	case op == 2 && s+1 == r:
		name, shift = "LSL", size-1-s
	case s < r:
		lsb, width = size-r, s+1
		t.str([]string{"SBFIZ", "", "UBFIZ"}[op])
	default:
		t.str([]string{"SBFX", "", "UBFX"}[op])
	}
	if name != "" {
		t.str(name)
	}
	t.wSuffix(w)
	if name != "" {
		t.imm(int64(shift))
		t.regs(w>>5, w)
		return true
	}
	t.imm(int64(lsb))
	t.regs(w >> 5)
	t.str(", ")
	t.imm(int64(width))
	t.regs(w)
	return true
}

// goConditions are the names of conditions where they are operands.
var goConditions = [...]string{"EQ", "NE", "HS", "LO", "MI", "PL", "VS", "VC", "HI", "LS", "GE", "LT", "GT", "LE"}

func (t *template) fastSelect(w uint32) bool {
	cond := field(w, 12, 4)
	if cond > 13 {
		return false
	}
	switch {
	case w&0x7fe00c00 == 0x1a800000:
		t.str("CSEL")
		t.wSuffix(w)
		t.str(goConditions[cond])
		t.regs(w>>5, w>>16, w)
	case w&0x7fff0fe0 == 0x1a9f07e0:
		t.str("CSET")
		t.wSuffix(w)
		t.str(goConditions[cond^1])
		t.regs(w)
	default:
		return false
	}
	return true
}

func (t *template) fastMultiply(w uint32) bool {
	sub, ra := w>>15&1, field(w, 10, 5)
	if ra == 31 {
		t.str([]string{"MUL", "MNEG"}[sub])
		t.wSuffix(w)
		t.goGPR(w >> 16)
	} else {
		t.str([]string{"MADD", "MSUB"}[sub])
		t.wSuffix(w)
		t.goGPR(w >> 16)
		t.regs(ra)
	}
	t.regs(w>>5, w)
	return true
}

// fastAddress appends ADR and ADRP.
func (t *template) fastAddress(w uint32) bool {
	if w>>31 == 0 {
		t.str("ADR ")
		t.hole(holeData)
	} else {
		t.str("ADRP ")
		t.hole(holePage)
	}
	t.regs(w)
	return true
}
