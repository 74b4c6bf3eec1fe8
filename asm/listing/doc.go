// Package listing prints machine code: the whole of a program, streamed, with
// the source line and the stack pointer of every instruction; or one function
// with all that is known of it, one or two architectures side by side.
//
// # Untrusted input
//
// Code is read through asm, gotab, decode and frame. Work on a whole program is
// cut into units of a fixed number of functions, few of which are in memory at
// once; a function holds no more instructions than bytes. Names are escaped.
// Source files that a program names are looked for below directories that the
// caller trusts, and nowhere else.
//
// # Compatibility
//
// The text is for people and changes; moho/asm/v1 (docs/schemas) is a contract.
package listing
