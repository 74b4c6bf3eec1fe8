// Package lifetime answers who keeps a Go object alive, for how long, and what
// is gone when nobody does: which types have a finalizer or cleanup and what it
// gives back, where a function uses something of an object's after the object
// itself, and which strings and slices are laid over each other's bytes.
//
// An object is alive at an instruction when a value that refers to it is used
// later on some path: that is what the compiler's liveness maps say, and with
// them the garbage collector. Where it cannot be told who else refers to an
// object, it counts as held.
//
// # Untrusted input
//
// Source code under analysis. Walks over values and blocks visit each once;
// walks over calls end at [maxDepth].
//
// # Compatibility
//
// Internal to vet.
package lifetime

// maxDepth bounds how many calls deep a question about an object is followed.
const maxDepth = 6
