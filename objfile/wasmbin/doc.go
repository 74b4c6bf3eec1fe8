// Package wasmbin is a WebAssembly module in its binary format: sections,
// types, imports, functions and where their bodies lie, tables, globals,
// exports, element and data segments, names.
//
// Parse checks the structure of the whole module, the framing and the indices
// of every instruction included. What it does not check is the types on the
// operand stack: a module that it accepts may still be one that an engine
// refuses. Read are version 2.0 of the core specification, and of what came
// after it: tail calls, extended constant expressions, typed function
// references, exceptions (with exnref), threads and relaxed SIMD. Multiple
// memories, 64-bit memories, garbage-collected types and components are refused
// by name.
//
// Offsets count from the start of the module; indices count imports first.
//
// # Untrusted input
//
// Modules. A count is compared with the bytes that remain and with a limit
// before anything is allocated; what can be read again is not kept. There is no
// recursion. An error names what is wrong and the offset.
//
// # Compatibility
//
// The set of features that are read grows.
//
// Source: WebAssembly core specification 2.0 and 3.0, "Binary Format" and
// "Validation".
package wasmbin
