package decode

import (
	"golang.org/x/arch/x86/x86asm"
)

// Registers of amd64.
const (
	AX Reg = iota
	CX
	DX
	BX
	SP
	BP
	SI
	DI
	R8
	R9
	R10
	R11
	R12
	R13
	R14
	R15

	X0 Reg = 32
)

var amd64Names = []string{
	"AX", "CX", "DX", "BX", "SP", "BP", "SI", "DI", "R8", "R9", "R10", "R11", "R12", "R13", "R14", "R15",
	"", "", "", "", "", "", "", "", "", "", "", "", "", "", "", "",
	"X0", "X1", "X2", "X3", "X4", "X5", "X6", "X7", "X8", "X9", "X10", "X11", "X12", "X13", "X14", "X15",
	"X16", "X17", "X18", "X19", "X20", "X21", "X22", "X23", "X24", "X25", "X26", "X27", "X28", "X29", "X30", "X31",
}

// regAMD64 returns the register that r is or is a part of.
func regAMD64(r x86asm.Reg) Reg {
	switch {
	case r == 0:
		return NoReg
	case r >= x86asm.AH && r <= x86asm.BH:
		return Reg(r - x86asm.AH)
	case r >= x86asm.AL && r < x86asm.AH:
		return Reg(r - x86asm.AL)
	case r >= x86asm.SPB && r <= x86asm.R15B:
		return Reg(r-x86asm.SPB) + 4
	case r >= x86asm.AX && r <= x86asm.R15W:
		return Reg(r - x86asm.AX)
	case r >= x86asm.EAX && r <= x86asm.R15L:
		return Reg(r - x86asm.EAX)
	case r >= x86asm.RAX && r <= x86asm.R15:
		return Reg(r - x86asm.RAX)
	case r >= x86asm.X0 && r <= x86asm.X31:
		return X0 + Reg(r-x86asm.X0)
	case r >= x86asm.Y0 && r <= x86asm.Y31:
		return X0 + Reg(r-x86asm.Y0)
	case r >= x86asm.Z0 && r <= x86asm.Z31:
		return X0 + Reg(r-x86asm.Z0)
	}
	return NoReg // flags, segments, x87, masks: not told apart
}

// is64 reports whether r is a whole general register.
func is64(r x86asm.Reg) bool { return r >= x86asm.RAX && r <= x86asm.R15 }

func (s *RegSet) add(r Reg) {
	if r < 64 {
		*s |= 1 << r
	}
}

// readAMD64 decodes the instruction at the start of code, whose shape is s.
func readAMD64(code []byte, s shape) (x86asm.Inst, bool) {
	if x, ok := ownAMD64(code, s); ok {
		return x, true
	}
	x, err := x86asm.Decode(code[:s.n], 64)
	if err != nil || x.Op == 0 {
		var b [maxAMD64]byte
		copy(b[:], code[:s.n])
		for err != nil || x.Op == 0 {
			if !aliased(b[:s.n], s) {
				return x86asm.Inst{}, false
			}
			if x, err = x86asm.Decode(b[:s.n], 64); err == nil && x.Op != 0 {
				break
			}
			if s, _ = shapeOf(b[:s.n]); s.n == 0 {
				return x86asm.Inst{}, false
			}
		}
	}
	if s.vex != 0 {
		x.Len = int(s.n) // VZEROUPPER and VZEROALL are given a ModRM they don't have
		if s.rel != 0 {
			for i, a := range x.Args { // an address from the PC looks like an absolute one
				if m, ok := a.(x86asm.Mem); ok {
					m.Base = x86asm.RIP
					x.Args[i] = m
				}
			}
		}
	}
	return x, x.Len == int(s.n)
}

// formAMD64 fills f from x, whose bytes have the shape s.
func (f *form) amd64(o *ops, x *x86asm.Inst, s shape) {
	in := &f.inst
	in.Len = x.Len
	f.rel, f.relLen = s.rel, s.relLen
	f.flowAMD64(x)
	imp := &o.implicit[x.Op]
	in.Uses, in.Defs = imp.uses, imp.defs
	class := o.classOf(x.Op, s.vex != 0)
	n := 0
	for n < len(x.Args) && x.Args[n] != nil {
		n++
	}
	for i, a := range x.Args[:n] {
		switch a := a.(type) {
		case x86asm.Reg:
			r := regAMD64(a)
			read, write := true, false
			if i == 0 {
				read, write = class != writes, class != reads
			}
			read, write = special(x, i, n, read, write)
			if read {
				in.Uses.add(r)
			}
			if write {
				in.Defs.add(r)
			}
		case x86asm.Mem:
			f.memAMD64(x, a, i, n, class, s)
		}
	}
	if zeroes(x) {
		in.Uses = 0
	}
	if x.Op == x86asm.IMUL && n == 1 {
		in.Uses |= 1 << AX
		in.Defs |= 1<<AX | 1<<DX
	}
	if s.rep != 0 && s.vex == 0 && stringSize(x) != 0 {
		in.Uses |= 1 << CX
		in.Defs |= 1 << CX
	}
	f.effectsAMD64(x)
	if in.Flow == Call || in.Flow == CallIndirect {
		in.Defs = 0
	}
}

