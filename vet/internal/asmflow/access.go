package asmflow

import (
	"strings"

	"moho/vet/internal/asmtext"
)

// An Access is what one operand of an instruction does with memory.
//
// Width is in bytes, 0 when it is not known. Address is set for an operand that
// only yields an address.
type Access struct {
	Arg     int
	Width   int64
	Read    bool
	Write   bool
	Address bool
}

// Accesses lists the memory operands of an instruction.
func (a *Arch) Accesses(in *asmtext.Inst) []Access {
	var list []Access
	for i, o := range in.Args {
		switch o.Kind {
		case asmtext.Mem, asmtext.FP, asmtext.SP:
		default:
			continue
		}
		if pseudo(in.Op) {
			continue
		}
		acc := Access{Arg: i}
		switch {
		case o.Addr || strings.HasPrefix(in.Op, "LEA"):
			acc.Address = true
		case a.Name == "amd64":
			acc.amd64(in)
		default:
			acc.arm64(in)
		}
		list = append(list, acc)
	}
	return list
}

// pseudo reports a directive that the assembler keeps in a function.
func pseudo(op string) bool {
	switch op {
	case "PCALIGN", "FUNCDATA", "PCDATA", "NOP", "TEXT", "PCALIGNMAX":
		return true
	}
	return strings.HasPrefix(op, "PREFETCH") || strings.HasPrefix(op, "CLFLUSH")
}

func (acc *Access) amd64(in *asmtext.Inst) {
	last := acc.Arg == len(in.Args)-1
	op := in.Op
	acc.Read, acc.Write = !last, last
	switch {
	case op == "PUSHQ" || op == "CALL" || op == "JMP" || readsOnly(op):
		acc.Read, acc.Write = true, false
	case op == "POPQ" || strings.HasPrefix(op, "SET") || strings.HasPrefix(op, "FMOV") && last ||
		strings.HasPrefix(op, "FSTCW") || strings.HasPrefix(op, "STMXCSR"):
		acc.Read, acc.Write = false, true
	case strings.HasPrefix(op, "XCHG") || strings.HasPrefix(op, "XADD"):
		acc.Read, acc.Write = true, true
	case !moves(op) && last:
		acc.Read = true // ADDQ $1, x+0(FP)
	}
	if len(in.Args) == 1 && oneOperandReads(op) {
		acc.Read, acc.Write = true, false
	}
	acc.Width = widthAMD64(in)
}

// readsOnly lists the instructions whose last operand is not written.
func readsOnly(op string) bool {
	switch op {
	case "CMPB", "CMPW", "CMPL", "CMPQ", "TESTB", "TESTW", "TESTL", "TESTQ", "BTW", "BTL", "BTQ",
		"PTEST", "VPTEST", "VTESTPS", "VTESTPD", "LDMXCSR", "VLDMXCSR", "NOPL", "NOPW",
		"FLDCW", "FLDENV", "FRSTOR", "FXRSTOR", "FXRSTOR64", "XRSTOR", "XRSTOR64", "CLDEMOTE":
		return true
	}
	for _, p := range []string{"UCOMIS", "COMIS", "VUCOMIS", "VCOMIS", "PUSH", "KORTEST", "KTEST", "J", "CALL", "LOOP"} {
		if strings.HasPrefix(op, p) {
			return true
		}
	}
	return false
}

// oneOperandReads lists those that take a factor or divisor and answer in AX
// and DX, and CALL and PUSH.
func oneOperandReads(op string) bool {
	for _, p := range []string{"MUL", "IMUL", "DIV", "IDIV", "PUSH", "CALL", "J"} {
		if strings.HasPrefix(op, p) {
			return true
		}
	}
	return false
}

// moves reports instructions that overwrite their destination without reading
// it, as far as a destination in memory goes.
func moves(op string) bool {
	for _, p := range []string{"MOV", "VMOV", "LEA", "SET", "POP", "PEXTR", "VPEXTR", "VEXTRACT", "CVT", "VCVT", "EXTRACTPS", "KMOV", "VPMOV", "VPSCATTER", "VSCATTER", "VPCOMPRESS", "VCOMPRESS"} {
		if strings.HasPrefix(op, p) {
			return true
		}
	}
	return false
}

