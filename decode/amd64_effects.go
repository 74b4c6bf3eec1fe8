package decode

import "golang.org/x/arch/x86/x86asm"

// flowAMD64 sets Flow. Targets are filled in where the instruction lies.
func (f *form) flowAMD64(x *x86asm.Inst) {
	in := &f.inst
	_, direct := x.Args[0].(x86asm.Rel)
	switch x.Op {
	case x86asm.CALL, x86asm.LCALL:
		in.Flow = CallIndirect
		if direct {
			in.Flow = Call
		}
	case x86asm.JMP, x86asm.LJMP:
		in.Flow = JumpIndirect
		if direct {
			in.Flow = Jump
		}
	case x86asm.RET, x86asm.LRET, x86asm.IRET, x86asm.IRETD, x86asm.IRETQ, x86asm.SYSRET, x86asm.SYSEXIT:
		in.Flow = Return
	case x86asm.UD0, x86asm.UD1, x86asm.UD2, x86asm.HLT:
		in.Flow = Trap
	case x86asm.INT:
		if x.Args[0] == x86asm.Imm(3) {
			in.Flow = Trap
		}
	default:
		if direct { // Jcc, LOOP, JRCXZ, XBEGIN
			in.Flow = Branch
		}
	}
	f.relTarget = direct
}

// effect appends an effect; those of one instruction never exceed the array.
func (in *Inst) effect(op Op, dst, src Reg, n int64) {
	in.Effects[in.NEffect] = Effect{Op: op, Dst: dst, Src: src, Src2: NoReg, N: n}
	in.NEffect++
}

// plain returns the register that holds a plain 64-bit address, displaced by a
// constant, in m: no index, no segment, no PC.
func plain(a x86asm.Arg) (r Reg, disp int64, ok bool) {
	m, isMem := a.(x86asm.Mem)
	if !isMem || m.Index != 0 || m.Segment == x86asm.FS || m.Segment == x86asm.GS || !is64(m.Base) {
		return NoReg, 0, false
	}
	return regAMD64(m.Base), m.Disp, true
}

// whole returns a as a register of 64 bits.
func whole(a x86asm.Arg) (Reg, bool) {
	r, ok := a.(x86asm.Reg)
	if !ok || !is64(r) {
		return NoReg, false
	}
	return regAMD64(r), true
}

// effectsAMD64 lists what can be computed with.
func (f *form) effectsAMD64(x *x86asm.Inst) {
	in := &f.inst
	dst, wide := whole(x.Args[0])
	src, wideSrc := whole(x.Args[1])
	imm, isImm := x.Args[1].(x86asm.Imm)
	switch x.Op {
	case x86asm.MOV:
		f.movAMD64(x)
	case x86asm.LEA:
		f.leaAMD64(x)
	case x86asm.ADD, x86asm.SUB:
		sign, op := int64(1), Add
		if x.Op == x86asm.SUB {
			sign, op = -1, Sub
		}
		switch {
		case zeroes(x):
			f.zero(x)
		case wide && isImm:
			in.effect(Copy, dst, dst, sign*int64(imm))
		case wide && wideSrc:
			in.effect(op, dst, dst, 0)
			in.Effects[0].Src2 = src
		}
	case x86asm.XOR:
		if zeroes(x) {
			f.zero(x)
		}
	case x86asm.AND:
		if wide && isImm {
			in.effect(And, dst, dst, int64(imm))
		}
	case x86asm.INC, x86asm.DEC:
		if wide {
			n := int64(1)
			if x.Op == x86asm.DEC {
				n = -1
			}
			in.effect(Copy, dst, dst, n)
		}
	case x86asm.XCHG:
		if wide && wideSrc && dst != src {
			in.effect(Swap, dst, src, 0)
		} else if base, disp, ok := plain(x.Args[0]); ok && wideSrc {
			in.effect(Store, base, NoReg, disp)
		}
	case x86asm.LEAVE:
		in.effect(Copy, SP, BP, 0)
		in.effect(Load, BP, SP, 0)
		in.effect(Copy, SP, SP, 8)
	case x86asm.ENTER:
		if imm == 0 {
			in.effect(Copy, SP, SP, -8)
			in.effect(Store, SP, BP, 0)
			in.effect(Copy, BP, SP, 0)
			in.effect(Copy, SP, SP, -int64(uint16(x.Args[0].(x86asm.Imm))))
		}
	default:
		f.stackAMD64(x)
	}
}

