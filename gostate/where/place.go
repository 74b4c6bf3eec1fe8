package where

import (
	"moho/core"
	"moho/gostate"
	"moho/gostate/heap"
)

// A Kind says what sort of memory an address is in.
type Kind string

const (
	Text      Kind = "text"      // machine code of the program
	ROData    Kind = "rodata"    // constants, and tables of the linker
	Data      Kind = "data"      // variables that begin with a value
	BSS       Kind = "bss"       // variables that begin as zeros
	Heap      Kind = "heap"      // an object of the Go heap, or a place for one
	Stack     Kind = "stack"     // of a goroutine or a thread
	FreeHeap  Kind = "free heap" // pages of the heap that nothing uses
	Anonymous Kind = "anonymous" // the runtime's own memory, or C's
	VDSO      Kind = "vdso"      // code that the kernel lends
	File      Kind = "file"      // of a mapped file other than the executable
	Reserved  Kind = "reserved"  // addresses without memory: a guard, or to be used later
	Unmapped  Kind = "unmapped"  // no memory of the process
)

// A Place is what there is at an address.
//
// Region is the mapping that the address lies in, nil if the core names none.
// Held says that the core, or the executable for it, has the byte. What the
// other fields are depends on Kind; those that do not apply are zero.
type Place struct {
	Addr   core.Addr
	Kind   Kind
	Region *core.Region
	Held   bool

	// Of text: innermost first the calls that the instruction is in, and how far
	// it is into the function that it is compiled into.
	Calls   []Call
	FuncOff uint64

	// Of data, bss and rodata. Symbol is "" for stripped programs.
	Symbol    string
	SymbolOff uint64
	Section   string // of the executable
	Is        string // what it is in the linker's tables, or the text that begins there

	// Of the heap, and Span of stacks in it.
	Span     *heap.Span
	Object   *heap.Object // nil in the tail of a span, which holds none
	Type     heap.Typing
	Specials []heap.Special

	// Of stacks. Owner is nil if it is nobody's; Frame is the physical frame
	// that the address is in, nil below the stack pointer.
	Owner     *heap.Owner
	Goroutine *gostate.Goroutine
	Frame     *gostate.Frame
	Slot      string // what the runtime keeps there: "return address", "saved frame pointer"
	Variable  string // of the frame, or of what was inlined into it, with its type
	FreeStack bool   // on the list of stacks that are to be used again

	// Of files.
	File    string
	FileOff int64
}

// A Call is a function that an instruction is in, compiled as such or inlined.
type Call struct {
	Func    string
	File    string
	Line    int
	Inlined bool
}
