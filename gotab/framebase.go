package gotab

// Offsets in a frame are given relative to the entry SP: the value of the stack
// pointer when the first instruction of the function is about to execute. On
// amd64 and wasm the return address lies at entry SP+0, because the call has
// pushed it; on arm64 it is in the link register, and entry SP+0 is the word in
// which the caller has saved its own.
//
// The tables themselves count from one of two other places, which the runtime
// calls argp and varp.

// ArgPointer returns where the arguments of every function begin, relative to
// its entry SP: 8 on all three architectures. Below lies the return address
// (amd64, wasm) or the caller's saved link register (arm64).
//
// Source: $GOROOT/src/runtime/traceback.go (resolveInternal) and MinFrameSize in
// $GOROOT/src/internal/goarch, go1.16 to go1.27.
func (t *Table) ArgPointer() int64 { return 8 }

// VarPointer returns where the local variables of a function end, relative to
// its entry SP, for a PC at which the function has a frame (its SPDelta is not
// 0): -8 on amd64 and arm64, below the saved frame pointer, and 0 on wasm.
//
// Source: $GOROOT/src/runtime/traceback.go (resolveInternal), go1.16 to go1.27.
// On arm64 a function saves the frame pointer below its own SP, and the word in
// that place is the one in which its caller has done so: see docs/ABI.md, F5.
func (t *Table) VarPointer() int64 {
	if t.mem.Arch().BytePC {
		return -8
	}
	return 0
}