var vectorWidth = map[string]int64{
	"MOVOU": 16, "MOVO": 16, "MOVOA": 16, "MOVUPS": 16, "MOVUPD": 16, "MOVAPS": 16, "MOVAPD": 16, "MOVDQU": 16, "MOVNTO": 16,
	"VBROADCASTI128": 16, "VBROADCASTF128": 16, "LDDQU": 16, "MOVLPS": 8, "MOVHPS": 8, "MOVLPD": 8, "MOVHPD": 8, "MOVDDUP": 8,
	"MOVSS": 4, "MOVSD": 8, "VMOVSS": 4, "VMOVSD": 8, "VBROADCASTSS": 4, "VBROADCASTSD": 8, "VMOVD": 4, "VMOVQ": 8,
	"VPBROADCASTB": 1, "VPBROADCASTW": 2, "VPBROADCASTD": 4, "VPBROADCASTQ": 8, "MOVD": 8,
	"PINSRB": 1, "PINSRW": 2, "PINSRD": 4, "PINSRQ": 8, "PEXTRB": 1, "PEXTRW": 2, "PEXTRD": 4, "PEXTRQ": 8,
	"VPINSRB": 1, "VPINSRW": 2, "VPINSRD": 4, "VPINSRQ": 8, "VPEXTRB": 1, "VPEXTRW": 2, "VPEXTRD": 4, "VPEXTRQ": 8,
	"MOVBLSX": 1, "MOVBLZX": 1, "MOVBQSX": 1, "MOVBQZX": 1, "MOVBWSX": 1, "MOVBWZX": 1,
	"MOVWLSX": 2, "MOVWLZX": 2, "MOVWQSX": 2, "MOVWQZX": 2, "MOVLQSX": 4, "MOVLQZX": 4,
	"CVTSL2SD": 4, "CVTSL2SS": 4, "CVTSQ2SD": 8, "CVTSQ2SS": 8, "CVTSS2SD": 4, "CVTSD2SS": 8, "CVTSS2SL": 4, "CVTSS2SQ": 4,
	"CVTSD2SL": 8, "CVTSD2SQ": 8, "CVTTSD2SL": 8, "CVTTSD2SQ": 8, "CVTTSS2SL": 4, "CVTTSS2SQ": 4,
	"FMOVB": 1, "FMOVW": 2, "FMOVF": 4, "FMOVFP": 4, "FMOVL": 4, "FMOVLP": 4, "FMOVD": 8, "FMOVDP": 8, "FMOVV": 8, "FMOVVP": 8,
	"PUSHQ": 8, "POPQ": 8, "CMPXCHG8B": 8, "CMPXCHG16B": 16, "CRC32B": 1, "CRC32W": 2, "CRC32L": 4, "CRC32Q": 8,
	"UCOMISD": 8, "UCOMISS": 4, "COMISD": 8, "COMISS": 4, "KMOVB": 1, "KMOVW": 2, "KMOVD": 4, "KMOVQ": 8,
}

// widthAMD64 is how many bytes of memory an instruction reads or writes.
func widthAMD64(in *asmtext.Inst) int64 {
	op := in.Op
	if w, ok := vectorWidth[op]; ok {
		return w
	}
	if strings.HasPrefix(op, "SET") {
		return 1
	}
	if strings.HasPrefix(op, "CMOV") && len(op) > 4 {
		return map[byte]int64{'W': 2, 'L': 4, 'Q': 8}[op[4]]
	}
	switch {
	case strings.HasPrefix(op, "VMOV"), strings.HasPrefix(op, "VPXOR"), strings.HasPrefix(op, "VXOR"), strings.HasPrefix(op, "VPADD"), strings.HasPrefix(op, "VADDP"):
		return widest(in)
	case op[0] == 'V', op[0] == 'F', op[0] == 'K', strings.HasPrefix(op, "P") && !strings.HasPrefix(op, "POPCNT") && !strings.HasPrefix(op, "PDEP") && !strings.HasPrefix(op, "PEXT"):
		return 0
	case strings.HasSuffix(op, "SD") && op != "MOVSD":
		return 8
	case strings.HasSuffix(op, "SS"):
		return 4
	case strings.HasSuffix(op, "PS"), strings.HasSuffix(op, "PD"):
		return 16
	}
	for _, p := range integer {
		if rest, ok := strings.CutPrefix(op, p); ok && len(rest) == 1 {
			return map[byte]int64{'B': 1, 'W': 2, 'L': 4, 'Q': 8}[rest[0]]
		}
	}
	return 0
}

var integer = strings.Fields(`MOV ADD SUB AND OR XOR CMP TEST ADC SBB XCHG XADD CMPXCHG IMUL MUL IDIV DIV IMUL3
	NEG NOT INC DEC SHL SHR SAL SAR ROL ROR RCL RCR BSF BSR BT BTS BTR BTC POPCNT LZCNT TZCNT MOVBE MOVBEL MOVBEQ MOVBEW
	MULX ADCX ADOX ANDN RORX SHLX SHRX SARX PDEP PEXT BEXTR BLSI BLSR BLSMSK BZHI MOVNTI`)

// widest is the width of the widest vector register among the operands.
func widest(in *asmtext.Inst) int64 {
	var w int64
	for _, o := range in.Args {
		if o.Kind == asmtext.Reg && len(o.Reg) > 1 {
			w = max(w, map[byte]int64{'X': 16, 'Y': 32, 'Z': 64}[o.Reg[0]])
		}
	}
	return w
}

var widthsARM64 = map[string]int64{
	"MOVD": 8, "MOVW": 4, "MOVWU": 4, "MOVH": 2, "MOVHU": 2, "MOVB": 1, "MOVBU": 1,
	"FMOVD": 8, "FMOVS": 4, "FMOVQ": 16, "LDP": 16, "STP": 16, "LDPW": 8, "LDPSW": 8, "STPW": 8,
	"FLDPD": 16, "FSTPD": 16, "FLDPS": 8, "FSTPS": 8, "FLDPQ": 32, "FSTPQ": 32,
	"LDAR": 8, "LDARW": 4, "LDARB": 1, "LDARH": 2, "STLR": 8, "STLRW": 4, "STLRB": 1, "STLRH": 2,
	"LDXR": 8, "LDAXR": 8, "LDXRW": 4, "LDAXRW": 4, "STXR": 8, "STLXR": 8, "STXRW": 4, "STLXRW": 4,
}

func (acc *Access) arm64(in *asmtext.Inst) {
	acc.Width = widthsARM64[in.Op]
	last := acc.Arg == len(in.Args)-1
	switch op := in.Op; {
	case strings.HasPrefix(op, "LDADD"), strings.HasPrefix(op, "SWP"), strings.HasPrefix(op, "CAS"), strings.HasPrefix(op, "LDCLR"), strings.HasPrefix(op, "LDOR"), strings.HasPrefix(op, "LDEOR"):
		acc.Read, acc.Write = true, true
	case strings.HasPrefix(op, "ST"):
		acc.Write = true
	default:
		acc.Read, acc.Write = !last, last
	}
}
