package asmflow

import (
	"strings"

	"moho/vet/internal/asmtext"
)

// record computes Recorded and SPWrite.
//
// Source: $GOROOT/src/cmd/internal/obj/x86/obj6.go and
// $GOROOT/src/cmd/internal/obj/arm64/obj7.go (Spadj), go1.26.
func (fl *Flow) record() {
	a, insts := fl.Arch, fl.Func.Insts
	fl.Recorded = make([]int64, len(insts))
	sp := fl.Frame.Size
	for i := range insts {
		in := &insts[i]
		fl.Recorded[i] = sp
		d, ok := a.tracked(in)
		sp += d
		if !ok && fl.SPWrite < 0 && writesSP(a, in) {
			fl.SPWrite = i
		}
	}
}

func writesSP(a *Arch, in *asmtext.Inst) bool {
	n := len(in.Args)
	if n == 0 || pseudo(in.Op) {
		return false
	}
	o := in.Args[n-1]
	if a.Name == "amd64" && (in.Op == "CMPQ" || in.Op == "CMPL") {
		return false
	}
	return o.Kind == asmtext.Reg && o.Reg == a.SP && !o.Modified && !readsOnly(in.Op)
}

// tracked returns what the assembler's tables make of an instruction, in bytes
// that SP goes down.
func (a *Arch) tracked(in *asmtext.Inst) (down int64, ok bool) {
	if a.Name == "amd64" {
		switch in.Op {
		case "PUSHQ", "PUSHFQ":
			return 8, true
		case "POPQ", "POPFQ":
			return -8, true
		case "PUSHL", "PUSHFL":
			return 4, true
		case "POPL", "POPFL":
			return -4, true
		case "PUSHW", "PUSHFW":
			return 2, true
		case "POPW", "POPFW":
			return -2, true
		case "ADJSP":
			if len(in.Args) == 1 && in.Args[0].Kind == asmtext.Const {
				return in.Args[0].Off, true
			}
		}
		return 0, false
	}
	n := len(in.Args)
	if n < 2 || in.Args[0].Kind != asmtext.Const || !writesSP(a, in) || in.Args[0].Off == 0 {
		return 0, false
	}
	switch in.Op {
	case "SUB":
		return in.Args[0].Off, true
	case "ADD":
		return -in.Args[0].Off, true
	}
	return 0, false
}

// Resolve returns where an operand in memory lies, relative to FP.
//
// The assembler resolves names by what it believes SP to be, which is not
// always where SP is.
func (fl *Flow) Resolve(i int, o *asmtext.Operand, s *State) (at int64, ok bool) {
	if o.Opaque {
		return 0, false
	}
	sp := s.SP
	switch o.Kind {
	case asmtext.FP, asmtext.SP:
		if !s.Known {
			return 0, false
		}
		believed := fl.Recorded[i]
		if fl.Arch.Name == "arm64" {
			believed = fl.Frame.Size
		}
		if o.Kind == asmtext.FP {
			return sp + believed - Entry + o.Off, true
		}
		return sp + believed - fl.Frame.Save + o.Off, true
	case asmtext.Mem:
		if o.Reg == fl.Arch.SP {
			return sp + o.Off, s.Known
		}
		if o.Reg == "" {
			return 0, false
		}
		v := s.regs[fl.Arch.index[fl.Arch.Whole(o.Reg)]]
		return v.Off + o.Off, v.Kind == Pointer
	}
	return 0, false
}

// value is what an operand holds.
func (fl *Flow) value(i int, o *asmtext.Operand, s *State) Value {
	switch o.Kind {
	case asmtext.Reg:
		if o.Reg == fl.Arch.SP {
			if s.Known {
				return Value{Kind: Pointer, Off: s.SP}
			}
			return Value{}
		}
		if o.Modified {
			return Value{Kind: Written, By: int32(i)}
		}
		return s.regs[fl.Arch.index[fl.Arch.Whole(o.Reg)]]
	case asmtext.Mem, asmtext.FP, asmtext.SP:
		at, ok := fl.Resolve(i, o, s)
		if o.Addr && o.Index == "" {
			if ok {
				return Value{Kind: Pointer, Off: at}
			}
			return fl.ifKnownBase(i, o, s)
		}
		if ok && o.Index == "" {
			if v, have := s.slots[at]; have {
				return v
			}
			if at >= Entry {
				return Value{Kind: Written, By: int32(i)} // an argument
			}
			return Value{} // it may have been saved there in a way not followed
		}
		if !ok && o.Kind == asmtext.Mem && o.Reg != fl.Arch.SP {
			return fl.ifKnownBase(i, o, s)
		}
		return Value{}
	}
	return Value{Kind: Written, By: int32(i)}
}

// ifKnownBase is the value computed or loaded from a register's value: unrelated
// to the frame unless that register's content is not known.
func (fl *Flow) ifKnownBase(i int, o *asmtext.Operand, s *State) Value {
	if o.Kind != asmtext.Mem || o.Reg == "" {
		return Value{}
	}
	if v := s.regs[fl.Arch.index[fl.Arch.Whole(o.Reg)]]; v.Kind == unknown || v.Kind == Pointer {
		return Value{}
	}
	return Value{Kind: Written, By: int32(i)}
}

