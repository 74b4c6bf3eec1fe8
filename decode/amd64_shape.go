package decode

// Where the parts of an amd64 instruction lie, without saying which one it is.
// It takes a tenth of the time of a full decoding, and what it says is enough
// to recognise an instruction that was seen before at another address.
//
// Source: Intel 64 and IA-32 Architectures Software Developer's Manual, volume
// 2, appendix A (opcode maps) and sections 2.1 to 2.7.

// maxAMD64 is the longest an amd64 instruction may be: the processor refuses
// anything longer (Intel SDM, volume 2, section 2.3.11).
const maxAMD64 = 15

// A shape is the layout of one amd64 instruction.
type shape struct {
	n      uint8 // length in bytes
	op     uint8 // offset of the opcode byte
	opMap  uint8 // 0 one byte, 1 0F, 2 0F38, 3 0F3A; 5, 6, 7 as EVEX has them
	vex    uint8 // 0, 0xc4, 0xc5 or 0x62
	modrm  uint8 // offset of ModRM; 0 if there is none
	rel    uint8 // offset of a displacement from the PC; 0 if there is none
	relLen uint8 // its size: 1, 2 or 4
	branch bool  // rel is a branch's, not an operand in memory
	rex    uint8 // REX; for VEX and EVEX, as it would be: 0x40|WRXB
	data16 bool  // 66 among the prefixes
	addr32 bool  // 67 among the prefixes
	rep    uint8 // the last of F2 and F3; for VEX and EVEX what pp stands for, 66 too
	lock   bool
	vecLen uint8 // VEX and EVEX: 0 for 128 bits, 1 for 256, 2 for 512
	seg    uint8 // the last of 64 and 65
}

const (
	opModRM  = 1 << iota // ModRM follows
	opImm8               // one byte of immediate
	opImm16              // two
	opImmZ               // four, with 66 two
	opRel8               // branch
	opRel32              // branch
	opPrefix             // a prefix, or no instruction in 64-bit mode
)

// oneByte and twoByte say what follows each opcode of the first two maps.
var oneByte, twoByte = opcodeTables()

func opcodeTables() (one, two [256]uint8) {
	fill := func(t *[256]uint8, from, to int, v uint8) {
		for i := from; i <= to; i++ {
			t[i] = v
		}
	}
	for i := 0; i < 0x40; i += 8 { // ADD, OR, ADC, SBB, AND, SUB, XOR, CMP
		fill(&one, i, i+3, opModRM)
		one[i+4], one[i+5] = opImm8, opImmZ
		fill(&one, i+6, i+7, opPrefix)
	}
	one[0x0f] = 0 // escape
	fill(&one, 0x40, 0x4f, opPrefix)
	fill(&one, 0x60, 0x62, opPrefix)
	one[0x63] = opModRM
	fill(&one, 0x64, 0x67, opPrefix)
	one[0x68], one[0x69], one[0x6a], one[0x6b] = opImmZ, opModRM|opImmZ, opImm8, opModRM|opImm8
	fill(&one, 0x70, 0x7f, opRel8)
	one[0x80], one[0x81], one[0x82], one[0x83] = opModRM|opImm8, opModRM|opImmZ, opPrefix, opModRM|opImm8
	fill(&one, 0x84, 0x8f, opModRM)
	one[0x9a] = opPrefix
	one[0xa8], one[0xa9] = opImm8, opImmZ
	fill(&one, 0xb0, 0xb7, opImm8)
	fill(&one, 0xb8, 0xbf, opImmZ)
	fill(&one, 0xc0, 0xc1, opModRM|opImm8)
	one[0xc2], one[0xca] = opImm16, opImm16
	fill(&one, 0xc4, 0xc5, opPrefix)
	one[0xc6], one[0xc7] = opModRM|opImm8, opModRM|opImmZ
	one[0xc8], one[0xcd] = opImm16|opImm8, opImm8
	one[0xce] = opPrefix
	fill(&one, 0xd0, 0xd3, opModRM)
	fill(&one, 0xd4, 0xd6, opPrefix)
	fill(&one, 0xd8, 0xdf, opModRM)
	fill(&one, 0xe0, 0xe3, opRel8)
	fill(&one, 0xe4, 0xe7, opImm8)
	one[0xe8], one[0xe9], one[0xea], one[0xeb] = opRel32, opRel32, opPrefix, opRel8
	one[0xf0], one[0xf2], one[0xf3] = opPrefix, opPrefix, opPrefix
	one[0xf6], one[0xf7], one[0xfe], one[0xff] = opModRM, opModRM, opModRM, opModRM

	fill(&two, 0x00, 0xff, opModRM)
	for _, c := range []byte{
		0x04, 0x05, 0x06, 0x07, 0x08, 0x09, 0x0a, 0x0b, 0x0c, 0x0e, 0x30, 0x31, 0x32, 0x33, 0x34,
		0x35, 0x36, 0x37, 0x38, 0x39, 0x3a, 0x3b, 0x3c, 0x3d, 0x3e, 0x3f, 0x77, 0xa0, 0xa1, 0xa2, 0xa8, 0xa9, 0xaa,
		0xc8, 0xc9, 0xca, 0xcb, 0xcc, 0xcd, 0xce, 0xcf,
	} {
		two[c] = 0
	}
	fill(&two, 0x80, 0x8f, opRel32)
	for _, c := range []byte{0x0f, 0x70, 0x71, 0x72, 0x73, 0xa4, 0xac, 0xba, 0xc2, 0xc4, 0xc5, 0xc6} {
		two[c] |= opImm8
	}
	return one, two
}

