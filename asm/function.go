package asm

import (
	"bytes"

	"moho/arch"
	"moho/evidence"
	"moho/gotab"
	"moho/objfile"
)

// A Function is what is known of one function without following its code.
//
// Size is in bytes, from the entry to the exact end; on wasm it is the length of
// the module's function body, and for what is Foreign it reaches to the next
// function, padding included. Frame is how many bytes below its value at
// the entry SP goes at most: locals, outgoing arguments and what the prologue
// saves, without the return address that a call on amd64 pushes. Args are the
// bytes of arguments and results in the caller's frame. File and Line are where
// the function is declared, or "" and 0.
type Function struct {
	Name      string
	Entry     gotab.PC
	Size, Pad uint64
	Frame     int32
	Args      int32
	ArgsKnown bool
	File      string
	Line      int
	Check     StackCheck
	ABI       ABI
	Flags     Flags
}

// Flags are properties of a function.
type Flags uint8

const (
	TopFrame Flags = 1 << iota // recorded: outermost on its stack
	SPWrite                    // recorded: writes SP in a way that the tables can't say
	Asm                        // recorded: written in assembly
	Wrapper                    // recorded: made by the compiler, for a method or another ABI
	NoSplit                    // derived, on amd64 only: checks no stack
	Foreign                    // derived: not Go's; the tables have no size, frame or arguments
)

var flagNames = []string{"TOPFRAME", "SPWRITE", "ASM", "WRAPPER", "NOSPLIT", "FOREIGN"}

// Names returns the words for the flags that are set, as TEXT directives write
// them.
func (f Flags) Names() []string {
	names := []string{}
	for i, n := range flagNames {
		if f>>i&1 != 0 {
			names = append(names, n)
		}
	}
	return names
}

// Function returns what is known of fn. The error wraps objfile.ErrFormat: the
// tables of fn are malformed.
func (p *Program) Function(fn gotab.Func) (Function, error) {
	var f Function
	if err := p.Describe(&f, fn); err != nil {
		return Function{}, err
	}
	return f, nil
}

// Describe is [Program.Function] for callers that look at many. On error f
// holds nothing that is meant to be used.
func (p *Program) Describe(f *Function, fn gotab.Func) error {
	size, frame, err := fn.Bounds()
	if err != nil {
		return err
	}
	*f = Function{Name: fn.Name(), Entry: fn.Entry(), Size: size, Frame: frame}
	if p.Arch().BytePC { // the size is known: StackCheck would find it again
		if code, err := p.File.Slice(objfile.Addr(fn.Entry()), int(size)); err == nil {
			f.Check = p.checkOf(code)
		}
	} else {
		f.Check = p.StackCheck(fn)
	}
	if next := uint64(fn.Next() - fn.Entry()); p.Arch().BytePC && next > size {
		f.Pad = next - size
	}
	if !p.Arch().BytePC {
		body, _ := p.WASMBody(fn)
		f.Size = uint64(len(body))
	}
	if size == 0 && p.Foreign(fn) {
		f.Size, f.Pad, f.Check, f.Flags = f.Pad, 0, UnknownCheck, Foreign
		f.ABI = ABI{"unknown", evidence.Unknown}
		return nil
	}
	f.Args, f.ArgsKnown = fn.Args()
	if !f.ArgsKnown {
		f.Args = 0
	}
	w := fn.Walk()
	if at := w.At(0); at.File != gotab.NoFile {
		f.File, f.Line = p.file(at.File), int(at.Line)
		if l := fn.StartLine(); l > 0 {
			f.Line = l
		}
	}
	f.Flags = p.flags(fn, f.Check)
	f.ABI = p.abi(fn, f.Flags)
	return nil
}

func (p *Program) flags(fn gotab.Func, check StackCheck) Flags {
	out := p.recorded(fn)
	// On arm64 a leaf without a frame checks nothing and need not be NOSPLIT.
	if check == NoCheck && p.Arch() == arch.AMD64 {
		out |= NoSplit
	}
	return out
}

// Foreign reports whether fn is code of C that Go's own linker has put among Go's:
// an entry without any table. The linker's marks
// look the same and are called go:….
//
// Source: $GOROOT/src/cmd/link/internal/ld/pcln.go (generatePctab), go1.26.
func (p *Program) Foreign(fn gotab.Func) bool {
	if size, err := fn.Size(); err != nil || size > 0 || !p.Arch().BytePC || fn.Next() <= fn.Entry() {
		return false
	}
	var buf [128]byte
	name := fn.AppendName(buf[:0])
	return !bytes.HasPrefix(name, []byte("go:")) && !bytes.HasPrefix(name, []byte("go."))
}

// recorded returns the flags of fn that the table has.
func (p *Program) recorded(fn gotab.Func) Flags {
	out := Flags(fn.Flags()) & (TopFrame | SPWrite | Asm) // the same bits
	if p.IsWrapper(fn) {
		out |= Wrapper
	}
	return out
}

// file returns the name of a source file. Few files have many functions: each
// name is made once.
func (p *Program) file(id gotab.FileID) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	name, ok := p.files[id]
	if !ok {
		name = p.Table.File(id)
		if p.files == nil {
			p.files = map[gotab.FileID]string{}
		}
		p.files[id] = name
	}
	return name
}

// FileName returns the name of the source file that id stands for.
func (p *Program) FileName(id gotab.FileID) string { return p.file(id) }
