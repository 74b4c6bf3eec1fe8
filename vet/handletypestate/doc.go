// Package handletypestate finds misuse that package typestate follows: a cgo.Handle is used after Delete, or never deleted.
//
// # Analyzer handletypestate
//
// handletypestate: a cgo.Handle is used after Delete, or never deleted
//
// A cgo.Handle is a key in a table of the runtime. Value and Delete panic when
// the key is not there; a handle that is never deleted keeps its value alive for
// good, because the table refers to it.
//
// The rule follows handles along the paths of the function. It reports Value and
// Delete after Delete, deferred ones included, and NewHandle whose result is
// neither deleted, returned, stored, nor passed to any function.
//
// Not findings: a handle that C is given, in whatever integer type: a callback
// may delete it.
package handletypestate
