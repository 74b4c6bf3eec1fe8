package debuginfo

import (
	"strconv"

	"moho/arch"
)

// amd64Regs are the general registers in DWARF's order.
//
// Source: System V ABI, AMD64 supplement, figure 3.36.
var amd64Regs = [...]string{
	"rax", "rdx", "rcx", "rbx", "rsi", "rdi", "rbp", "rsp",
	"r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "rip",
}

// RegisterName returns the name of DWARF register n as package arch spells it,
// and xmm0 or v0 and so on for vectors; "" for others.
//
// Source: System V ABI, AMD64 supplement; DWARF for the Arm 64-bit Architecture.
func RegisterName(a *arch.Arch, n int) string {
	if a == nil || n < 0 {
		return ""
	}
	switch a.Name {
	case "amd64":
		switch {
		case n < len(amd64Regs):
			return amd64Regs[n]
		case n < 33:
			return "xmm" + strconv.Itoa(n-17)
		}
	case "arm64":
		switch {
		case n < 31:
			return "x" + strconv.Itoa(n)
		case n == 31:
			return "sp"
		case n >= 64 && n < 96:
			return "v" + strconv.Itoa(n-64)
		}
	}
	return ""
}
