// Package asmflow follows what assembly code does to its stack: where SP is at
// every instruction, what the assembler's own tables believe, which addresses
// of the frame are held in registers, and which of the registers that a caller
// relies on still hold what they held on entry.
//
// All of it is exact or absent: a value that the analysis cannot follow is
// unknown, and no rule reports on the unknown. A value that differs between
// two ways to one instruction is unknown too, except that a register clobbered
// on one of them counts as clobbered: the path exists.
//
// # Untrusted input
//
// Source code under analysis. The walk over a function ends because every join
// only loses knowledge; MaxSlots bounds what a state holds, and MaxBlocks how many
// there are.
//
// # Compatibility
//
// Internal to vet. What the assembler adds to a frame is that of Go 1.21 and
// newer on amd64 (since when PUSHQ BP opens it) and of all releases on arm64.
package asmflow

// MaxSlots is how many stack slots with a known content a state may hold: the
// registers worth saving are few.
const MaxSlots = 64

// MaxBlocks is how many blocks of straight code a function may have to be
// followed; the largest in wide use has some 3,000.
const MaxBlocks = 1 << 16
