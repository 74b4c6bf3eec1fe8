// Package prove runs a user's own tests and commands on a runtime that judges
// every unsafe conversion, every pointer given to C and every block of C memory,
// and says what that shows about the findings of vet.
//
// [Run] builds the programs that the packages have with a patched copy of the
// user's own runtime, which lives in moho's cache, and with packages that use
// unsafe rewritten on their way to the compiler. The programs are run under limits;
// what they report is matched to findings, and what matches none is a finding of
// its own. A report counts when it comes again in a second run.
//
// The parts, and the seams between them:
//
//	prove                   plan, build, run, match, states; this package
//	prove/internal/overlay  patches of the runtime: anchors, and text beside them
//	prove/internal/rt       the text: what is added to runtime and runtime/cgo
//	prove/internal/rewrite  what a package becomes between cgo and the compiler
//	prove/internal/report   the lines that a program under proof writes
//	prove/inject            directed injection on a plain build (to come)
//
// Between runtime and rewriter stand the functions of rt/runtime that have a
// linkname (mohoBorn, mohoHeader, …), declared again in rewrite's helper file.
// Between runtime and driver stand the environment (MOHO_PROVE_OUT and its
// siblings) and the lines of the report. Between runtime and C stands moho_control
// of rt/cgo/heap.h, declared again in rt/runtime/heap.go.
//
// # Untrusted input
//
// The packages are compiled and run, as go test does it: with the rights of the
// user, and without a network or file system of their own. Time, memory, output
// and reports are bounded.
//
// # Compatibility
//
// Linux on amd64, with Go 1.25 to 1.27. Another toolchain may do: a layer whose
// anchors are not in its source is left out, and the rules that need it stay
// unknown.
package prove