// step applies instruction i to s.
func (fl *Flow) step(i int, s *State) {
	a, in := fl.Arch, &fl.Func.Insts[i]
	if pseudo(in.Op) {
		return
	}
	sets := fl.assignments(i, in, s)
	fl.escapes(in, s, sets)
	fl.memory(i, in, s)
	switch in.Op {
	case "STD":
		s.DF = int32(i) + 1
	case "CLD":
		s.DF = 0
	case "EMMS":
		s.MMX = 0
	}
	for _, r := range a.Writes(in) {
		if r[0] == 'M' && a.Name == "amd64" && s.MMX == 0 {
			s.MMX = int32(i) + 1
		}
		s.set(a.index[r], Value{Kind: Written, By: int32(i)})
	}
	to := Value{}
	moved := false
	for _, set := range sets {
		if set.reg == a.SP {
			to, moved = set.v, true
			continue
		}
		s.set(a.index[set.reg], set.v)
	}
	fl.moveSP(i, in, s, to, moved)
	if a.Name == "amd64" {
		fl.zero(i, in, s)
	}
	if a.exit(in) == calls {
		fl.call(i, in, s)
	}
}

// zero tracks zeroes on amd64: in X15 one is as good as another.
func (fl *Flow) zero(i int, in *asmtext.Inst, s *State) {
	a := fl.Arch
	n := len(in.Args)
	if n > 0 && in.Args[n-1].Kind == asmtext.Reg {
		reg := a.Whole(in.Args[n-1].Reg)
		move := n == 2 && (in.Op == "MOVQ" || in.Op == "MOVD" || in.Op == "MOVL") && in.Args[0].Kind == asmtext.Const && !in.Args[0].Opaque && in.Args[0].Off == 0
		if reg != a.SP && (move || zeroes(in, reg, a.Whole)) {
			s.set(a.index[reg], Value{Kind: Written, By: int32(i), Zero: true})
		}
	}
	x15 := a.index["X15"]
	if in.Op == "VZEROALL" || s.regs[x15].Kind == Written && s.regs[x15].Zero {
		s.regs[x15] = Value{Kind: Original, Of: x15}
	}
}

// call forgets what a callee may change.
func (fl *Flow) call(i int, in *asmtext.Inst, s *State) {
	a := fl.Arch
	var abi string
	if n := len(in.Args); n > 0 {
		abi = in.Args[n-1].ABI
	}
	for name, idx := range a.index {
		switch name {
		case a.SP, a.FP:
			continue
		case a.LR:
			s.regs[idx] = Value{Kind: Written, By: int32(i)}
			continue
		case a.G, "X15":
			if a.Name == "arm64" && name == a.G || abi == "ABIInternal" {
				continue
			}
		}
		if s.regs[idx].Kind == Pointer {
			s.Escaped = true
		}
		s.regs[idx] = Value{}
	}
	for at, v := range s.slots {
		if v.Kind == Pointer {
			s.Escaped = true
		}
		// What is below SP is the callee's, and so are its arguments.
		if s.Known && at < s.SP {
			delete(s.slots, at)
		}
	}
}

// memory applies what an instruction writes to the stack.
func (fl *Flow) memory(i int, in *asmtext.Inst, s *State) {
	a := fl.Arch
	for _, acc := range a.Accesses(in) {
		if !acc.Write {
			continue
		}
		o := fl.Operand(in, acc.Arg)
		at, ok := fl.Resolve(i, &o, s)
		switch {
		case !ok && o.Kind == asmtext.Mem && o.Reg != a.SP:
			continue
		case !ok:
			s.Escaped, s.slots = true, nil // SP itself is not known
			continue
		case o.Index != "":
			s.Escaped = true
			continue
		}
		pair := in.Args[0].Regs
		switch {
		case in.Op == "STP" && len(pair) == 2 && acc.Arg == 1:
			first, second := s.regs[a.index[a.Whole(pair[0])]], s.regs[a.index[a.Whole(pair[1])]]
			s.store(at, 8, first)
			s.store(at+8, 8, second)
		case acc.Width == 8 && len(in.Args) == 2 && acc.Arg == 1 && strings.HasPrefix(in.Op, "MOV"):
			s.store(at, 8, fl.value(i, &in.Args[0], s))
		default:
			s.store(at, acc.Width, Value{Kind: Written, By: int32(i)})
		}
		fl.wrote(at, max(acc.Width, 1), s)
	}
}

// Operand is operand n of an instruction as it is accessed: one that is
// post-indexed is accessed without its offset.
func (fl *Flow) Operand(in *asmtext.Inst, n int) asmtext.Operand {
	o := in.Args[n]
	if o.Kind == asmtext.Mem && fl.Arch.Name == "arm64" && strings.Contains(in.Suffix, ".P") {
		o.Off, o.Opaque = 0, false
	}
	return o
}

// wrote marks the results that lie in the width bytes at at.
func (fl *Flow) wrote(at, width int64, s *State) {
	for k, r := range fl.results {
		if at < r.To && r.From < at+width {
			s.Results |= 1 << k
		}
	}
}
