// Package asmtext reads Go's assembly language: the text of a .s file becomes
// functions, instructions and operands, with macros expanded and conditions
// resolved the way the assembler does it, and every instruction at the place
// in the user's file where it was written or where the macro that holds it was
// invoked.
//
// The reader knows the language, not the instruction sets: a mnemonic is a
// word. What it accepts is a superset of what the assembler accepts.
//
// # Untrusted input
//
// Source code under analysis. Nesting, macro expansion, included files and the
// total of tokens are bounded; what does not fit is an [Error] with the limit's
// name. Files are asked for by the names that #include gives, through a function
// that the caller provides and that decides what may be opened.
//
// # Compatibility
//
// Internal to vet. The language of Go 1.16 to 1.27 for amd64 and arm64.
package asmtext

import "fmt"

const (
	// MaxTokens is how many tokens one file may have after macro expansion.
	// Generated kernels come to 2 million without any macro.
	MaxTokens = 8 << 20

	// MaxExpanded is how many of them may come from macros, which double what
	// they are given, so that a page of text can stand for more than any memory
	// holds.
	MaxExpanded = 1 << 20

	// MaxPending is how many tokens of macros may wait to be read at a time.
	MaxPending = 1 << 18

	// MaxNesting is how deep macros and includes may be nested. The assembler
	// stops at 100 too.
	MaxNesting = 100

	// MaxIncludes is how many files one file may include, directly or not.
	MaxIncludes = 256

	// MaxSource is how long one file may be, in bytes.
	MaxSource = 16 << 20

	// MaxDepth is how deep parentheses may be nested in an expression.
	MaxDepth = 200
)

// A Loc is a place in one of the texts that a [File] was read from: the index
// of the source and the offset in it, in bytes.
type Loc struct {
	Source int
	Off    int
}

// A Source is one text: the file itself (the first one) or what it includes.
type Source struct {
	Name string
	Text []byte
}

// An Error says where a text is not Go assembly, or which limit it exceeds.
type Error struct {
	Loc Loc
	Msg string
}

func (e *Error) Error() string { return e.Msg }

func errorf(at Loc, format string, args ...any) *Error {
	return &Error{at, fmt.Sprintf(format, args...)}
}

// A File is one .s file as the assembler sees it, for one target.
type File struct {
	Sources []Source
	Funcs   []*Func
}

// A Func is one TEXT directive and the instructions up to the next.
//
// Name is the symbol as the linker will spell it, with "" in place of the
// current package: ".F" for ·F, "runtime.memmove" for runtime·memmove, "helper"
// for helper<>, which is Static.
type Func struct {
	Name   string
	Static bool
	ABI    string // "ABI0" unless a selector says otherwise
	Flags  int64
	Frame  int64 // bytes, as written
	Args   int64 // bytes, or ArgsUnknown
	At     Loc
	Insts  []Inst
}

// ArgsUnknown stands for a TEXT directive that gives no size of arguments.
const ArgsUnknown = -1

// Flags of TEXT that the rules know.
//
// Source: $GOROOT/src/runtime/textflag.h, go1.26.
const (
	DUPOK    = 2
	NOSPLIT  = 4
	WRAPPER  = 32
	NEEDCTXT = 64
	NOFRAME  = 512
	TOPFRAME = 2048
)

// An Inst is one instruction, or a directive inside a function (PCALIGN,
// FUNCDATA, PCDATA), which counts for jumps relative to PC.
type Inst struct {
	Op     string // upper case, without suffixes
	Suffix string // ".W", ".P", ".BCST.Z", …
	Args   []Operand
	Labels []string
	Target int // index of the instruction that a jump goes to, or -1
	At     Loc
	Macro  string // name of the outermost macro it comes from, or ""
	Body   Loc    // where it is written in that macro, when Macro is set
}
