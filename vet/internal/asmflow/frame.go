package asmflow

import (
	"strings"

	"moho/vet/internal/asmtext"
)

// A Frame is what the assembler makes of a TEXT directive.
//
// Size is how far SP is below [Entry] in the body, in bytes: the frame as
// written, what is saved, and padding. Save is the part of it at the top that
// belongs to neither locals nor arguments: the saved BP on amd64, padding and
// the caller's frame pointer on arm64, where LR lies at the bottom in Low bytes.
type Frame struct {
	Size   int64
	Save   int64
	Low    int64
	Locals int64 // as written
	Leaf   bool  // no CALL, DUFFCOPY or DUFFZERO
	Check  bool  // the assembler inserts a stack check
	Split  bool  // the linker takes it for a function with a stack check
	None   bool  // NOFRAME, as written or as the assembler found
	Bad    string
}

// MaxLeaf is the size below which the assembler takes a leaf for NOSPLIT.
//
// Source: $GOROOT/src/internal/abi/stack.go (StackSmall), go1.26.
const MaxLeaf = 128

// FrameOf computes the frame of a function.
//
// Source: $GOROOT/src/cmd/internal/obj/x86/obj6.go and
// $GOROOT/src/cmd/internal/obj/arm64/obj7.go (preprocess), go1.26.
func (a *Arch) FrameOf(f *asmtext.Func) Frame {
	fr := Frame{Leaf: true, Locals: max(f.Frame, 0), None: f.Flags&asmtext.NOFRAME != 0}
	small := true
	for i := range f.Insts {
		switch op := f.Insts[i].Op; {
		case a.isCall(op):
			fr.Leaf = false
			small = small && zeroArg(f.Insts[i].Args)
		case a.Name == "amd64" && strings.HasPrefix(op, "DUFF"):
			fr.Leaf = false
		}
	}
	if a.Name == "arm64" {
		a.frameARM64(f, &fr)
		return fr
	}
	fr.Size = fr.Locals
	if !fr.None && (fr.Size != 0 || !fr.Leaf) {
		fr.Save = 8
		fr.Size += 8
	} else {
		fr.None = true
	}
	if fr.Size%8 != 0 {
		fr.Bad = "is not a multiple of 8"
	}
	fr.Split = f.Flags&asmtext.NOSPLIT == 0
	if fr.Split && fr.Size < MaxLeaf && (fr.Leaf || small && fr.Size < MaxLeaf-8) {
		fr.Split = false
	}
	fr.Check = fr.Split
	return fr
}

func (a *Arch) frameARM64(f *asmtext.Func, fr *Frame) {
	switch {
	case f.Frame == -8:
		fr.None = true
	case f.Frame < 0:
		fr.Bad = "is negative"
	case fr.None && f.Frame != 0:
		fr.Bad = "must be 0 in a NOFRAME function"
	}
	if fr.Leaf && fr.Locals == 0 {
		fr.None = true
	}
	fr.Size = fr.Locals
	if !fr.None {
		fr.Size += 8
		fr.Low = 8
	}
	if fr.Size != 0 {
		switch fr.Size % 16 {
		case 8:
			fr.Save = 8
		case 0:
			fr.Save = 16
		default:
			fr.Bad = "is not a multiple of 8"
			fr.Save = 16 - fr.Size%16
		}
		fr.Size += fr.Save
	}
	fr.Split = f.Flags&asmtext.NOSPLIT == 0
	if fr.Size == 0 {
		return // no prologue, so no check, whatever the linker thinks
	}
	if fr.Leaf && fr.Size < MaxLeaf {
		fr.Split = false
	}
	fr.Check = fr.Split
}

func (a *Arch) isCall(op string) bool {
	return op == "CALL" || op == "BL" && a.Name == "arm64"
}

// zeroArg reports a call that the assembler takes for one that a leaf may make.
func zeroArg(args []asmtext.Operand) bool {
	if len(args) != 1 {
		return false
	}
	switch args[0].Name {
	case "runtime.panicdivide", "runtime.panicwrap", "runtime.panicshift", "runtime.panicBounds", "runtime.panicExtend":
		return true
	}
	return false
}
