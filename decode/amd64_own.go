package decode

import (
	"encoding/binary"

	"golang.org/x/arch/x86/x86asm"
)

// opOwn is the number of the first operation that x86asm does not know; they
// are numbered after its own, in the order of ownAMD64Ops.
const (
	opOwn  x86asm.Op = 2048
	opLast           = opOwn + x86asm.Op(len(ownAMD64Ops))
)

// ownOp is an operation that x86asm does not know.
type ownOp struct {
	opMap, opcode, prefix uint8 // prefix is 0, 0x66, 0xf2 or 0xf3
	modrm                 int16 // all of ModRM; or -1-n: opcode extension n, in memory; or -9-n: n, on a register; or any
	args                  string
	name, wide            string // with REX.W, if it has another name then
}

// any allows every ModRM.
const any = -100

// Letters of args: r the register of ModRM, m its operand, of 32 bits or, with
// REX.W, 64.
var ownAMD64Ops = [...]ownOp{
	{1, 0x1e, 0xf3, 0xfa, "", "ENDBR64", ""},
	{1, 0x1e, 0xf3, 0xfb, "", "ENDBR32", ""},
	{1, 0x1e, 0xf3, -9 - 1, "m", "RDSSPD", "RDSSPQ"},
	{1, 0xae, 0xf3, -9 - 5, "m", "INCSSPD", "INCSSPQ"},
	{1, 0x01, 0xf3, 0xe8, "", "SETSSBSY", ""},
	{1, 0x01, 0xf3, 0xea, "", "SAVEPREVSSP", ""},
	{1, 0x01, 0xf3, -1 - 5, "m", "RSTORSSP", ""},
	{1, 0xae, 0xf3, -1 - 6, "m", "CLRSSBSY", ""},
	{1, 0x01, 0, 0xee, "", "RDPKRU", ""},
	{1, 0x01, 0, 0xef, "", "WRPKRU", ""},
	{1, 0x01, 0, 0xca, "", "CLAC", ""},
	{1, 0x01, 0, 0xcb, "", "STAC", ""},
	{1, 0x01, 0, 0xd4, "", "VMFUNC", ""},
	{1, 0x01, 0, 0xfc, "", "CLZERO", ""},
	{1, 0xc7, 0, -9 - 7, "m", "RDSEED", ""},
	{1, 0xc7, 0xf3, -9 - 7, "m", "RDPID", ""},
	{1, 0xae, 0x66, -1 - 6, "m", "CLWB", ""},
	{1, 0xae, 0x66, -1 - 7, "m", "CLFLUSHOPT", ""},
	{1, 0xae, 0x66, -9 - 6, "m", "TPAUSE", ""},
	{1, 0xae, 0xf2, -9 - 6, "m", "UMWAIT", ""},
	{1, 0xae, 0xf3, -9 - 6, "m", "UMONITOR", ""},
	{1, 0x1c, 0, -1 - 0, "m", "CLDEMOTE", ""},
	{1, 0x09, 0xf3, any, "", "WBNOINVD", ""},
	{2, 0xf6, 0x66, any, "rm", "ADCX", ""},
	{2, 0xf6, 0xf3, any, "rm", "ADOX", ""},
	{2, 0xf6, 0, any, "mr", "WRSSD", "WRSSQ"},
	{2, 0xf9, 0, any, "mr", "MOVDIRI", ""},
	{1, 0x78, 0, any, "mr", "VMREAD", ""},
	{1, 0x79, 0, any, "rm", "VMWRITE", ""},
}

// ownName returns the name of x, which is one of ownAMD64Ops.
func ownName(x *x86asm.Inst) string {
	o := &ownAMD64Ops[x.Op-opOwn]
	if x.DataSize == 64 && o.wide != "" {
		return o.wide
	}
	return o.name
}

// matches reports whether the ModRM byte m, or its absence, is the operation's.
func (o *ownOp) matches(m uint8) bool {
	switch n := o.modrm; {
	case n == any:
		return true
	case n >= 0:
		return m == uint8(n)
	case n > -9:
		return m>>6 != 3 && m>>3&7 == uint8(-1-n)
	default:
		return m>>6 == 3 && m>>3&7 == uint8(-9-n)
	}
}

// ownAMD64 decodes what x86asm does not know.
func ownAMD64(code []byte, s shape) (x x86asm.Inst, ok bool) {
	if s.vex != 0 || s.opMap == 0 || s.opMap > 2 {
		return x, false
	}
	prefix := s.rep
	if prefix == 0 && s.data16 {
		prefix = 0x66
	}
	m := uint8(0)
	if s.modrm != 0 {
		m = code[s.modrm]
	}
	for i := range ownAMD64Ops {
		o := &ownAMD64Ops[i]
		if o.opcode != code[s.op] || o.opMap != s.opMap || o.prefix != prefix || !o.matches(m) {
			continue
		}
		x = x86asm.Inst{Op: opOwn + x86asm.Op(i), Mode: 64, Len: int(s.n), AddrSize: 64, DataSize: 32}
		wide := s.rex&8 != 0
		if wide {
			x.DataSize = 64
		}
		for j, c := range o.args {
			x.Args[j] = general(m>>3&7|s.rex<<1&8, wide)
			if c == 'm' {
				x.Args[j] = operand(code, s, wide)
			}
			if _, ok := x.Args[j].(x86asm.Mem); ok {
				x.MemBytes = x.DataSize / 8
			}
		}
		return x, true
	}
	return x, false
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

// aliased rewrites encodings that mean the same as others, which x86asm knows:
// it looks only for the documented ones, and takes bits of VEX that the
// processor ignores for a difference.
func aliased(b []byte, s shape) bool {
	c := b[s.op]
	switch {
	case s.vex == 0 && s.opMap == 0 && c|1 == 0xf7 && b[s.modrm]>>3&7 == 1: // TEST
		b[s.modrm] &^= 8
	case s.vex == 0 && s.opMap == 0 && (c|1 == 0xc1 || c|3 == 0xd3) && b[s.modrm]>>3&7 == 6: // SHL
		b[s.modrm] &^= 0x10
	case s.vex == 0xc5 && s.vecLen == 1: // scalars have no length
		b[s.op-1] &^= 4
	case s.vex == 0xc4 && b[s.op-1]&0x80 != 0: // W
		b[s.op-1] &^= 0x80
	case s.vex == 0xc4 && s.vecLen == 1:
		b[s.op-1] &^= 4
	default:
		return false
	}
	return true
}
