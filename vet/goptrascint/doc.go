// Package goptrascint finds addresses of Go memory that reach C as integers.
//
// # Analyzer goptrascint
//
// goptrascint: the address of Go memory reaches C as an integer
//
// A Go pointer that is passed to C as a pointer stays what it is while C runs:
// the object is kept alive, and a variable whose address goes to C lives on
// the heap, where nothing moves. None of that holds for an integer. A variable
// may stay on the goroutine's stack, and the stack may move on the way into C
// itself: C then writes to where the variable used to be. An object on the heap
// that nothing else refers to may be freed meanwhile. And cgo's own checks at
// run time do not see integers.
//
// The rule reports, with critical severity, a call of a C function with an
// argument of integer type that can hold an address (uintptr_t, size_t, long
// and the like), and a store of such an integer into C memory, a field of a C
// struct or a variable of C, when the integer is the address of a Go variable,
// of what Go code allocated, or of what a parameter with a Go type points to.
// The address is followed through conversions, arithmetic, variables, fields,
// parameters and results of functions of the package. A call of a function of
// another package that hands an integer parameter on to C is treated as a call
// of C.
//
// Not findings: memory from C or mmap; package variables and functions, which
// stay where they are; objects that a runtime.Pinner holds; a cgo.Handle; the
// difference of two addresses, an address modulo something, its low bits.
package goptrascint
