// Package pointer takes addresses as numbers and makes pointers of them.
package pointer

import "unsafe"

// Peek makes a pointer of it.
func Peek(
	at uintptr, // HAZARD: wrapper-uintptr
) byte {
	return *(*byte)(unsafe.Pointer(at)) // HAZARD: uintptr-roundtrip
}

// First is how Peek is used.
func First(b []byte) byte { return Peek(uintptr(unsafe.Pointer(&b[0]))) }
