// Package cleak finds misuse that package typestate follows: C memory is not freed on some path.
//
// # Analyzer cleak
//
// cleak: C memory is not freed on some path
//
// What C.CString, C.CBytes, C.malloc and C functions that hand out memory
// return is not garbage-collected. On a path that neither frees it nor gives it
// to somebody else, it is lost; error returns are where that happens.
//
// The rule follows such memory from where it is made to every return. When no
// path gives it back or hands it on, the finding is the call that makes it; when
// some do, it is each return, or continue, that forgets it. Memory that a loop
// makes and overwrites in the next round is reported where it is made, and so is
// memory kept in a field of the package's own that all code only reads, where no
// package variable has the type of the struct. A function of the package that
// returns such memory makes its callers owe the release; if none of them does,
// the finding is the allocation.
//
// Handing on is: returning it, storing it in a field, a global, a map, an array
// or a channel, passing it to a finalizer, to a function of another package of
// which nothing is known, to a C function that keeps or frees it, as its body,
// its prototype or the table of well-known functions tells. A C function that
// only reads is not one. Of a C function that was not seen it is taken for
// granted that it does not take over what C.CString and C.CBytes copied, unless
// it gets a pointer to a function with it; it may take over other memory.
//
// The fix, defer C.free after the statement, is offered where no path frees the
// memory or hands it on, outside of loops.
//
// Not findings: paths that end in panic or os.Exit; paths on which the pointer is
// nil or the function that makes it reported an error; mappings.
//
// LeakSanitizer does not see what C.CString leaks.
package cleak
