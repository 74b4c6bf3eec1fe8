package asmflow

import (
	"strings"

	"moho/vet/internal/asmtext"
)

// A set says what a register holds after an instruction.
type set struct {
	reg string
	v   Value
}

// assignments lists the registers of which it is known what an instruction
// puts there, with what they get. s is the state before it.
func (fl *Flow) assignments(i int, in *asmtext.Inst, s *State) []set {
	a, n := fl.Arch, len(in.Args)
	sets := fl.writeBack(in, s)
	switch {
	case n == 0:
		return nil
	case in.Op == "POPQ" && in.Args[0].Kind == asmtext.Reg && a.LR == "":
		v := Value{}
		if s.Known {
			v = s.slots[s.SP]
		}
		return append(sets, set{a.Whole(in.Args[0].Reg), v})
	case in.Op == "LDP" && len(in.Args[n-1].Regs) == 2:
		for k, r := range in.Args[n-1].Regs {
			part := fl.Operand(in, 0)
			part.Off += 8 * int64(k)
			sets = append(sets, set{a.Whole(r), fl.value(i, &part, s)})
		}
		return sets
	case in.Args[n-1].Kind != asmtext.Reg || in.Args[n-1].Modified || n < 2:
		return sets
	}
	if v, ok := fl.computed(i, in, s); ok {
		sets = append(sets, set{a.Whole(in.Args[n-1].Reg), v})
	}
	return sets
}

// computed is what the last operand of an instruction holds after it, if the
// instruction is one that can be followed.
func (fl *Flow) computed(i int, in *asmtext.Inst, s *State) (Value, bool) {
	a, n := fl.Arch, len(in.Args)
	src := fl.Operand(in, 0)
	switch op := in.Op; {
	case n == 2 && (op == "MOVD" || op == "MOVQ" && a.LR == ""): // MOVD is another name of MOVQ on amd64
		return fl.value(i, &src, s), true
	case op == "LEAQ" && n == 2 && a.LR == "":
		if src.Kind == asmtext.SB {
			return Value{Kind: Written, By: int32(i)}, true
		}
		src.Addr = true
		return fl.value(i, &src, s), true
	case op == "ADDQ" && a.LR == "", op == "SUBQ" && a.LR == "", op == "ADD" && a.LR != "", op == "SUB" && a.LR != "":
		base := in.Args[n-1]
		if n == 3 {
			base = in.Args[1]
		}
		v := fl.value(i, &base, s)
		if v.Kind != Pointer {
			return Value{Kind: Written, By: int32(i)}, v.Kind != unknown
		}
		if src.Kind != asmtext.Const || src.Opaque {
			return Value{}, true
		}
		if strings.HasPrefix(op, "ADD") {
			v.Off += src.Off
		} else {
			v.Off -= src.Off
		}
		return v, true
	case strings.HasPrefix(op, "XCHG"), strings.HasPrefix(op, "CMOV"), strings.HasPrefix(op, "CSEL"):
		return Value{}, true // one of two
	}
	return Value{}, false
}

// writeBack is what pre- and post-indexed addresses do to their base.
func (fl *Flow) writeBack(in *asmtext.Inst, s *State) []set {
	a := fl.Arch
	if a.Name != "arm64" || !strings.Contains(in.Suffix, ".P") && !strings.Contains(in.Suffix, ".W") {
		return nil
	}
	for _, o := range in.Args {
		if o.Kind != asmtext.Mem || o.Reg == "" {
			continue
		}
		v := Value{Kind: Pointer, Off: s.SP}
		if o.Reg != a.SP {
			v = s.regs[a.index[a.Whole(o.Reg)]]
		} else if !s.Known {
			v = Value{}
		}
		if v.Kind == Pointer && !o.Opaque && o.Index == "" {
			v.Off += o.Off
			return []set{{a.Whole(o.Reg), v}}
		}
		if v.Kind == Original || v.Kind == Written {
			return nil
		}
		return []set{{a.Whole(o.Reg), Value{}}}
	}
	return nil
}

// escapes notes an address of the frame that goes where it can't be followed.
func (fl *Flow) escapes(in *asmtext.Inst, s *State, sets []set) {
	a := fl.Arch
	if s.Escaped || readsOnly(in.Op) && a.LR == "" || a.LR != "" && arm64ReadsOnly(in.Op) && !strings.HasPrefix(in.Op, "ST") && in.Op != "SVC" {
		return
	}
	for _, st := range sets {
		if st.v.Kind == Pointer {
			return
		}
	}
	pointer := func(reg string) bool {
		return reg == a.SP || reg != "" && reg != a.FP && s.regs[a.index[a.Whole(reg)]].Kind == Pointer
	}
	if in.Op == "SYSCALL" || in.Op == "SVC" || in.Op == "INT" {
		for _, idx := range a.index {
			s.Escaped = s.Escaped || s.regs[idx].Kind == Pointer && idx != a.index[a.FP]
		}
	}
	for n, o := range in.Args {
		switch o.Kind {
		case asmtext.Reg:
			if n < len(in.Args)-1 && pointer(o.Reg) && !fl.toSlot(in, s) {
				s.Escaped = true
			}
		case asmtext.Mem, asmtext.FP, asmtext.SP:
			base := o.Kind != asmtext.Mem || pointer(o.Reg)
			if o.Index != "" && (pointer(o.Index) || base && (o.Addr || strings.HasPrefix(in.Op, "LEA"))) {
				s.Escaped = true
			}
		}
	}
}

// toSlot reports a store whose destination is a slot of the frame.
func (fl *Flow) toSlot(in *asmtext.Inst, s *State) bool {
	o := in.Args[len(in.Args)-1]
	switch o.Kind {
	case asmtext.FP, asmtext.SP:
		return true
	case asmtext.Mem:
		return o.Reg == fl.Arch.SP || s.regs[fl.Arch.index[fl.Arch.Whole(o.Reg)]].Kind == Pointer
	}
	return false
}

// moveSP applies what an instruction does to SP itself. to is what it was
// assigned, when moved.
func (fl *Flow) moveSP(i int, in *asmtext.Inst, s *State, to Value, moved bool) {
	a := fl.Arch
	if a.LR == "" {
		if d, ok := a.tracked(in); ok {
			v := Value{Kind: Written, By: int32(i)}
			if in.Op == "PUSHQ" && len(in.Args) == 1 {
				v = fl.value(i, &in.Args[0], s)
			}
			s.SP -= d
			if strings.HasPrefix(in.Op, "PUSH") {
				s.store(s.SP, d, v)
			}
			if moved { // POPQ SP
				s.Known = false
			}
			return
		}
	}
	if moved {
		s.Known = to.Kind == Pointer
		s.SP = to.Off
		return
	}
	if writesSP(a, in) || in.Op == "LEAVEQ" {
		s.Known = false
	}
	for _, o := range in.Args {
		if o.Kind == asmtext.Reg && o.Reg == a.SP && strings.HasPrefix(in.Op, "XCHG") {
			s.Known = false
		}
	}
}
