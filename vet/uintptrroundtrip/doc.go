// Package uintptrroundtrip finds addresses of Go memory that are kept in
// integers for a while and then used as pointers again.
//
// # Analyzer uintptrroundtrip
//
// uintptrroundtrip: an address kept in a uintptr becomes a pointer again
//
// An integer is not a reference. While the address of an object is held in a
// uintptr only, the garbage collector may free the object, and a stack that
// grows moves its variables elsewhere; neither updates the integer. Package
// unsafe therefore allows the conversion from a pointer to uintptr and back
// only within one expression, with nothing but arithmetic in between.
//
// The rule follows integers from the conversion to unsafe.Pointer back to
// where an address was taken: uintptr(unsafe.Pointer(x)), the methods Pointer
// and UnsafeAddr of reflect.Value, or the Data field of a string's or slice's
// header. It sees through variables, loops, captured variables, struct fields,
// package variables, and calls and returns within the package.
//
// It reports high severity when the memory is Go's for certain (a variable,
// something made by new, make or a literal, or a typed pointer that any caller
// may pass) and medium when a typed Go pointer was loaded from memory or came
// from another package, or when the function takes an unsafe.Pointer from
// anyone. C memory, memory from mmap and other system calls, and package
// variables are neither freed nor moved by Go: no finding.
//
// Not findings either: pointer arithmetic in one expression, including &^ for
// alignment; integers that are printed, hashed, compared or tested for
// alignment and never become pointers; differences of two addresses;
// parameters of functions marked go:uintptrescapes or go:uintptrkeepalive.
//
// A function that does nothing but return its pointer by way of an integer
// (noescape) is reported when one of its callers in the package passes the
// address of a variable and lets the result outlive the call.
//
// The packages that implement Go's memory (runtime, reflect, internal/abi and
// the like) are exempt.
package uintptrroundtrip
