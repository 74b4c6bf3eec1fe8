// Package cgoptrinarg finds Go pointers inside of memory that C gets.
//
// # Analyzer cgoptrinarg
//
// cgoptrinarg: memory that C gets to see holds a Go pointer that is not pinned
//
// Go code may pass C a pointer to Go memory only if that memory holds no Go
// pointers, or all of them are pinned: only what the argument itself points to
// is kept alive and in place. cgo checks some of this as the program runs and
// panics.
//
// The rule reports, with high severity, a call of a C function whose argument
// points to a Go variable, struct, array or slice in which the same function
// has put a pointer to Go memory; the argument is reported at the call. Stores
// of such pointers in C memory itself are ptr-in-noscan's.
//
// Not findings: pointers to C memory and package variables; objects that a
// runtime.Pinner holds before the call or the store; nil; memory in which
// nobody is seen to put a Go pointer.
package cgoptrinarg
