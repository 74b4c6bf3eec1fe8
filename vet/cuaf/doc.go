// Package cuaf finds misuse that package typestate follows: C memory is used after it was freed.
//
// # Analyzer cuaf
//
// cuaf: C memory is used after it was freed
//
// C memory does not become garbage; it is given back by C.free or by a C
// library's own function, and from then on belongs to whoever allocates next.
// Reading it yields what others put there, writing to it destroys it, and
// neither Go nor its race detector sees anything.
//
// The rule follows each block from where it was made, or from the parameter or
// field that holds it, along the paths of the function. Conversions, copies of
// the pointer, fields of local structs, variables that closures capture, and
// views made by unsafe.Slice, unsafe.String or (*[N]T)(p)[:n:n] are the same
// memory. Deferred calls run where the function returns: a view that is
// returned while a deferred C.free waits is a use after that free. Functions
// that free what they are given, or a field of their receiver, are known, in
// other packages too.
//
// A finding is the use: reading or writing through a pointer or view, passing
// it to a C function or to a Go function that reads it, returning it, a C
// function that reads it through a variable in which C kept the address, or a
// goroutine that was started with it and that nothing waits for before the
// free.
//
// Severity is critical where the memory has been freed whenever the use is
// reached or nothing is decided between the two, high where the path depends on
// conditions in between.
//
// Not findings: copies (C.GoString, C.GoBytes, a struct that was read before);
// a pointer that is compared or printed; paths on which the pointer is nil,
// or on which a condition that guarded the free does not hold; what may or may
// not have been freed, because the function that was called decides that.
package cuaf
