// Package decode reads machine instructions of amd64 and arm64, one at a time:
// where an instruction ends, where control goes after it, what it does to the
// stack pointer and to the registers that hold addresses in the frame, and how
// it is written in three syntaxes. WASM, whose code is structured and not
// addressed by bytes, has its own reader here.
//
// The decoder underneath is golang.org/x/arch, with what it gets wrong put
// right: see docs/RATIONALE.md.
//
// # Untrusted input
//
// Code is any sequence of bytes. What is no instruction is an error that wraps
// [ErrUnknown] and says how many bytes to pass over, never a panic; nothing is
// read beyond the slice that was given. Memory for what is remembered between
// instructions is bounded by [MaxMemo].
//
// # Compatibility
//
// Text in a syntax changes when its tools' text changes; everything else is
// meant to be computed with and stays.
package decode

import (
	"errors"

	"moho/arch"
)

// ErrUnknown is wrapped by errors about bytes that are no instruction.
var ErrUnknown = errors.New("no known instruction")

// A Reg is a register by number: on amd64 0 to 15 are AX CX DX BX SP BP SI DI
// R8 to R15 in the processor's numbering and 32 to 63 are X0 to X31; on arm64 0
// to 30 are R0 to R30, 31 is the stack pointer (the zero register is NoReg) and
// 32 to 63 are V0 to V31.
type Reg uint8

// NoReg stands where there is no register: no base, no index, the zero register.
const NoReg Reg = 0xff

// A RegSet is a set of registers, bit i for Reg i.
type RegSet uint64

// Has reports whether r is in the set; NoReg is in none.
func (s RegSet) Has(r Reg) bool { return r < 64 && s>>r&1 != 0 }

// Flow is where control goes after an instruction.
type Flow uint8

const (
	Next         Flow = iota // to the next instruction
	Call                     // to Target, and back
	CallIndirect             // to an address in a register or in memory, and back
	Jump                     // to Target
	JumpIndirect             // to an address in a register or in memory
	Branch                   // to Target or to the next instruction
	Return                   // to the caller
	Trap                     // nowhere: UD2, INT3, HLT, BRK, UDF
)

// Op is what one [Effect] does.
type Op uint8

const (
	Nothing Op = iota
	Set        // Dst = N
	Copy       // Dst = Src + N: moves, LEA, additions of a constant, write-back
	Add        // Dst = Src + Src2
	Sub        // Dst = Src - Src2
	And        // Dst = Src & N: how SP is aligned
	Load       // Dst = 8 bytes at Src + N
	Store      // 8 bytes at Dst + N = Src; what is stored is not modelled if Src is NoReg
	Swap       // Dst and Src exchange what they hold
)

// An Effect is one step of what an instruction does to registers that may hold
// addresses. The effects of an instruction happen one after the other: a push
// is {Copy SP, SP, -8} and {Store SP, 0, src}. Registers that an effect does not
// have are NoReg.
//
// A call has none: they would say what holds when the callee has returned, where
// SP is as before and everything else is the calling convention's. Stores that
// are not of 8 bytes to a register plus a constant are in Mem alone.
type Effect struct {
	Op        Op
	Dst       Reg
	Src, Src2 Reg
	N         int64
}

// A Mem is a memory operand: Disp(Base)(Index*Scale), computed from what the
// registers hold before the instruction. PCRel says that there is no base and
// Disp is an absolute address, computed from the PC. What pushes, pops, calls
// and returns do on the stack is no operand.
type Mem struct {
	Base, Index Reg
	Scale       uint8
	PCRel       bool
	TLS         bool // relative to FS or GS, where a thread keeps its own
	Disp        int64
	Size        uint8 // bytes that are read or written, 0 if unknown or none (LEA)
	Load, Store bool
}

// An Inst is one instruction.
type Inst struct {
	PC     uint64
	Len    int
	Flow   Flow
	Target uint64 // of Call, Jump and Branch

	// Effects lists what happens to registers in ways that can be computed
	// with. A register in Defs that no effect sets gets a value that is not
	// modelled.
	Effects [4]Effect
	NEffect int

	// Uses and Defs are the registers that are read and written, those that the
	// instruction does not name included. Writing a part of a register defines
	// it and does not use it; so does clearing it by XOR with itself. Vector
	// operations that accumulate may use what they only define. Defs of calls
	// are empty: what a callee leaves is the calling convention's.
	Uses, Defs RegSet

	// Mem is the memory operand, if HasMem.
	Mem    Mem
	HasMem bool

	form *form // what the formatters need, as long as its key is this one
	key  key
}

// Syntax is how an instruction is written.
type Syntax uint8

const (
	GoSyntax    Syntax = iota // as Go's assembler reads it
	GNUSyntax                 // AT&T on amd64, the architecture's own on arm64
	IntelSyntax               // amd64 only
)

// A Symbolizer appends the name of the symbol at an address to dst, with "+0x…"
// if the address lies inside, or returns dst unchanged if it knows none.
type Symbolizer func(dst []byte, addr uint64) []byte

// A Decoder reads instructions of one architecture. It remembers what it has
// seen and must not be used concurrently: make one for each goroutine.
type Decoder struct {
	arch *arch.Arch // amd64 or arm64
	ops  *ops       // amd64
	memo memo

	texts    bool // text was asked for
	template template
}

// New returns a Decoder for amd64 or arm64; others are an error.
func New(a *arch.Arch) (*Decoder, error) {
	d := &Decoder{arch: a, memo: newMemo(memoBits)}
	switch a {
	case arch.AMD64:
		d.ops = amd64Ops()
	case arch.ARM64:
	default:
		return nil, errors.New("instructions of this architecture are not read")
	}
	return d, nil
}

// Decode reads the instruction at the start of code, which lies at pc, into in.
// The error wraps ErrUnknown; in then holds PC and, in Len, how many bytes to
// pass over (0 when code is empty), and nothing else.
func (d *Decoder) Decode(code []byte, pc uint64, in *Inst) error {
	var f *form
	if d.ops != nil {
		f = d.amd64(code)
	} else {
		f = d.arm64(code)
	}
	if f == nil {
		*in = Inst{PC: pc, Len: min(len(code), d.arch.Quantum)}
		return ErrUnknown
	}
	f.place(code, pc, in)
	return nil
}

// AppendText appends in, as Decode left it, in the given syntax, with what name
// knows about addresses. name may be nil.
func (d *Decoder) AppendText(dst []byte, in *Inst, s Syntax, name Symbolizer) []byte {
	if in.form == nil {
		return append(dst, '?')
	}
	if s != GoSyntax {
		return d.native(dst, in, s, name)
	}
	f := d.withText(in)
	t := f.template()
	return t.fill(dst, in.address(), name)
}
