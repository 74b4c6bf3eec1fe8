// Package cgoptrinarg finds Go pointers inside of memory that C gets.
//
// # Analyzer cgoptrinarg
//
// cgoptrinarg: memory that C gets to see holds a Go pointer that is not pinned
//
// Go code may pass C a pointer to Go memory only if that memory holds no Go
// pointers, or all of them are pinned: only what the argument itself points to
// is kept alive and in place. cgo checks some of this as the program runs and
// panics. Go code may not store a Go pointer in C memory at all unless the
// object is pinned, because the garbage collector never looks there; nothing
// checks that in an ordinary build.
//
// The rule reports, with high severity, a call of a C function whose argument
// points to a Go variable, struct, array or slice in which the same function
// has put a pointer to Go memory; the argument is reported at the call. And it
// reports a store of a pointer to Go memory in C memory.
//
// Not findings: pointers to C memory and package variables; objects that a
// runtime.Pinner holds before the call or the store; nil; memory in which
// nobody is seen to put a Go pointer.
package cgoptrinarg
