// Package asmframe finds assembly that uses its stack frame where there is none.
//
// # Analyzer asmframe
//
// asmframe: assembly writes outside its own stack frame
//
// TEXT ·f(SB), $frame-args opens frame bytes for locals and for the arguments
// of what f calls. The assembler adds to that: 8 bytes for BP on amd64 unless
// the function is a leaf without a frame or NOFRAME; on arm64 8 bytes for LR at
// 0(RSP), and 8 or 16 at the top, so that SP stays a multiple of 16. The top 8
// bytes on arm64 are not the function's to use: there the caller has saved its
// frame pointer, at -8 from its own SP, and will load it from there.
//
// The rule computes where every operand in memory lies that is based on SP, on
// a name with (SP), or on a register that holds an address of the frame, and
// reports:
//
//   - writes to the return address, to the saved BP, LR or R29 (which lies 8
//     bytes below SP on arm64, so that STP.W overwrites it in a function that
//     has a frame);
//   - on arm64, writes to the 8 bytes below SP on entry, in leaf functions and
//     in those that move SP by hand too (STP.W (R19, R20), -16(RSP));
//   - accesses below SP, where the next signal or call may write (medium, the
//     first in each function);
//   - accesses above what the TEXT directive asked for: in bytes that only the
//     assembler's rounding gives (medium), beyond what the TEXT directive says
//     that the caller passes (high for writes), or to arguments by way of SP
//     instead of by name (low, for it works until the frame changes);
//   - calls with less room at the bottom of the frame than the callee's
//     arguments and results take: the callee writes its results over the
//     caller's saved registers and return address;
//   - frame sizes that the assembler refuses: not a multiple of 8, or not 0 in
//     a NOFRAME function on arm64.
//
// Not findings: reads of the return address, stores that put a saved register
// back where it was, accesses through addresses that can't be followed, and
// the runtime's own switches between stacks.
package asmframe