// shapeOf returns the shape of the instruction at the start of code, or false
// if code ends before it does, or begins with nothing that could be one.
func shapeOf(code []byte) (s shape, ok bool) {
	ok = s.read(code)
	return s, ok
}

// read fills s, which is zero.
func (s *shape) read(code []byte) bool {
	if len(code) > maxAMD64 {
		code = code[:maxAMD64]
	}
	i := 0
	if len(code) > 1 && code[0]&0xf0 == 0x40 { // mostly it is REX and an opcode
		s.rex, i = code[0], 1
	}
	for ; ; i++ {
		if i >= len(code) {
			return false
		}
		c := code[i]
		what := oneByte[c]
		if what&opPrefix == 0 {
			s.op = uint8(i)
			if c == 0x0f {
				return s.escaped(code, i+1)
			}
			return s.rest(code, i+1, c, what)
		}
		if c&0xf0 == 0x40 {
			s.rex = c
			continue
		}
		s.rex = 0
		switch c {
		case 0x26, 0x2e, 0x36, 0x3e:
		case 0x64, 0x65:
			s.seg = c
		case 0x66:
			s.data16 = true
		case 0x67:
			s.addr32 = true
		case 0xf0:
			s.lock = true
		case 0xf2, 0xf3:
			s.rep = c
		case 0x62, 0xc4, 0xc5:
			return s.vexed(code, i)
		default:
			return false
		}
	}
}

// escaped reads what follows 0F at i.
func (s *shape) escaped(code []byte, i int) bool {
	if i >= len(code) {
		return false
	}
	c := code[i]
	s.op, s.opMap = uint8(i), 1
	if c&0xfd != 0x38 {
		return s.rest(code, i+1, c, twoByte[c])
	}
	i++
	if i >= len(code) {
		return false
	}
	s.op, s.opMap = uint8(i), 2
	what := uint8(opModRM)
	if c == 0x3a {
		s.opMap, what = 3, opModRM|opImm8
	}
	return s.rest(code, i+1, code[i], what)
}

