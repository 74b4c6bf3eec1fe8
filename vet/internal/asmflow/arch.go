package asmflow

import (
	"strconv"
	"strings"
)

// An Arch is what the analysis knows of an architecture.
//
// Every address on the stack is counted from FP, the address of the first
// argument: the caller's SP at the call, plus FPBias. Entry is SP on entry,
// which is -8 on both: below the return PC that CALL pushed on amd64, and at
// the slot of the caller's own link register on arm64.
type Arch struct {
	Name  string
	SP    string // the hardware register's name
	FP    string // frame pointer
	LR    string // link register, or ""
	G     string
	Align int64 // of SP
	regs  map[string]string
	index map[string]uint8 // of the registers that are followed
}

// Entry is SP on entry to a function, relative to FP, on every architecture
// here.
const Entry = -8

// Archs are the architectures that the rules know, by GOARCH.
var Archs = map[string]*Arch{"amd64": newAMD64(), "arm64": newARM64()}

// Register reports whether a word names a register or pseudo register.
func (a *Arch) Register(word string) bool {
	_, ok := a.regs[word]
	return ok || word == "SB" || word == "FP" || word == "PC"
}

// Whole returns the register that the named one is a part or a view of.
func (a *Arch) Whole(name string) string {
	if w, ok := a.regs[name]; ok {
		return w
	}
	return name
}

// follow numbers the registers whose content is followed, from 1.
func (a *Arch) follow(names string) *Arch {
	a.index = map[string]uint8{}
	for _, name := range strings.Fields(names) {
		a.index[name] = uint8(len(a.index) + 1)
	}
	return a
}

// numbered adds prefix0 to prefixN, as views of whole0 to wholeN.
func (a *Arch) numbered(prefix, whole string, n int) {
	for i := range n + 1 {
		a.regs[prefix+strconv.Itoa(i)] = whole + strconv.Itoa(i)
	}
}

// Source: $GOROOT/src/cmd/internal/obj/x86/list6.go and
// $GOROOT/src/cmd/asm/internal/arch/arch.go, go1.26.
func newAMD64() *Arch {
	a := &Arch{Name: "amd64", SP: "SP", FP: "BP", G: "R14", Align: 8, regs: map[string]string{}}
	for _, r := range []string{"A", "B", "C", "D"} {
		a.regs[r+"X"], a.regs[r+"L"], a.regs[r+"H"] = r+"X", r+"X", r+"X"
	}
	for _, r := range []string{"SP", "BP", "SI", "DI"} {
		a.regs[r], a.regs[r+"B"] = r, r
	}
	for i := 8; i <= 15; i++ {
		r := "R" + strconv.Itoa(i)
		a.regs[r], a.regs[r+"B"] = r, r
	}
	for _, p := range []string{"X", "Y", "Z"} {
		a.numbered(p, "X", 31)
	}
	for _, p := range []string{"F", "M", "K"} {
		a.numbered(p, p, 7)
	}
	for _, p := range []string{"CR", "DR", "TR"} {
		a.numbered(p, p, 15)
	}
	for _, r := range strings.Fields("CS SS DS ES FS GS GDTR IDTR LDTR MSW TASK TLS") {
		a.regs[r] = r
	}
	a.regs["g"] = "R14"
	return a.follow("AX BX CX DX SI DI BP R8 R9 R10 R11 R12 R13 R14 R15 X15")
}

// Source: $GOROOT/src/cmd/asm/internal/arch/arch.go (archArm64), go1.26.
func newARM64() *Arch {
	a := &Arch{Name: "arm64", SP: "RSP", FP: "R29", LR: "R30", G: "R28", Align: 16, regs: map[string]string{}}
	a.numbered("R", "R", 31)
	a.numbered("F", "F", 31)
	a.numbered("V", "F", 31)
	for name, whole := range map[string]string{"g": "R28", "LR": "R30", "R18_PLATFORM": "R18", "ZR": "ZR", "RSP": "RSP", "SP": "SP"} {
		a.regs[name] = whole
	}
	return a.follow(`R0 R1 R2 R3 R4 R5 R6 R7 R8 R9 R10 R11 R12 R13 R14 R15 R16 R17 R18 R19
		R20 R21 R22 R23 R24 R25 R26 R27 R28 R29 R30`)
}
