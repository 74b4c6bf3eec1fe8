// Package stringmutate finds writes to the bytes of strings.
//
// # Analyzer stringmutate
//
// stringmutate: the bytes of a string are written to
//
// A string never changes: the compiler shares its bytes between variables, keeps
// constants in memory that cannot be written to, and maps find a key by bytes
// that they hashed once. Through unsafe.StringData, a string's header read as a
// slice's, or a helper around those, the same bytes are there to be written to.
// A write to those of a constant ends the program with a fault that recover does
// not catch; one to those of another string changes every copy of it.
//
// The rule follows the memory that is written to back to where it came from:
// through slices, conversions, variables, fields, headers and helper functions,
// those of other packages included. What it takes for a write: an assignment to
// an element, copy, clear, append to a part of the slice, functions that fill,
// sort or reverse what they are given, Read methods, and functions of one's own
// that do any of this.
//
// When a function writes to what it is given, and only some of its callers give
// it the bytes of a string, the call is reported; when all do, the write is.
//
// Not findings: a write to a copy ([]byte(s), strings.Clone); a write to the
// bytes of a string that was made on the spot and that nothing else refers to; a
// string that is itself a view of a buffer (rule string-view-reuse is about
// those); reading.
package stringmutate
