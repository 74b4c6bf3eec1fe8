// Package frame says what lies in the stack frame of one function of a Go
// program: at which offset what is kept, what is live at each call, which of
// its instructions make and unmake the frame, and the TEXT directive that
// somebody would write for it. It answers the question that people settle by
// hand in a debugger, too: given a PC and an SP, where do the caller's SP, PC
// and frame pointer lie.
//
// All offsets count from the entry SP, the value of the stack pointer when the
// first instruction of the function is about to execute. It does not change
// while the function runs, it moves with the stack when the runtime copies
// that, and it is the same on every architecture: arguments begin at entry
// SP+8. On amd64 entry SP+0 holds the return address. On arm64 that is in R30
// and, once the function has a frame, at 0(RSP); R29 is saved at -8(RSP), below
// the stack pointer. docs/ABI.md has the whole story.
//
// Each datum carries its origin: recorded, where a table of the program says
// it; derived, with how, where it was computed from code; unknown, with why.
//
// # Untrusted input
//
// Programs are read through asm, gotab and decode. Code is walked once and
// dataflow is bounded by the number of instructions; a function of more than
// [MaxInsts] is refused. Tables that contradict each other are gaps in the
// answer, not errors.
//
// # Compatibility
//
// The fields of moho/frame/v1 are those of the types here. How is a contract,
// the words of Why are not.
//
// Source: $GOROOT/src/cmd/internal/obj/x86/obj6.go and arm64/obj7.go
// (preprocess), $GOROOT/src/runtime/stkframe.go and traceback.go,
// go1.18 to go1.27.
package frame
