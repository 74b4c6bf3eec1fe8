//go:build linux

// Package bad uses package lib as if it kept objects in place.
package bad

import (
	"unsafe"

	"hazards.test/across/lib"
)

// Made by the other package.
func Made() *lib.Node {
	u := lib.Address()
	return (*lib.Node)(unsafe.Pointer(u)) // HAZARD: uintptr-roundtrip
}

// Ended: the frame of lib.Local is gone.
func Ended() *lib.Node {
	u := lib.Local()
	return (*lib.Node)(unsafe.Pointer(u)) // HAZARD: uintptr-escapes-frame, uintptr-roundtrip
}

// Given its own object's address.
func Given(n *lib.Node) *lib.Node {
	return (*lib.Node)(unsafe.Pointer(lib.Of(n))) // HAZARD: uintptr-roundtrip
}

// Moved by the other package.
func Moved(n *[2]lib.Node) *lib.Node {
	u := lib.Next(uintptr(unsafe.Pointer(n)))
	return (*lib.Node)(unsafe.Pointer(u)) // HAZARD: uintptr-roundtrip
}

// Read by the other package.
func Read(n *lib.Node) int {
	u := uintptr(unsafe.Pointer(n))
	return lib.Peek(u) // HAZARD: uintptr-roundtrip
}

// Request by the other package.
func Request() (v uint32) {
	lib.Control(0, 0x541b, uintptr(unsafe.Pointer(&v))) // HAZARD: syscall-split
	return v
}
