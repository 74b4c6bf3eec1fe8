package noescapelie

import (
	"strings"

	"moho/vet/internal/asmflow"
	"moho/vet/internal/asmtext"
)

// keeps follows pointer arguments through registers, in straight code: what is
// known is forgotten at every label and jump. It returns the first argument
// that is stored where it outlives the call, and the instruction's index.
func keeps(f *asmflow.Func, pointers map[string]string) (param, where string, at int, ok bool) {
	holds := map[string]string{} // register to the argument that it holds
	for i := range f.Flow.Func.Insts {
		in := &f.Flow.Func.Insts[i]
		if len(in.Labels) > 0 {
			clear(holds)
		}
		if from, to, move := moved(f, in); move {
			arg := ""
			switch from.Kind {
			case asmtext.FP:
				if v := f.Layout.Lookup(from.Name); v != nil && !from.Addr {
					arg = pointers[from.Name]
				}
			case asmtext.Reg:
				arg = holds[f.Arch.Whole(from.Reg)]
			}
			if arg != "" && !to.Addr {
				switch to.Kind {
				case asmtext.SB:
					return arg, "variable " + strings.TrimLeft(to.Name, "·."), i, true
				case asmtext.Mem:
					if other := holds[f.Arch.Whole(to.Reg)]; other != "" && to.Index == "" {
						return arg, "the memory behind " + other, i, true
					}
				}
			}
			forget(f, in, holds)
			if arg != "" && to.Kind == asmtext.Reg {
				holds[f.Arch.Whole(to.Reg)] = arg
			}
			continue
		}
		if f.IsCall(in) || f.IsJump(in) {
			clear(holds)
		}
		forget(f, in, holds)
	}
	return "", "", 0, false
}

func forget(f *asmflow.Func, in *asmtext.Inst, holds map[string]string) {
	for _, reg := range f.Arch.Writes(in) {
		delete(holds, reg)
	}
}

// moved returns the operands of an instruction that moves a word as it is.
func moved(f *asmflow.Func, in *asmtext.Inst) (from, to asmtext.Operand, ok bool) {
	if len(in.Args) != 2 || in.Op != "MOVQ" && in.Op != "MOVD" {
		return from, to, false
	}
	return in.Args[0], in.Args[1], true
}
