// Package asmnosplit finds assembly that uses more stack than anybody checks.
//
// # Analyzer asmnosplit
//
// asmnosplit: assembly uses stack that no check has made sure of
//
// A function with a stack check makes sure of its frame, and of 800 bytes below
// it, for the functions without a check that it calls. NOSPLIT functions and
// what the assembler takes for such share these 800 bytes, less the return
// address on amd64 and the frame pointer on arm64: 792. The linker adds up the
// chains of such functions and refuses what is over that.
//
// The rule adds up what the assembly of one package needs, from what SP really
// does instead of from the sizes that the linker is told, and reports chains
// over 792 bytes. Those that the linker refuses too are found here for every
// target, without linking. Those that it cannot see:
//
//   - SUBQ $n, SP and LEAQ -n(SP), SP on amd64, pre-indexed stores and moves of
//     RSP on arm64, which are in no table;
//   - PUSHQ and SUB RSP below the frame of a function with a check: the linker
//     does not look into those;
//   - on arm64, NOFRAME functions without NOSPLIT: they get no check, and the
//     linker believes that they have one.
//
// Where the budget is larger (twice with -race, and on aix and openbsd) the
// finding still holds for builds without. What a callee in Go or in another
// package needs is not known here and counts as the return address only; so
// the rule reports what cannot be right, and misses what it cannot see.
//
// Not findings: a missing NOSPLIT where code runs on a stack of its own, which
// cannot be told from the text; functions that nothing in the package declares
// or calls, when the linker does not refuse them, for they may be entered from
// C on a stack of another size; the runtime's own packages.
package asmnosplit