// zero notes that the register in x's first operand becomes zero, all of it.
func (f *form) zero(x *x86asm.Inst) {
	if r := x.Args[0].(x86asm.Reg); r >= x86asm.EAX && r <= x86asm.R15 {
		f.inst.effect(Set, regAMD64(r), NoReg, 0)
	}
}

func (f *form) movAMD64(x *x86asm.Inst) {
	in := &f.inst
	if r, ok := x.Args[0].(x86asm.Reg); ok {
		dst, wide := whole(r)
		switch a := x.Args[1].(type) {
		case x86asm.Imm:
			if wide {
				in.effect(Set, dst, NoReg, int64(a))
			} else if r >= x86asm.EAX && r <= x86asm.R15L {
				in.effect(Set, regAMD64(r), NoReg, int64(uint32(a)))
			}
		case x86asm.Reg:
			if src, ok := whole(a); ok && wide {
				in.effect(Copy, dst, src, 0)
			}
		case x86asm.Mem:
			if base, disp, ok := plain(a); ok && wide {
				in.effect(Load, dst, base, disp)
			}
		}
		return
	}
	if base, disp, ok := plain(x.Args[0]); ok && x.MemBytes == 8 {
		src, _ := whole(x.Args[1]) // or NoReg: a constant
		in.effect(Store, base, src, disp)
	}
}

func (f *form) leaAMD64(x *x86asm.Inst) {
	in := &f.inst
	dst, wide := whole(x.Args[0])
	m, ok := x.Args[1].(x86asm.Mem)
	if !ok || !wide {
		return
	}
	base, index := regAMD64(m.Base), regAMD64(m.Index)
	switch {
	case m.Base == x86asm.RIP:
		f.relEffect = true
		in.effect(Set, dst, NoReg, 0)
	case is64(m.Base) && m.Index == 0:
		in.effect(Copy, dst, base, m.Disp)
	case is64(m.Base) && is64(m.Index) && m.Scale == 1:
		in.effect(Add, dst, base, 0)
		in.Effects[0].Src2 = index
		if m.Disp != 0 {
			in.effect(Copy, dst, dst, m.Disp)
		}
	case m.Base == 0 && is64(m.Index) && m.Scale == 1:
		in.effect(Copy, dst, index, m.Disp)
	}
}

// stackAMD64 lists the effects of pushes and pops.
func (f *form) stackAMD64(x *x86asm.Inst) {
	in := &f.inst
	size := int64(8)
	if x.DataSize == 16 {
		size = 2
	}
	switch x.Op {
	case x86asm.PUSH, x86asm.PUSHF, x86asm.PUSHFQ:
		src, _ := whole(x.Args[0])
		if src == SP { // what is stored is SP before
			in.effect(Store, SP, SP, -8)
			in.effect(Copy, SP, SP, -8)
			return
		}
		in.effect(Copy, SP, SP, -size)
		if size == 8 {
			in.effect(Store, SP, src, 0)
		}
	case x86asm.POP:
		if dst, ok := whole(x.Args[0]); ok {
			in.effect(Load, dst, SP, 0)
			if dst != SP {
				in.effect(Copy, SP, SP, 8)
			}
			return
		}
		in.effect(Copy, SP, SP, size)
		if base, disp, ok := plain(x.Args[0]); ok && size == 8 { // its address comes from SP after
			in.effect(Store, base, NoReg, disp)
		}
	case x86asm.POPF, x86asm.POPFQ:
		in.effect(Copy, SP, SP, size)
	}
}
