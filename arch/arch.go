// Package arch describes the architectures moho reads, as data: registers and
// their roles in Go's ABI, the unit of a program counter, the rule that finds a
// caller's frame. Nothing here executes.
//
// Architectures are spelled as GOARCH. A program counter is counted in the
// runtime's own unit: bytes on amd64 and arm64; on wasm a function index and a
// resume block.
//
// # Untrusted input
//
// None: every value is a constant of this package.
//
// # Compatibility
//
// The order of Registers is the kernel's (on wasm the linker's) and never
// changes; roles are those of
// ABIInternal since Go 1.17 (amd64) and 1.18 (arm64).
//
// Source: $GOROOT/src/cmd/compile/abi-internal.md and
// $GOROOT/src/internal/goarch, go1.26.
package arch

import (
	"encoding/binary"
	"slices"
)

// Role is what Go's ABIInternal uses a register for.
type Role string

const (
	PC      Role = "pc"
	SP      Role = "sp"
	FP      Role = "fp"      // frame pointer: RBP, R29
	LR      Role = "lr"      // return address after a call: R30
	G       Role = "g"       // current goroutine: R14, R28
	Closure Role = "closure" // closure context: RDX, R26
	Flags   Role = "flags"
)

// A Register has the name gdb gives it and at most one role.
type Register struct {
	Name string
	Role Role
}

// An Arch is one architecture. Values are shared and must not be changed.
type Arch struct {
	Name    string // GOARCH
	PtrSize int    // bytes in a pointer as the runtime's tables store it
	Quantum int    // bytes per unit of the pc in a pc-value table
	Order   binary.ByteOrder

	// HasLR is true where a call leaves the return address in a register and a
	// leaf function may never store it.
	HasLR bool

	// BytePC is true where a program counter is the address of a byte of code.
	BytePC bool

	// Registers are in the order of the kernel's general register set
	// (elf_gregset_t); on wasm they are the module's globals, and then the pc.
	Registers []Register
}

// Index returns the position in Registers of the register with role r, or -1.
func (a *Arch) Index(r Role) int {
	return slices.IndexFunc(a.Registers, func(x Register) bool { return x.Role == r })
}

// RegisterIndex returns the position in Registers of the named register, or -1.
func (a *Arch) RegisterIndex(name string) int {
	return slices.IndexFunc(a.Registers, func(x Register) bool { return x.Name == name })
}

// ByName returns the architecture that GOARCH calls name, or nil.
func ByName(name string) *Arch {
	for _, a := range []*Arch{AMD64, ARM64, WASM} {
		if a.Name == name {
			return a
		}
	}
	return nil
}

// AMD64's registers are in the order of struct user_regs_struct,
// linux/arch/x86/include/asm/user_64.h.
var AMD64 = &Arch{
	Name: "amd64", PtrSize: 8, Quantum: 1, Order: binary.LittleEndian, BytePC: true,
	Registers: []Register{
		{"r15", ""},
		{"r14", G},
		{"r13", ""},
		{"r12", ""},
		{"rbp", FP},
		{"rbx", ""},
		{"r11", ""},
		{"r10", ""},
		{"r9", ""},
		{"r8", ""},
		{"rax", ""},
		{"rcx", ""},
		{"rdx", Closure},
		{"rsi", ""},
		{"rdi", ""},
		{"orig_rax", ""},
		{"rip", PC},
		{"cs", ""},
		{"eflags", Flags},
		{"rsp", SP},
		{"ss", ""},
		{"fs_base", ""},
		{"gs_base", ""},
		{"ds", ""},
		{"es", ""},
		{"fs", ""},
		{"gs", ""},
	},
}

// ARM64's registers are in the order of struct user_pt_regs,
// linux/arch/arm64/include/uapi/asm/ptrace.h.
var ARM64 = &Arch{
	Name: "arm64", PtrSize: 8, Quantum: 4, Order: binary.LittleEndian, BytePC: true, HasLR: true,
	Registers: []Register{
		{"x0", ""},
		{"x1", ""},
		{"x2", ""},
		{"x3", ""},
		{"x4", ""},
		{"x5", ""},
		{"x6", ""},
		{"x7", ""},
		{"x8", ""},
		{"x9", ""},
		{"x10", ""},
		{"x11", ""},
		{"x12", ""},
		{"x13", ""},
		{"x14", ""},
		{"x15", ""},
		{"x16", ""},
		{"x17", ""},
		{"x18", ""},
		{"x19", ""},
		{"x20", ""},
		{"x21", ""},
		{"x22", ""},
		{"x23", ""},
		{"x24", ""},
		{"x25", ""},
		{"x26", Closure},
		{"x27", ""},
		{"x28", G},
		{"x29", FP},
		{"x30", LR},
		{"sp", SP},
		{"pc", PC},
		{"pstate", Flags},
	},
}

// WASM's registers are the globals that Go's linker defines, in their order, and
// the program counter, which no global holds. A memory alone has none of them.
// There is no frame pointer. The runtime's pointers are 8 bytes wide although
// addresses fit 4.
//
// Source: $GOROOT/src/cmd/link/internal/wasm/asm.go (writeGlobalSec), go1.16 to go1.27.
var WASM = &Arch{
	Name: "wasm", PtrSize: 8, Quantum: 1, Order: binary.LittleEndian,
	Registers: []Register{
		{"sp", SP},
		{"ctxt", Closure},
		{"g", G},
		{"ret0", ""},
		{"ret1", ""},
		{"ret2", ""},
		{"ret3", ""},
		{"pause", ""},
		{"pc", PC},
	},
}
