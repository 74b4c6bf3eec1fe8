package gotab

const (
	// WASMFirst is what the linker adds to the index of a function, so that its
	// program counter is no address that memory has.
	//
	// Source: funcValueOffset in $GOROOT/src/cmd/link/internal/wasm/asm.go,
	// go1.16 to go1.27.
	WASMFirst = 0x1000

	// wasmUnshifted tells text offsets of two forms apart: the PC as it is, until
	// Go 1.24, which is no less for any function, and since Go 1.25 the part
	// of it that says which function, which no number of functions makes as
	// large.
	//
	// Source: textAddr in $GOROOT/src/runtime/symtab.go, go1.24 and go1.25.
	wasmUnshifted = WASMFirst << 16
)

// CodeIndex returns the position of the function's body in the code section of
// its WebAssembly module. The module counts imported functions first: add their
// number for the index by which it calls the function. Not ok on other
// architectures.
func (f Func) CodeIndex() (uint32, bool) {
	i := f.Entry() >> 16
	if f.t.mem.Arch().BytePC || i < WASMFirst || i-WASMFirst > 0xffffffff {
		return 0, false
	}
	return uint32(i - WASMFirst), true
}
