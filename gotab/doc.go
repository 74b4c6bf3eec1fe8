// Package gotab reads the tables that Go's linker leaves in every program for
// the runtime's own use: the pclntab (functions, files, lines, stack pointer
// deltas, inline trees), funcdata (which words of a frame hold pointers, which
// variables have their address taken, where deferred calls and arguments are),
// types and itabs, and the moduledata that says where everything is. They are
// there in stripped and in position independent programs too, in ELF, Mach-O, PE
// and WASM.
//
// The text base comes from the moduledata. Two shorter ways are wrong: the
// address of .text is not it when an external linker has put startup code in
// front, and the field of the pclntab header is 0 since Go 1.26.
//
// A [PC] is counted in the runtime's own unit at link time: a byte address on
// amd64 and arm64, funcindex<<16|block on wasm. Offsets within a function are
// in the same unit. Offsets within a frame are relative to the entry SP, the
// stack pointer at the function's first instruction: see [Table.ArgPointer].
//
// What no table says is not guessed from a version: releases that share a format
// and differ in a detail (the description of open-coded defers, the offsets of
// fields) are told apart by what the tables hold.
//
// # Untrusted input
//
// Any table may be malformed: every offset is checked against the table that
// it points into, walks are bounded by the size of their table, inline trees by
// [MaxInlineDepth], and the walk over types by the bytes that types have. What
// does not fit is an error or ok=false, never a panic. Strings are copies, and
// those of overlapping names are refused before they add up. FuncAt, SPDelta and
// the other look-ups that return numbers do not allocate.
//
// # Compatibility
//
// Tables of Go 1.16 to 1.27 are read; those of 1.2 to 1.15 are recognised and
// refused. A newer Go whose header is unchanged is read as far as its
// moduledata can be verified.
//
// Source: $GOROOT/src/runtime/symtab.go, $GOROOT/src/internal/abi/symtab.go,
// $GOROOT/src/internal/abi/type.go and $GOROOT/src/cmd/link/internal/ld/pcln.go
// of Go 1.16.15, 1.17.13, 1.18.10, 1.19.13, 1.20.14, 1.21.13, 1.22.12, 1.23.12,
// 1.24.13, 1.25.12, 1.26.8 and 1.27.3.
package gotab