// special corrects what is read and written for operations that are neither of
// the classes: exchanges, three-operand IMUL, pairs of destinations.
func special(x *x86asm.Inst, i, n int, read, write bool) (r, w bool) {
	switch x.Op {
	case x86asm.XCHG, x86asm.XADD:
		return true, true
	case x86asm.IMUL:
		if n == 1 {
			return true, false
		}
		if i == 0 {
			return n == 2, true
		}
	case x86asm.MULX:
		if i == 1 {
			return false, true
		}
	case x86asm.MOVSD_XMM, x86asm.MOVSS: // from memory they clear the rest
		if _, ok := x.Args[1].(x86asm.Mem); ok && i == 0 {
			return false, true
		}
	}
	return read, write
}

// zeroes reports whether x clears a register by combining it with itself, which
// the processor does not count as reading it.
func zeroes(x *x86asm.Inst) bool {
	switch x.Op {
	case x86asm.XOR, x86asm.SUB, x86asm.PXOR, x86asm.XORPS, x86asm.XORPD:
		a, ok := x.Args[0].(x86asm.Reg)
		return ok && x86asm.Arg(a) == x.Args[1]
	case x86asm.VPXOR, x86asm.VXORPS, x86asm.VXORPD, x86asm.VPXORD, x86asm.VPXORQ:
		a, ok := x.Args[1].(x86asm.Reg)
		return ok && x86asm.Arg(a) == x.Args[2]
	}
	return false
}

// memAMD64 notes operand i of n, which is memory.
func (f *form) memAMD64(x *x86asm.Inst, a x86asm.Mem, i, n int, class uint8, s shape) {
	in := &f.inst
	m := Mem{Base: regAMD64(a.Base), Index: regAMD64(a.Index), Scale: a.Scale, Disp: a.Disp, Size: uint8(min(x.MemBytes, 255))}
	if m.Size == 0 {
		m.Size = stringSize(x)
		if x.Op == x86asm.XLATB {
			m.Size = 1
		}
	}
	if m.Index == NoReg {
		m.Scale = 0
	}
	if a.Base == x86asm.RIP || a.Base == x86asm.EIP {
		m.PCRel, m.Disp = true, 0
		f.relMem = true
	}
	m.Load, m.Store = true, false
	if i == 0 {
		m.Load, m.Store = class != writes, class != reads
	}
	m.Load, m.Store = special(x, i, n, m.Load, m.Store)
	if noAccess(x.Op) {
		m.Load, m.Store, m.Size = false, false, 0
	}
	in.Uses.add(m.Base)
	in.Uses.add(m.Index)
	if in.HasMem { // MOVS and CMPS have two; the one that is written is told
		return
	}
	in.Mem, in.HasMem = m, true
	in.Mem.TLS = a.Segment == x86asm.FS || a.Segment == x86asm.GS
}

// noAccess reports whether op computes an address and leaves memory alone.
func noAccess(op x86asm.Op) bool {
	switch op {
	case x86asm.LEA, x86asm.NOP, x86asm.PREFETCHNTA, x86asm.PREFETCHT0, x86asm.PREFETCHT1, x86asm.PREFETCHT2,
		x86asm.PREFETCHW, x86asm.CLFLUSH, x86asm.INVLPG:
		return true
	}
	return false
}

// stringSize returns the bytes a string operation moves at once, or 0.
func stringSize(x *x86asm.Inst) uint8 {
	switch x.Op {
	case x86asm.MOVSB, x86asm.STOSB, x86asm.LODSB, x86asm.SCASB, x86asm.CMPSB, x86asm.INSB, x86asm.OUTSB:
		return 1
	case x86asm.MOVSW, x86asm.STOSW, x86asm.LODSW, x86asm.SCASW, x86asm.CMPSW, x86asm.INSW, x86asm.OUTSW:
		return 2
	case x86asm.MOVSD, x86asm.STOSD, x86asm.LODSD, x86asm.SCASD, x86asm.CMPSD, x86asm.INSD, x86asm.OUTSD:
		return 4
	case x86asm.MOVSQ, x86asm.STOSQ, x86asm.LODSQ, x86asm.SCASQ, x86asm.CMPSQ:
		return 8
	}
	return 0
}
