// Package ptrinnoscan finds Go pointers that are stored where the garbage
// collector does not look for them.
//
// # Analyzer ptrinnoscan
//
// ptrinnoscan: a Go pointer is stored in memory that the garbage collector does not scan
//
// The collector finds pointers by the type that memory was allocated with. A
// []byte, an array of integers or a struct without pointers holds none, and
// neither does memory from C or from mmap: a pointer written there, through a
// cast, keeps nothing alive. What it points to is freed while it is still
// there, and a stack that moves does not correct it.
//
// The rule looks at every store of a value with pointers (pointers, strings,
// slices, interfaces, maps, closures, structs of such) whose address came
// through a cast, and works out what was allocated there: a variable, new or
// make, also when a function of the package hands the memory out, as an arena
// does. It reports high severity when no pointer was declared at that place,
// or when the memory is C's or mapped; medium severity when that is known by
// the type of a parameter only, or of a struct that is copied as a whole.
//
// Not findings: nil; pointers to package variables, functions and constants;
// pointers into the same kind of memory, as in a list inside an arena; values
// that a runtime.Pinner of the function holds.
package ptrinnoscan
