// Package cside answers what a C function does with the pointers that Go code
// hands to it: whether it keeps one beyond the call, releases it, writes
// through it, reads it as a string that ends in NUL, and what its result is.
//
// It reads what belongs to a Go package: the comment above import "C", and the
// C files and headers beside it. A parser of its own takes declarations and the
// bodies of functions apart; it is no compiler and has no need of one. Callers
// learn from callees until nothing new is learnt. Functions of well-known
// libraries are in a table. What is not there is not known.
//
// # Untrusted input
//
// C source of packages under analysis. It is read and never run; no compiler
// or preprocessor is started. Texts, tokens, nesting, includes, macro
// expansions and rounds are bounded ([maxText], [maxTokens], [maxDepth] and
// others); what lies beyond is left out, which makes less known and nothing
// wrong. Included files are read only from the package's directory, from those
// below it, and from those that its #cgo lines name.
//
// # Compatibility
//
// Internal to vet.
package cside

// A Func is what is known of one C function.
type Func struct {
	Name     string
	Params   []Param
	Result   Result
	Variadic bool
	Body     bool // summed up from its body
	Known    bool // from the table of well-known functions
	File     string
	Line     int

	// Reads are the C variables behind whose pointers it may look, Sets those
	// that it assigns; of functions without a body neither is known.
	Reads, Sets []string
}

// A Param is one parameter, and what the function does with its argument.
type Param struct {
	Name string
	Type Type

	Keeps    bool   // the pointer is still somewhere when the call returns
	Where    string // where, in words: "global kept"
	Line     int    // the line that puts it there, in File
	File     string
	KeepsIn  []int // parameters whose memory it is put into
	Releases bool  // released on every path
	MayFree  bool  // released on some path
	Writes   bool
	NUL      bool // read up to a NUL
	Touches  bool // its memory is read or written, or it is handed on
	Unseen   bool // handed on to code that was not seen

	copied bool // its memory is copied to that of the first parameter
}

// A Result is what a function returns.
type Result struct {
	Type   Type
	Owned  bool  // new memory that the caller has to free
	Into   []int // parameters that it may point into
	Static bool  // memory that is always there
}

// A Type is a C type as far as it matters here.
type Type struct {
	Base  string // char, int, struct s, size_t
	Ptr   int    // levels of pointers
	Const bool   // what it points to may not be written
	Func  bool   // a function or a pointer to one
	Array bool
}

// IsString reports whether a parameter of type t is likely a string: a pointer
// to char.
func (t Type) IsString() bool { return t.Ptr == 1 && t.Base == "char" && !t.Func }

// IsPointer reports whether t is a pointer to data.
func (t Type) IsPointer() bool { return t.Ptr > 0 && !t.Func }
