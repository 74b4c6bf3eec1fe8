// Package privatelayout finds copies of the runtime's own structs, and compares
// them with the real ones.
//
// # Analyzer privatelayout
//
// privatelayout: code relies on the layout of a struct that is private to the runtime or the standard library
//
// What an interface, a map, a channel or a function value is made of, and what
// lies in the unexported fields of reflect.Value or sync.Mutex, is nobody's
// business but Go's, and changes: maps were rebuilt in Go 1.24, the iterator of
// maps in Go 1.18 and 1.24. Code that mirrors such a struct compiles as before
// and reads, or writes, the wrong words.
//
// The rule looks at casts from a pointer to an interface, map, channel or
// function, or to a struct of the standard library with unexported fields, to
// one's own struct; and at functions that go:linkname pulls out of the standard
// library with pointers to structs of one's own as parameters. It lays out the
// real struct from the source of the Go toolchain in use, and compares. Where
// the two differ, severity is high and the message names the first field at
// which they do. Where they agree, severity is low: nothing promises that they
// will in the next release. Where the real one can't be found it is medium.
//
// Not findings: the headers of strings and slices, which are documented; the two
// words of an interface, as long as they are two pointers or numbers; casts
// between structs with the same exported fields only.
package privatelayout
