package evidence

// Place is where a piece of source will be met again in the linked program:
// the link key between a finding and a stack frame.
//
// Package is the linker's package path: "main" for commands, dots in the last
// element escaped as the linker does; empty for a symbol of assembly that has
// none, like helper<>. Symbol is the enclosing top-level
// function without type arguments: F, T.M, (*T).M, init.0. Closures is the
// chain of function literals and range-over-func bodies inside it, outermost
// first, in the compiler's words (func1, 2, range1); it is advisory, because
// the compiler renumbers literals that it drops or inlines. File is relative to
// the root of Module. Line and EndLine span the statement.
type Place struct {
	Package  string   `json:"package"`
	Symbol   string   `json:"symbol"`
	Closures []string `json:"closures,omitempty"`
	Module   string   `json:"module,omitempty"`
	Version  string   `json:"version,omitempty"` // empty for the main module
	File     string   `json:"file"`
	Line     int      `json:"line"`
	EndLine  int      `json:"endLine"`
}

// Frame is what a stack says about one call, physical or inlined: the linker
// name of the function and the position that the line table gives.
type Frame struct {
	Func string
	File string
	Line int
}
