// Package exportreturnsgoptr finds exported functions that return Go pointers
// to C.
//
// # Analyzer exportreturnsgoptr
//
// exportreturnsgoptr: a function exported to C returns a Go pointer that is not pinned
//
// A function with an //export comment is called by C, and what it returns is
// C's from then on. Nothing keeps Go memory alive that only C has a pointer to,
// so cgo checks the result: if it is or holds a pointer to Go memory that is not
// pinned, the program panics. Where the check is switched off, C is left with a
// pointer to memory that will be used for something else.
//
// The rule reports, with high severity, a return statement of an exported
// function with a result that is, or in which a field is, a pointer to a Go
// variable or to something that Go code allocated: pointers of any type, a
// string that is no constant, a slice, a map, a channel, a function literal, an
// interface.
//
// An interface around a number or another value without pointers is reported with
// medium severity: its data lies in Go memory all the same, but the check at run
// time looks at the value alone and lets it pass.
//
// Not findings: memory from C (C.CString, C.malloc), pointers that came from C
// as parameters, package variables, string constants, nil, objects that a
// runtime.Pinner holds; a cgo.Handle, which is an integer.
package exportreturnsgoptr
