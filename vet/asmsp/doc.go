// Package asmsp finds assembly that loses track of its stack pointer.
//
// # Analyzer asmsp
//
// asmsp: assembly leaves SP where nobody expects it
//
// The rule follows SP over every path from the entry of a TEXT to each RET, on
// amd64 and arm64, and beside it the value that the assembler writes into the
// tables by which the runtime unwinds. It reports:
//
//   - a RET, or a jump to another function, with SP not where it was on entry:
//     it returns to whatever lies there;
//   - two paths that meet with SP in different places;
//   - x+8(FP) or x-8(SP) after SP was moved in a way that the assembler does
//     not count: the name stands for another address than it seems. On amd64
//     the assembler counts PUSHQ, POPQ and ADJSP in the order of the text, and
//     not ADDQ, SUBQ or LEAQ; on arm64 it counts from the frame as it was
//     opened, whatever happens in between;
//   - a call of a function that may grow the stack, from one that moves SP in
//     a way that the tables do not have. The runtime then unwinds by wrong
//     sizes, or gives up with "traceback: unexpected SPWRITE function";
//   - SP that is not a multiple of 16 when memory is accessed through it on
//     arm64, which faults, or of 8 at a call on amd64.
//
// Severity is high, medium for SP that is misaligned on amd64. Not findings:
// what the runtime's own packages do with SP at a RET, a jump or a call;
// functions after which SP comes from a place that can't be followed (a stack
// switch), and paths that end in UNDEF or in a function of the runtime that
// does not return. What the assembler adds at RET for the frame of the TEXT
// directive is accounted for.
package asmsp