// vexed reads what follows a VEX or EVEX prefix at i.
func (s *shape) vexed(code []byte, i int) bool {
	s.vex = code[i]
	size := vexSize(s.vex)
	if i+size >= len(code) {
		return false
	}
	b := code[i+1]
	s.rex = 0x40 | ^b>>5&4 // R
	s.opMap = 1
	last := b // the byte that ends in pp
	if s.vex != 0xc5 {
		s.rex = 0x40 | ^b>>5&7 // R, X, B
		s.opMap = b & 0x1f
		last = code[i+2]
		s.rex |= last >> 7 << 3 // W
		if s.vex == 0x62 {
			s.opMap = b & 7
		}
	}
	s.rep = [...]uint8{0, 0x66, 0xf3, 0xf2}[last&3]
	s.vecLen = last >> 2 & 1
	if s.vex == 0x62 {
		s.vecLen = code[i+3] >> 5 & 3
	}
	i += size
	s.op = uint8(i)
	c := code[i]
	var what uint8 = opModRM
	switch s.opMap {
	case 1:
		what = twoByte[c]&^opRel32 | opModRM
		if c == 0x77 && s.vex != 0x62 {
			what = 0
		}
	case 3:
		what = opModRM | opImm8
	case 2, 5, 6:
	default:
		return false
	}
	return s.rest(code, i+1, c, what)
}

// vexSize returns the size of a VEX or EVEX prefix.
func vexSize(prefix uint8) int {
	switch prefix {
	case 0xc5:
		return 2
	case 0xc4:
		return 3
	}
	return 4
}

// What follows a ModRM byte: the size of the displacement, and whether there is
// a SIB byte or the displacement is from the PC.
const (
	dispSize = 7
	hasSIB   = 1 << 3
	fromPC   = 1 << 4
)

var afterModRM = func() (t [256]uint8) {
	for m := range t {
		mod, rm := m>>6, m&7
		if mod == 3 {
			continue
		}
		t[m] = [3]uint8{0, 1, 4}[mod]
		if rm == 4 {
			t[m] |= hasSIB
		} else if mod == 0 && rm == 5 {
			t[m] |= fromPC | 4
		}
	}
	return t
}()

// rest reads ModRM, displacement and immediate at i, after opcode c.
func (s *shape) rest(code []byte, i int, c, what uint8) bool {
	if what&opModRM != 0 {
		if i >= len(code) {
			return false
		}
		s.modrm = uint8(i)
		m := code[i]
		i++
		if after := afterModRM[m]; after != 0 {
			disp := int(after & dispSize)
			if after&hasSIB != 0 {
				if i >= len(code) {
					return false
				}
				if m>>6 == 0 && code[i]&7 == 5 {
					disp = 4
				}
				i++
			} else if after&fromPC != 0 {
				s.rel, s.relLen = uint8(i), 4
			}
			i += disp
		}
		if s.opMap == 0 && c&0xfe == 0xf6 && m>>3&7 < 2 { // TEST
			what |= opImm8
			if c == 0xf7 {
				what ^= opImm8 | opImmZ
			}
		}
		if s.opMap == 0 && c == 0xc7 && m == 0xf8 { // XBEGIN
			what = opModRM | opRel32
		}
	}
	if what&^opModRM != 0 || c&0xfc == 0xa0 {
		i += s.immediate(i, c, what)
	}
	if i > len(code) {
		return false
	}
	s.n = uint8(i)
	return true
}

// immediate returns the size of what follows at i, and notes a branch's
// displacement there.
func (s *shape) immediate(i int, c, what uint8) int {
	size, wide := 0, s.rex&8 != 0
	if what&opImm8 != 0 {
		size++
	}
	if what&opImm16 != 0 {
		size += 2
	}
	if what&opImmZ != 0 {
		switch {
		case s.opMap == 0 && wide && c >= 0xb8 && c <= 0xbf:
			size += 8
		case s.data16 && !wide:
			size += 2
		default:
			size += 4
		}
	}
	if s.opMap == 0 && s.vex == 0 && c&0xfc == 0xa0 { // MOV of an absolute address
		size = 8
		if s.addr32 {
			size = 4
		}
	}
	if what&(opRel8|opRel32) != 0 {
		s.branch, s.rel, s.relLen = true, uint8(i), 1
		if what&opRel32 != 0 {
			s.relLen = 4
			if s.data16 && !wide {
				s.relLen = 2
			}
		}
		size += int(s.relLen)
	}
	return size
}
