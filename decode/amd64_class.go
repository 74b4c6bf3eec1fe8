package decode

import (
	"slices"
	"strings"
	"sync"

	"golang.org/x/arch/x86/x86asm"
)

// What an instruction does with its first operand. All others are read, but
// for those that writesMore lists.
const (
	readsWrites = iota // x = x op y, the rule outside VEX
	writes             // x = f(y), the rule within VEX
	reads              // compare x, y
)

// ops is what is known about operations, by number. It is built from names when
// the first Decoder for amd64 is made, as x86asm exports no list of either.
type ops struct {
	name     []string
	class    []uint8 // the exceptions from the rules: class+1, or 0
	implicit []usesDefs
	goName   []goName
}

var amd64Ops = sync.OnceValue(func() *ops {
	o := &ops{make([]string, opLast), make([]uint8, opLast), make([]usesDefs, opLast), make([]goName, opLast)}
	named := map[string]x86asm.Op{}
	for op := x86asm.Op(1); op < opOwn; op++ {
		if s := op.String(); !strings.HasPrefix(s, "Op(") {
			o.name[op], named[s] = s, op
		}
	}
	for i, own := range ownAMD64Ops {
		o.name[int(opOwn)+i], named[own.name] = own.name, opOwn+x86asm.Op(i)
	}
	o.classes(named)
	o.implicits(named)
	o.goNames(named)
	return o
})

func (o *ops) classes(named map[string]x86asm.Op) {
	t := o.class
	set := func(class uint8, names string) {
		for _, name := range strings.Fields(names) {
			t[named[name]] = class + 1
		}
	}
	for name, op := range named {
		switch {
		case strings.HasPrefix(name, "SET"), strings.HasPrefix(name, "PMOVSX"), strings.HasPrefix(name, "PMOVZX"),
			strings.HasPrefix(name, "CVT"), strings.HasPrefix(name, "PABS"), strings.HasPrefix(name, "PEXTR"):
			t[op] = writes + 1
		case strings.HasPrefix(name, "VFMADD"), strings.HasPrefix(name, "VFMSUB"), strings.HasPrefix(name, "VFNM"),
			strings.HasPrefix(name, "VPDP"), strings.HasPrefix(name, "VPERMI2"), strings.HasPrefix(name, "VPERMT2"),
			strings.HasPrefix(name, "VPMADD52"), strings.HasPrefix(name, "VPTERNLOG"), strings.HasPrefix(name, "VFIXUPIMM"),
			strings.HasPrefix(name, "VGATHER"), strings.HasPrefix(name, "VPGATHER"), strings.HasPrefix(name, "V4F"),
			strings.HasPrefix(name, "VP4DP"), strings.HasPrefix(name, "VPSHLDV"), strings.HasPrefix(name, "VPSHRDV"),
			strings.HasPrefix(name, "VDPBF16"), strings.HasPrefix(name, "VDPPH"), strings.HasPrefix(name, "VFCMADD"),
			strings.HasPrefix(name, "VSHA512"), strings.HasPrefix(name, "VSM3"):
			t[op] = readsWrites + 1
		case strings.HasPrefix(name, "VCOMI"), strings.HasPrefix(name, "VUCOMI"), strings.HasPrefix(name, "VCOMX"),
			strings.HasPrefix(name, "VUCOMX"), strings.HasPrefix(name, "KORTEST"), strings.HasPrefix(name, "KTEST"):
			t[op] = reads + 1
		case strings.HasPrefix(name, "PREFETCH"), strings.HasPrefix(name, "F"): // x87 works on its own stack
			t[op] = reads + 1
		}
	}
	set(writes, `MOV MOVZX MOVSX MOVSXD MOVBE LEA POP LZCNT TZCNT POPCNT
		MOVAPD MOVAPS MOVD MOVDDUP MOVDQ2Q MOVDQA MOVDQU MOVMSKPD MOVMSKPS MOVNTDQ MOVNTDQA MOVNTI MOVNTPD MOVNTPS
		MOVNTQ MOVNTSD MOVNTSS MOVQ MOVQ2DQ MOVSHDUP MOVSLDUP MOVUPD MOVUPS LDDQU PMOVMSKB PSHUFD PSHUFHW PSHUFLW PSHUFW
		SQRTPD SQRTPS RCPPS RSQRTPS ROUNDPD ROUNDPS PHMINPOSUW AESIMC AESKEYGENASSIST EXTRACTPS
		RDFSBASE RDGSBASE RDRAND RDSEED RDPID RDSSPD MOVDIRI WRSSD VMREAD SLDT SMSW STR SGDT SIDT STMXCSR IN
		FST FSTP FIST FISTP FISTTP FBSTP FNSTCW FNSTENV FNSTSW FNSAVE FXSAVE FXSAVE64
		XSAVE XSAVE64 XSAVEC XSAVEC64 XSAVEOPT XSAVEOPT64 XSAVES XSAVES64
		ANDN BEXTR BLSI BLSMSK BLSR BZHI MULX PDEP PEXT RORX SARX SHLX SHRX`)
	set(reads, `CMP TEST BT PUSH COMISD COMISS UCOMISD UCOMISS PTEST PCMPESTRI PCMPESTRM PCMPISTRI PCMPISTRM
		VPTEST VTESTPD VTESTPS VPCMPESTRI VPCMPESTRM VPCMPISTRI VPCMPISTRM VPCMPESTRI64 VPCMPESTRM64 VPCMPISTRI64 VPCMPISTRM64
		CALL JMP LCALL LJMP RET LRET ENTER INT NOP OUT CLFLUSH INVLPG INVPCID LGDT LIDT LLDT LMSW LTR LDMXCSR VLDMXCSR VERR VERW
		WRFSBASE WRGSBASE INCSSPD RSTORSSP CLRSSBSY CLWB CLFLUSHOPT CLDEMOTE TPAUSE UMWAIT UMONITOR VMWRITE BOUND MONITOR MWAIT MUL DIV IDIV FXRSTOR FXRSTOR64 XRSTOR XRSTOR64 XRSTORS XRSTORS64 MASKMOVDQU MASKMOVQ VMASKMOVDQU
		LODSB LODSW LODSD LODSQ OUTSB OUTSW OUTSD XLATB UD0 UD1 CMPSB CMPSW CMPSD CMPSQ SCASB SCASW SCASD SCASQ
		VGATHERPF0DPD VGATHERPF0DPS VGATHERPF0QPD VGATHERPF0QPS VGATHERPF1DPD VGATHERPF1DPS VGATHERPF1QPD VGATHERPF1QPS`)
	set(writes, `MOVSB MOVSW MOVSD MOVSQ STOSB STOSW STOSD STOSQ INSB INSW INSD`)
}

