// Package asmargs finds assembly that disagrees with its Go declaration.
//
// # Analyzer asmargs
//
// asmargs: assembly does not match the arguments of its Go declaration
//
// A function that is declared in Go without a body and written in assembly gets
// its arguments and returns its results in memory at FP, laid out like the
// fields of a struct with the results at the next multiple of 8. The rule
// compares the two for the target at hand:
//
//   - the size of arguments and results in TEXT ·f(SB), $frame-args;
//   - each x+8(FP): the name, the offset, and the width of the access, by the
//     names that Go uses for parts (x_base, x_len, x_cap, x_itable, x_data,
//     x_real, x_field, x_0; ret, ret1 for results without a name);
//   - the same for accesses by way of a register that holds an address of the
//     arguments, after LEAQ x+0(FP), AX on amd64 or MOVD $x+0(FP), R0 on arm64:
//     what lies there, how wide it is, and where the arguments end;
//   - results that no path to a RET writes, each result by itself; low when
//     another RET has it written;
//   - a function that takes arguments and has no Go declaration.
//
// It knows what go vet's asmdecl knows and goes on where that ends: every
// result and not only the one without a name, the width of loads and stores on
// arm64 and of vector instructions, macros, and code behind conditions for
// another target, which does not count.
//
// Severity is high for writes beyond a variable, wrong offsets, wrong sizes
// with a stack check, and results never written, for then the caller gets what
// was there before; medium for reads that take more than there is, and for
// wrong sizes in NOSPLIT functions; low for reads of the low half of a number,
// for accesses that go over into padding, for wrong names at the right offset,
// and for a missing declaration.
//
// Not findings: accesses that cover all of an argument or result, or several
// whole fields of one (MOVOU of a string); results of functions that end in a
// jump to another function, or that give the address of their arguments away;
// ABIInternal functions, whose arguments are in registers.
package asmargs
