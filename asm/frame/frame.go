package frame

import (
	"encoding/json"

	"moho/evidence"
	"moho/gotab"
)

// A Fact is a value with its origin. Why says how it was derived, or why it is
// unknown; Value is then zero.
type Fact[T any] struct {
	Value T
	How   evidence.Origin
	Why   string
}

// MarshalJSON writes null for a value that is unknown.
func (f Fact[T]) MarshalJSON() ([]byte, error) {
	out := struct {
		Value any             `json:"value"`
		How   evidence.Origin `json:"how"`
		Why   string          `json:"why,omitempty"`
	}{How: f.How, Why: f.Why}
	if f.How != evidence.Unknown {
		out.Value = f.Value
	}
	return json.Marshal(out)
}

// Known reports whether the value may be used.
func (f Fact[T]) Known() bool { return f.How != evidence.Unknown && f.How != "" }

func recorded[T any](v T) Fact[T] { return Fact[T]{Value: v, How: evidence.Recorded} }

func derived[T any](v T, why string) Fact[T] {
	return Fact[T]{Value: v, How: evidence.Derived, Why: why}
}

func unknown[T any](why string) Fact[T] { return Fact[T]{How: evidence.Unknown, Why: why} }

// Kind is what a slot is for.
type Kind string

const (
	ReturnPC  Kind = "return pc"          // amd64, wasm: where the CALL left it
	CallerLR  Kind = "caller's saved lr"  // arm64: 0(RSP) of the caller
	CallerFP  Kind = "caller's saved fp"  // arm64: -8(RSP) of the caller, a word that every frame leaves alone
	SavedFP   Kind = "saved fp"           // RBP or R29 as it was at the entry
	SavedLR   Kind = "saved lr"           // arm64: the return address
	Local     Kind = "local"              // a variable, or what the compiler keeps in memory for a while
	Object    Kind = "stack object"       // a variable whose address is taken and that holds pointers
	DeferBits Kind = "defer bits"         // one bit for each open-coded defer that was reached
	DeferSlot Kind = "deferred func"      // the closure of an open-coded defer
	Outgoing  Kind = "outgoing arguments" // of the functions that this one calls, and where they spill theirs
	Pushed    Kind = "pushed"             // below the frame: what the body pushes and pops again
	Argument  Kind = "argument"           // in memory: ABI0, and what does not fit registers
	Result    Kind = "result"             // the same
	ArgSpill  Kind = "argument spill"     // kept free by the caller for an argument that came in registers
	ArgArea   Kind = "argument area"      // of the caller's frame, not told apart
	Unused    Kind = "unused"             // touched by no instruction: padding, or only through pointers
)

// A Slot is a part of a frame: Size bytes at Off from the entry SP.
type Slot struct {
	Off     int64           `json:"off"`
	Size    int64           `json:"size"`
	Kind    Kind            `json:"kind"`
	Name    string          `json:"name,omitempty"` // of the variable, as DWARF has it
	Type    string          `json:"type,omitempty"`
	How     evidence.Origin `json:"how"`
	Why     string          `json:"why,omitempty"`
	Pointer bool            `json:"pointer,omitempty"` // some map calls a word of it a live pointer
	Loads   int             `json:"loads,omitempty"`   // instructions that read it by its offset from SP
	Stores  int             `json:"stores,omitempty"`
	Taken   int             `json:"taken,omitempty"` // instructions that take its address
}

// End returns the offset of the first byte after the slot.
func (s Slot) End() int64 { return s.Off + s.Size }

// A Live is a word of the frame that may hold a live pointer.
type Live struct {
	Off  int64  `json:"off"` // from the entry SP
	Name string `json:"name,omitempty"`
}

// A Call is one call of the function: what may be live while it runs.
type Call struct {
	Off    uint64 `json:"off"`              // of the instruction from the function's entry
	Callee string `json:"callee,omitempty"` // "" where it is not known statically
	Map    int    `json:"map"`              // index of the pointer maps
	// Live is nil, not empty, where the function has no pointer maps.
	Live []Live `json:"live"`
}

// A Frame is the layout of the frame of one function.
//
// Slots are ordered by Off, do not overlap and leave no gap between the lowest
// byte that the function uses and the end of its arguments.
type Frame struct {
	Name  string   `json:"name"`
	Entry gotab.PC `json:"-"`
	Arch  string   `json:"arch"`
	Size  uint64   `json:"size"` // of the code

	// Frame is by how much the prologue lowers SP, saved registers included.
	// Max is the most that SP is ever below the entry SP.
	Frame int64 `json:"frame"`
	Max   int64 `json:"max"`

	Text   Text    `json:"textDirective"`
	Opens  Shape   `json:"prologue"`
	Slots  []Slot  `json:"slots"`
	Calls  []Call  `json:"calls"`
	Ranges []Range `json:"classes"`

	// DeferReturn is the offset of the call of runtime.deferreturn at which the
	// function goes on after a recovered panic; 0 if it has none.
	DeferReturn uint32 `json:"deferReturn"`

	DWARF bool           `json:"dwarf"` // names and types come from debugging information
	Args  []gotab.Arg    `json:"-"`     // as ArgInfo has them
	SP    []gotab.Row    `json:"-"`     // the rows of pcsp
	Gaps  []evidence.Gap `json:"gaps,omitempty"`
}