// classOf returns what op does with its first operand.
func (o *ops) classOf(op x86asm.Op, vex bool) uint8 {
	if c := o.class[op]; c != 0 {
		return c - 1
	}
	if vex {
		return writes
	}
	return readsWrites
}

// implicitRegs lists registers that an operation uses > and defines without
// naming them.
const implicitRegs = `
MUL AX > AX DX
DIV AX DX > AX DX
IDIV AX DX > AX DX
MULX DX >
CBW AX > AX
CWDE AX > AX
CDQE AX > AX
CWD AX > DX
CDQ AX > DX
CQO AX > DX
CMPXCHG AX > AX
CMPXCHG8B AX BX CX DX > AX DX
CMPXCHG16B AX BX CX DX > AX DX
CPUID AX CX > AX BX CX DX
RDTSC > AX DX
RDTSCP > AX CX DX
RDPMC CX > AX DX
RDPKRU CX > AX DX
WRPKRU AX CX DX >
CLZERO AX >
TPAUSE AX DX >
UMWAIT AX DX >
RDMSR CX > AX DX
WRMSR AX CX DX >
XGETBV CX > AX DX
XSETBV AX CX DX >
LAHF > AX
SAHF AX >
XLATB AX BX > AX
LOOP CX > CX
LOOPE CX > CX
LOOPNE CX > CX
JCXZ CX >
JRCXZ CX >
PUSH SP > SP
PUSHF SP > SP
PUSHFQ SP > SP
POP SP > SP
POPF SP > SP
POPFQ SP > SP
CALL SP >
LCALL SP >
RET SP >
LRET SP >
IRET SP >
IRETD SP >
IRETQ SP >
LEAVE BP > SP BP
ENTER SP BP > SP BP
MOVSB SI DI > SI DI
MOVSW SI DI > SI DI
MOVSD SI DI > SI DI
MOVSQ SI DI > SI DI
CMPSB SI DI > SI DI
CMPSW SI DI > SI DI
CMPSD SI DI > SI DI
CMPSQ SI DI > SI DI
STOSB AX DI > DI
STOSW AX DI > DI
STOSD AX DI > DI
STOSQ AX DI > DI
SCASB AX DI > DI
SCASW AX DI > DI
SCASD AX DI > DI
SCASQ AX DI > DI
LODSB SI > SI AX
LODSW SI > SI AX
LODSD SI > SI AX
LODSQ SI > SI AX
INSB DX DI > DI
INSW DX DI > DI
INSD DX DI > DI
OUTSB DX SI > SI
OUTSW DX SI > SI
OUTSD DX SI > SI
SYSCALL AX DI SI DX R10 R8 R9 > AX CX R11
SYSRET CX R11 >
MONITOR AX CX DX >
MWAIT AX CX >
MASKMOVQ DI >
MASKMOVDQU DI >
VMASKMOVDQU DI >
PCMPESTRI AX DX > CX
PCMPESTRM AX DX > X0
PCMPISTRI > CX
PCMPISTRM > X0
VPCMPESTRI AX DX > CX
VPCMPESTRM AX DX > X0
VPCMPISTRI > CX
VPCMPISTRM > X0
PBLENDVB X0 >
BLENDVPD X0 >
BLENDVPS X0 >
SHA256RNDS2 X0 >
XSAVE AX DX >
XSAVE64 AX DX >
XSAVEC AX DX >
XSAVEC64 AX DX >
XSAVEOPT AX DX >
XSAVEOPT64 AX DX >
XSAVES AX DX >
XSAVES64 AX DX >
XRSTOR AX DX >
XRSTOR64 AX DX >
XRSTORS AX DX >
XRSTORS64 AX DX >
XABORT > AX
XBEGIN > AX
VZEROALL > X0 X1 X2 X3 X4 X5 X6 X7 X8 X9 X10 X11 X12 X13 X14 X15
`

type usesDefs struct{ uses, defs RegSet }

func (o *ops) implicits(named map[string]x86asm.Op) {
	for line := range strings.Lines(implicitRegs) {
		f := strings.Fields(line)
		if len(f) == 0 {
			continue
		}
		u := &o.implicit[named[f[0]]]
		set := &u.uses
		for _, name := range f[1:] {
			if name == ">" {
				set = &u.defs
				continue
			}
			*set |= 1 << slices.Index(amd64Names, name)
		}
	}
}
