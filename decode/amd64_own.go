package decode

import (
	"encoding/binary"

	"golang.org/x/arch/x86/x86asm"
)

// Operations that x86asm does not know, numbered after its own.
const (
	opOwn x86asm.Op = 2048 + iota
	opADCX
	opADOX
	opENDBR32
	opENDBR64
	opRDSSPD
	opRDSSPQ
	opLast
)

var ownNames = map[x86asm.Op]string{
	opADCX: "ADCX", opADOX: "ADOX", opENDBR32: "ENDBR32", opENDBR64: "ENDBR64",
	opRDSSPD: "RDSSPD", opRDSSPQ: "RDSSPQ",
}

// ownAMD64 decodes what x86asm does not know.
func ownAMD64(code []byte, s shape) (x x86asm.Inst, ok bool) {
	if s.vex != 0 || s.opMap == 0 || s.modrm == 0 {
		return x, false
	}
	m := code[s.modrm]
	x = x86asm.Inst{Mode: 64, Len: int(s.n), AddrSize: 64, DataSize: 32}
	wide := s.rex&8 != 0
	if wide {
		x.DataSize = 64
	}
	switch c := code[s.op]; {
	case s.opMap == 1 && c == 0x1e && s.rep == 0xf3 && m == 0xfa:
		x.Op = opENDBR64
	case s.opMap == 1 && c == 0x1e && s.rep == 0xf3 && m == 0xfb:
		x.Op = opENDBR32
	case s.opMap == 1 && c == 0x1e && s.rep == 0xf3 && m>>6 == 3 && m>>3&7 == 1:
		x.Op = opRDSSPD
		if wide {
			x.Op = opRDSSPQ
		}
		x.Args[0] = operand(code, s, wide)
	case s.opMap == 2 && c == 0xf6 && (s.rep == 0xf3 || s.rep == 0 && s.data16):
		x.Op = opADCX
		if s.rep != 0 {
			x.Op = opADOX
		}
		x.Args[0], x.Args[1] = general(m>>3&7|s.rex<<1&8, wide), operand(code, s, wide)
	default:
		return x, false
	}
	if _, ok := x.Args[1].(x86asm.Mem); ok {
		x.MemBytes = x.DataSize / 8
	}
	return x, true
}

// general returns general register n of 32 or 64 bits.
func general(n uint8, wide bool) x86asm.Reg {
	if wide {
		return x86asm.RAX + x86asm.Reg(n)
	}
	return x86asm.EAX + x86asm.Reg(n)
}

// operand returns the operand that ModRM describes.
func operand(code []byte, s shape, wide bool) x86asm.Arg {
	i := int(s.modrm)
	m := code[i]
	i++
	mod, rm := m>>6, m&7
	if mod == 3 {
		return general(rm|s.rex<<3&8, wide)
	}
	a := x86asm.Mem{Base: general(rm|s.rex<<3&8, !s.addr32)}
	if s.seg == 0x64 {
		a.Segment = x86asm.FS
	} else if s.seg == 0x65 {
		a.Segment = x86asm.GS
	}
	disp32 := mod == 2
	if rm == 4 {
		sib := code[i]
		i++
		a.Scale = 1 << (sib >> 6)
		if n := sib>>3&7 | s.rex<<2&8; n != 4 {
			a.Index = general(n, !s.addr32)
		}
		a.Base = general(sib&7|s.rex<<3&8, !s.addr32)
		if mod == 0 && sib&7 == 5 {
			a.Base, disp32 = 0, true
		}
	} else if mod == 0 && rm == 5 {
		a.Base, disp32 = x86asm.RIP, true
	}
	if disp32 {
		a.Disp = int64(int32(binary.LittleEndian.Uint32(code[i:])))
	} else if mod == 1 {
		a.Disp = int64(int8(code[i]))
	}
	return a
}
