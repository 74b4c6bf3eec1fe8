// Package debuginfo reads DWARF, as much of it as a view of machine code needs:
// which functions have code where, and what a function's variables are called,
// of which type they are and where they are at an instruction.
//
// It reads versions 2 to 5 of what Go's compiler and C compilers write into
// 64-bit little-endian programs and WASM modules. Lines are not read: for Go's
// own code package gotab has them from a table that is always there.
//
// Types that have a unit of their own (-fdebug-types-section) have no name here,
// and what lies in another file (-gsplit-dwarf, dwz) is not there.
//
// Opening looks for sections and reads none. A section is decompressed when it
// is first needed; the index of functions takes one pass over the headers of all
// entries, and one function's variables are read when they are asked for.
//
// Addresses are link-time addresses as the file states them; in a WASM module,
// offsets in the code section.
//
// # Untrusted input
//
// Every section is hostile until proved otherwise. Lengths are compared with the
// bytes that remain, tables of abbreviations may not overlap, so that reading
// them all takes time in proportion to their size, references are followed a
// bounded number of times and never recursively, and expressions are evaluated
// without loops or branches backwards. Malformed input is an error that wraps
// objfile.ErrFormat and names section and offset, or objfile.ErrLimit. A
// location that cannot be said in terms of registers, the frame and constants is
// a piece of kind Unknown, not an error.
//
// # Compatibility
//
// More producers, forms and operations may be understood later; what is read
// already does not change meaning.
//
// Source: DWARF Debugging Information Format, versions 4 and 5;
// $GOROOT/src/cmd/internal/dwarf, go1.26.
package debuginfo
