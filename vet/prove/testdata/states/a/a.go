// Package a has code that its tests run, and code that they don't.
package a

import "unsafe"

// Seen breaks the rule when it is tested.
func Seen(n int) []byte {
	b := make([]byte, 8)
	return unsafe.Slice(&b[0], n+8) // violated view-overrun
}

// Never is not called.
func Never() []byte {
	b := make([]byte, 8)
	return unsafe.Slice(&b[0], 16) // unknown view-overrun
}

// Window is called, with what its callers know to be there.
func Window(p *byte, n int) []byte {
	return (*[1 << 20]byte)(unsafe.Pointer(p))[:n] // reached-clean view-overrun
}

// Literal ends the program.
func Literal(s string) {
	b := unsafe.Slice(unsafe.StringData(s), len(s))
	b[0] = 'X' // violated string-mutate
}

// Bits needs no memory, as long as nobody looks.
func Bits(f float64) uint64 { return *(*uint64)(unsafe.Pointer(&f)) }
