package asmflow

import (
	"strings"

	"moho/vet/internal/asmtext"
)

// Writes lists the registers that an instruction changes, SP aside. It may
// list too many for instructions that change more than their last operand.
func (a *Arch) Writes(in *asmtext.Inst) []string {
	if pseudo(in.Op) {
		return nil
	}
	var regs []string
	add := func(o asmtext.Operand) {
		switch o.Kind {
		case asmtext.Reg:
			regs = append(regs, a.Whole(o.Reg))
		case asmtext.List:
			for _, r := range o.Regs {
				regs = append(regs, a.Whole(r))
			}
		}
	}
	n := len(in.Args)
	if a.Name == "arm64" {
		for _, o := range in.Args {
			// Pre- and post-indexed addresses change their base.
			if o.Kind == asmtext.Mem && o.Reg != "" && (strings.Contains(in.Suffix, ".W") || strings.Contains(in.Suffix, ".P")) {
				regs = append(regs, a.Whole(o.Reg))
			}
		}
		if n == 0 || arm64ReadsOnly(in.Op) {
			return regs
		}
		if strings.HasPrefix(in.Op, "CAS") {
			add(in.Args[0])
		}
		add(in.Args[n-1])
		return regs
	}
	if fixed, ok := implicit[in.Op]; ok {
		regs = append(regs, fixed...)
	}
	if n == 0 || readsOnly(in.Op) {
		return regs
	}
	switch op := in.Op; {
	case n == 1 && oneOperandReads(op):
		return append(regs, "AX", "DX")
	case strings.HasPrefix(op, "XCHG"), strings.HasPrefix(op, "XADD"):
		add(in.Args[0])
	case strings.HasPrefix(op, "MULX") && n == 3:
		add(in.Args[1])
	case strings.HasPrefix(op, "CMPXCHG"):
		regs = append(regs, "AX")
	case strings.Contains(op, "GATHER"):
		add(in.Args[0])
	}
	add(in.Args[n-1])
	return regs
}

func arm64ReadsOnly(op string) bool {
	for _, p := range []string{"CMP", "CMN", "TST", "CCMP", "CCMN", "FCMP", "FCCMP", "PRFM", "MSR", "STP", "FSTP", "STLR", "CBZ", "CBNZ", "TBZ", "TBNZ", "DMB", "DSB", "ISB", "SVC", "HINT", "DC", "IC", "AT", "TLBI", "VST"} {
		if strings.HasPrefix(op, p) {
			return true
		}
	}
	return op == "B" || op == "BL" || op == "CALL" || op == "RET" || op == "JMP" || branchARM64(op)
}

func branchARM64(op string) bool {
	switch op {
	case "BEQ", "BNE", "BCS", "BHS", "BCC", "BLO", "BMI", "BPL", "BVS", "BVC", "BHI", "BLS", "BGE", "BLT", "BGT", "BLE",
		"CBZ", "CBZW", "CBNZ", "CBNZW", "TBZ", "TBNZ":
		return true
	}
	return false
}

// implicit lists registers that amd64 instructions change without naming them.
var implicit = map[string][]string{
	"CPUID": {"AX", "BX", "CX", "DX"}, "RDTSC": {"AX", "DX"}, "RDTSCP": {"AX", "CX", "DX"}, "XGETBV": {"AX", "DX"},
	"SYSCALL": {"AX", "CX", "R11"}, "CQO": {"DX"}, "CDQ": {"DX"}, "CWD": {"DX"}, "CBW": {"AX"}, "CDQE": {"AX"}, "CWDE": {"AX"},
	"MOVSB": {"SI", "DI"}, "MOVSW": {"SI", "DI"}, "MOVSL": {"SI", "DI"}, "MOVSQ": {"SI", "DI"},
	"STOSB": {"DI"}, "STOSW": {"DI"}, "STOSL": {"DI"}, "STOSQ": {"DI"},
	"LODSB": {"SI", "AX"}, "LODSW": {"SI", "AX"}, "LODSL": {"SI", "AX"}, "LODSQ": {"SI", "AX"},
	"SCASB": {"DI"}, "SCASW": {"DI"}, "SCASL": {"DI"}, "SCASQ": {"DI"}, "CMPSB": {"SI", "DI"}, "CMPSW": {"SI", "DI"}, "CMPSL": {"SI", "DI"}, "CMPSQ": {"SI", "DI"},
	"REP": {"CX"}, "REPN": {"CX"}, "PCMPESTRI": {"CX"}, "PCMPISTRI": {"CX"}, "PCMPESTRM": {"X0"}, "PCMPISTRM": {"X0"}, "LAHF": {"AX"},
	"CMPXCHG8B": {"AX", "DX"}, "CMPXCHG16B": {"AX", "DX"}, "LEAVEQ": {"BP"},
}

// zeroes reports an instruction that makes the named register zero whatever
// was in it: x ^ x.
func zeroes(in *asmtext.Inst, reg string, whole func(string) string) bool {
	if !strings.Contains(in.Op, "XOR") || len(in.Args) < 2 {
		return false
	}
	for _, o := range in.Args {
		if o.Kind != asmtext.Reg || whole(o.Reg) != reg && len(in.Args) == 2 {
			return false
		}
	}
	n := len(in.Args)
	return whole(in.Args[n-1].Reg) == reg && in.Args[0].Reg == in.Args[n-2].Reg
}

// How control leaves an instruction.
type exit uint8

const (
	falls exit = iota
	branches
	jumps
	returns
	stops
	calls
)

// Exit says how control leaves in.
func (a *Arch) exit(in *asmtext.Inst) exit {
	switch op := in.Op; {
	case op == "RET":
		return returns
	case op == "UNDEF", op == "UD2", op == "UD1", op == "HLT" && a.Name == "amd64", op == "ERET", op == "IRETQ":
		return stops
	case op == "JMP", op == "B" && a.Name == "arm64":
		return jumps
	case a.isCall(op):
		if len(in.Args) == 1 && in.Args[0].Kind == asmtext.SB && noReturn(in.Args[0].Name) {
			return stops
		}
		return calls
	case a.Name == "amd64" && (op[0] == 'J' || strings.HasPrefix(op, "LOOP") || op == "XBEGIN"):
		return branches
	case a.Name == "arm64" && branchARM64(op):
		return branches
	}
	return falls
}

// noReturn names functions of the runtime that do not come back.
func noReturn(name string) bool {
	base := name[strings.LastIndex(name, ".")+1:]
	switch base {
	case "abort", "throw", "fatal", "exit", "goexit1", "badsystemstack", "badmorestackg0", "badmorestackgsignal", "badmcall", "badmcall2", "badctxt":
		return strings.HasPrefix(name, "runtime.") || strings.HasPrefix(name, ".")
	}
	return strings.HasPrefix(base, "panic") || strings.HasPrefix(base, "goPanic")
}
