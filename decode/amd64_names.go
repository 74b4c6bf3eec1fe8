package decode

import (
	"strings"

	"golang.org/x/arch/x86/x86asm"
)

// A suffix says how Go's name of an operation tells sizes.
type suffix uint8

const (
	noSuffix   suffix = iota
	sizeSuffix        // B, W, L or Q for the operand
	wideSuffix        // L or Q for the general register among the operands
	onlyQ             // Q if that is wide, nothing otherwise
	condSuffix        // W, L or Q before the condition
	fromTo            // the sizes of source and destination before ZX or SX
)

// goSized are operations whose name ends in a size.
const goSized = `ADC ADD AND BSF BSR BSWAP BT BTC BTR BTS CMP CMPXCHG CRC32 DEC DIV IDIV IMUL INC LAR LEA LSL LZCNT
	MOV MOVBE MUL NEG NOP NOT OR POP POPCNT PUSH RCL RCR RDRAND RDSEED ROL ROR SAR SBB SHL SHLD SHR SHRD SUB TEST TZCNT
	XADD XCHG XOR SLDT SMSW STR IN OUT`

// goWide are operations whose name ends in the size of a general register.
const goWide = `ADCX ADOX ANDN BEXTR BLSI BLSMSK BLSR BZHI MULX PDEP PEXT RORX SARX SHLX SHRX MOVNTI
	RDFSBASE RDGSBASE WRFSBASE WRGSBASE VCVTSI2SD VCVTSI2SS VCVTUSI2SD VCVTUSI2SS VCVTSD2USI VCVTSS2USI VCVTTSD2USI VCVTTSS2USI`

// goNames are the names that Go's assembler reads, where they are not Intel's.
// Conditional jumps keep Intel's, as go tool objdump does: Go reads both.
//
// Source: $GOROOT/src/cmd/internal/obj/x86/anames.go and
// $GOROOT/src/cmd/asm/internal/arch/arch.go, go1.26.
const goNames = `
CMPSD_XMM CMPSD
MOVSD_XMM MOVSD
VPEXTRW_C5 VPEXTRW
MOVSB MOVSB
MOVSD MOVSL
CMPSD CMPSL
STOSD STOSL
LODSD LODSL
SCASD SCASL
INSD INSL
OUTSD OUTSL
SHLD SHL
SHRD SHR
MOVDQA MOVO
MOVDQU MOVOU
MOVNTDQ MOVNTO
MOVD MOVL
MASKMOVDQU MASKMOVOU
PADDD PADDL
PSUBD PSUBL
PMULUDQ PMULULQ
PSLLD PSLLL
PSRLD PSRLL
PSRAD PSRAL
PSLLDQ PSLLO
PSRLDQ PSRLO
PCMPEQD PCMPEQL
PCMPGTD PCMPGTL
PUNPCKLDQ PUNPCKLLQ
PUNPCKHDQ PUNPCKHLQ
PUNPCKLWD PUNPCKLWL
PUNPCKHWD PUNPCKHWL
PACKSSDW PACKSSLW
PMADDWD PMADDWL
CVTDQ2PD CVTPL2PD
CVTDQ2PS CVTPL2PS
CVTPD2DQ CVTPD2PL
CVTPS2DQ CVTPS2PL
CVTTPD2DQ CVTTPD2PL
CVTTPS2DQ CVTTPS2PL
LEAVE LEAVEQ
PUSHF PUSHFW
POPF POPFW
IRET IRETW
IRETD IRETL
LRET RETFL
JRCXZ JCXZQ
JECXZ JCXZL
LOOPE LOOPEQ
XLATB XLAT
FWAIT WAIT
FNCLEX FCLEX
FNINIT FINIT
FNSTCW FSTCW
FNSTENV FSTENV
FNSTSW FSTSW
FNSAVE FSAVE
FXCH FXCHD
MOVBE MOVBE
`

// conditions are Go's names of conditions, by Intel's.
var conditions = map[string]string{
	"A": "HI", "AE": "CC", "B": "CS", "BE": "LS", "E": "EQ", "G": "GT", "GE": "GE", "L": "LT", "LE": "LE",
	"NE": "NE", "NO": "OC", "NP": "PC", "NS": "PL", "O": "OS", "P": "PS", "S": "MI",
}

// goName is Go's name of an operation; suffix says what is to be added.
type goName struct {
	name   string
	tail   string // after the size
	suffix suffix
}

func (o *ops) goNames(named map[string]x86asm.Op) {
	for op, name := range o.name {
		n := &o.goName[op]
		n.name = name
		switch {
		case strings.HasPrefix(name, "SET"):
			n.name = "SET" + conditions[name[3:]]
		case strings.HasPrefix(name, "CMOV"):
			*n = goName{"CMOV", conditions[name[4:]], condSuffix}
		}
	}
	for line := range strings.Lines(goNames) {
		if f := strings.Fields(line); len(f) == 2 {
			o.goName[named[f[0]]].name = f[1]
		}
	}
	for _, s := range strings.Fields(goSized) {
		o.goName[named[s]].suffix = sizeSuffix
	}
	for _, s := range strings.Fields(goWide) {
		o.goName[named[s]].suffix = wideSuffix
	}
	for _, s := range []string{"CVTSI2SD", "CVTSI2SS"} {
		o.goName[named[s]] = goName{"CVTS", "2S" + s[len(s)-1:], wideSuffix}
	}
	for _, s := range []string{"CVTSD2SI", "CVTSS2SI", "CVTTSD2SI", "CVTTSS2SI"} {
		o.goName[named[s]] = goName{s[:len(s)-1], "", wideSuffix}
		o.goName[named["V"+s]] = goName{"V" + s, "", onlyQ}
	}
	for _, s := range []string{"MOVZX", "MOVSX", "MOVSXD"} {
		o.goName[named[s]] = goName{"MOV", s[3:5], fromTo}
	}
	o.goName[0] = goName{}
}
