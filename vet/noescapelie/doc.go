// Package noescapelie finds promises that a pointer does not escape, made for
// functions that keep it.
//
// # Analyzer noescapelie
//
// noescapelie: a function promises not to keep a pointer, and keeps it
//
// The compiler cannot see into assembly and C. The comment go:noescape above a
// function without a body, and the line #cgo noescape above import "C", tell it
// that no pointer that the function is given is kept beyond the call. It then
// leaves what the pointers point to on the stack of the caller, which moves when
// it grows and is used for something else once the caller returns. Where the
// promise is wrong, what was kept points into that.
//
// For assembly the rule follows each pointer argument through registers to
// where it is stored: in a variable of the package or of another one, or in the
// memory behind another argument. The declaration in Go is reported. For C it
// asks what the function's own source says, when that is in the package; the
// #cgo line is reported when a call passes a Go pointer.
//
// A function in Go that hides its argument by way of an integer is reported by
// uintptr-roundtrip. Not findings: assembly that cannot be followed, storing
// the pointer in the function's own frame or result, arguments that are no
// pointers; C functions whose source is elsewhere.
package noescapelie
