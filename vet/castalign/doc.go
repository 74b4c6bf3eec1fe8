// Package castalign finds pointers that are given a type of larger alignment
// where the address does not have it and something depends on it.
//
// # Analyzer castalign
//
// castalign: a pointer is given a type that needs more alignment than its address has
//
// amd64 and arm64 load a plain number from any address, so a cast from *byte to
// *uint64 mostly works. Three things do not. Atomic operations need the
// alignment of their operand: they panic on 386 and arm, fault on arm64, and
// are slow or not atomic across cache lines elsewhere. The garbage collector
// looks for pointers at multiples of the word size only, so what a misaligned
// pointer field refers to is freed. And some processors (mips) fault on any
// such load.
//
// The rule follows the address from the first word of what was allocated, over
// fields, indexes and constant offsets, through the cast to the atomic
// operation, and knows the offset modulo 8. It reports the cast when the offset
// is not a multiple of what is needed, and, for an atomic operation right on
// the cast, when an index is not constant and nothing in the function rounds
// or tests it. Pointer-bearing types are reported for constant offsets. Plain
// loads are reported only if a processor that needs alignment is among the
// targets that were asked for.
//
// Not findings: the first word of an allocation or of a slice; indexes that
// are multiplied, shifted or masked to multiples; functions that test the
// address or the index before; C memory.
package castalign
