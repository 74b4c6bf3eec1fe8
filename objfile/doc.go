// Package objfile is an executable on disk: its headers, the bytes at a
// link-time address, its symbols, who built it and under which Build ID.
//
// ELF, 64-bit Mach-O (a slice of a universal file too), PE32+ and WASM are read
// in full. 32-bit Mach-O and PE, XCOFF and Plan 9 files are identified (Format,
// Machine, OS) and give their Go build info; the rest of their methods return an
// error that wraps [ErrFormat] and says so.
//
// A WASM module has no file that is mapped: its one segment is the linear memory
// that its data segments describe, rebuilt when it is first asked for. Its
// functions have no addresses; see [File.WASMFunc]. All of a module but the
// types of operands is checked when it is opened; [File.ValidateWASM] checks
// those, and [File.WASM] has the rest of what it declares.
//
// Addresses are those that the linker chose ([Addr]); where a position
// independent program ends up in memory is the business of whoever has that
// memory. Nothing here says what a program counter is: see gotab.
//
// # Untrusted input
//
// Every file is hostile until proved otherwise. Counts are compared with the
// bytes that remain before anything is allocated, tables of sizes that do not
// fit the file are refused when it is opened, a compressed section may grow to
// [MaxSection] bytes and by a factor of [MaxInflateRatio], and no path that a
// file contains is opened. Malformed input is an error, never a panic: a
// [*FormatError] that names the field. Only regular files are opened.
//
// Where the system can, the file is mapped read-only rather than read. Slices
// that File hands out alias that mapping: they are valid until Close and must
// not be written to (the processor enforces that). Truncating a file while it
// is mapped kills the reader with SIGBUS, as it does with every mmap; strings
// are copies and outlive Close.
//
// # Compatibility
//
// The set of formats that are read in full grows; what a method returns for
// one that is read already does not change meaning.
package objfile
