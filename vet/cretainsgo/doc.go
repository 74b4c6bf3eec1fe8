// Package cretainsgo finds Go pointers that C keeps after the call.
//
// # Analyzer cretainsgo
//
// cretainsgo: C keeps a Go pointer beyond the call that gave it
//
// While a C function runs, the Go memory that its arguments point to stays
// where it is and is not freed. That ends when the function returns. What C
// has put away by then, in a variable of its own, in memory that it allocated,
// in an object that it was also given, the garbage collector does not see: the
// object is freed and its memory is used for something else, and C reads or
// writes that. No check at run time sees it.
//
// The rule knows what C functions do from their bodies, which it reads in the
// comment above import "C" and in the C files beside the Go files, callees
// included, and from a table of functions of well-known libraries. It reports,
// with critical severity, an argument that points to a Go variable, to what Go
// code allocated, or to what a parameter with a Go type points to, for a
// parameter that the function stores in a global or static variable or in
// memory that lives on. It reports high severity when the function stores it in
// memory of C that another argument points to. A call of a Go function of
// another package that hands a parameter on in this way counts as well.
//
// An object that is pinned by a runtime.Pinner may be kept, as long as the pin
// lasts: when the pinner is a variable of the function that makes the call, the
// function unpins it, and nothing it does later makes C let go, that is reported
// too.
//
// Not findings: memory from C, package variables and functions; a cgo.Handle;
// functions that copy what they are given, or forget it before they return;
// functions whose code cannot be seen.
package cretainsgo
