// Package xcheck compares what a program says about its functions in several
// places: the pclntab, which the runtime reads, the symbol table, DWARF and the
// unwind table of PE files. They are written by different parts of the tool
// chain, so that where all agree on where a function begins, how long it is and
// what it is called, a listing can be believed; and where one was tampered with
// or is read wrongly, that shows.
//
// The pclntab is what the others are held against. Functions are compared by
// address, never by name: names occur twice in every program. Some differences
// are how the tools are meant to work; each of them is recognised by a rule of
// its own, as narrow as it can be made, and explained. All others are failures.
//
// # Untrusted input
//
// Programs are read through objfile, gotab and debuginfo, under their limits.
// What is kept grows with the number of functions that the file really has, and
// lists of differences are cut at [MaxListed] of each kind.
//
// # Compatibility
//
// Explanations are added when a new release of Go has a new habit. What is
// explained for one is explained for all.
package xcheck
