// Package freegomemory finds misuse that package typestate follows: C.free is given what malloc did not return.
//
// # Analyzer freegomemory
//
// freegomemory: C.free is given what malloc did not return
//
// C.free takes what malloc, calloc, realloc and their like returned, and
// nothing else: the allocator finds its records just before the block. Given
// the address of a Go variable, of a slice's elements, of a string, of a mapping
// or of the middle of a block, it corrupts its heap or aborts.
//
// The rule reports C.free, and functions that end in it, when the pointer leads
// back to a Go variable, to memory made by new, make, append or a literal, to a
// package variable, a constant string, to a mapping, or to another place than
// the start of a block that C allocated in the same function.
//
// Not findings: pointers of which nothing is known, such as parameters; a field
// at offset 0.
package freegomemory
