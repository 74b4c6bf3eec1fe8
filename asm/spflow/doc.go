// Package spflow proves what the linker's tables say about the stack pointer.
// It follows the machine code of a function along all its paths, from SP at the
// entry, and takes nothing from the pcsp table; then the two are compared at
// every instruction that a path reaches. What agrees has been found twice, in
// two ways that share no code. DWARF is no such second way: the linker makes it
// from the same table.
//
// Besides the table three rules of the architectures are checked: SP is a
// multiple of 8 (amd64) or 16 (arm64) below its value at the entry, all paths
// to an instruction agree, and a function leaves with the SP it came with.
//
// What is assumed, because code alone cannot say it: a call comes back with SP
// as it was, and with the frame pointer, unless the callee is known never to
// come back; a frame's memory is changed only by stores whose address comes
// from SP. Functions that never return are found from the code, see [NoReturn].
//
// On WASM, where code has no addresses, the table has a value for each place at
// which a function can go on after a call. There, and at the calls, the global
// that is SP is proved in the same way; offsets are numbers of such places.
//
// # Untrusted input
//
// Any code and any table. Each instruction is decoded once and visited a number
// of times that is bounded by what can be known about registers; jump tables
// are read up to [maxTable] entries. What does not decode ends a path and is
// named in the result.
//
// # Compatibility
//
// amd64, arm64 and wasm of Go 1.18 to 1.27. Go 1.17 reads alike; tables of Go
// 1.16 do not say which functions write SP, so that some of those are shown as
// mismatches. The result is the JSON kind moho/spcheck/v1 (docs/schemas).
package spflow
