// Package asmclobber finds assembly that destroys registers its caller needs.
//
// # Analyzer asmclobber
//
// asmclobber: assembly destroys a register that its caller relies on
//
// Under ABI0, which is what assembly outside the runtime has, a function may
// change every register except these, and the rule reports when one is not
// what it was on entry at a RET:
//
//   - BP on amd64 and R29 on arm64, the frame pointer. The execution tracer and
//     the mutex and block profilers unwind by it and follow whatever it holds.
//     The assembler saves and restores it in functions that have a frame or, on
//     amd64, call something; it does not in a leaf with $0 and under NOFRAME.
//     A call while it does not hold a frame pointer is reported too (medium);
//   - R30 on arm64, where RET jumps to. Functions with a frame that call
//     something have it saved. A leaf with a frame saves it and does not load
//     it again, and a NOFRAME function does neither;
//   - the g register on arm64, R28. Any write is reported, even one undone
//     later: a signal handler takes g from there. On amd64 R14 is g in
//     ABIInternal only; code that calls ABI0 loads it from thread-local storage
//     afterwards, so that ABI0 assembly may use R14;
//   - the direction flag on amd64, which STD sets: at calls too;
//   - the x87 state on amd64: an MMX register was used, and no EMMS follows.
//
// Functions with the selector <ABIInternal> must besides preserve R14 and leave
// X15 zero, at a RET and at calls of other ABIInternal functions.
//
// R18_PLATFORM on arm64 belongs to the operating system: a write is reported
// for darwin, ios and windows, where the system changes or uses it (medium).
//
// Not findings: R15 on amd64, which is scratch; the assembler itself refuses
// what would conflict with dynamic linking. R12, R13, and R16, R17, R27 on
// arm64. Registers that are saved and loaded again in any way that can be
// followed, and those whose content can't be told. The runtime's own packages
// may set g.
package asmclobber
