//go:build linux

// Package good uses package lib within the rules.
package good

import (
	"unsafe"

	"hazards.test/across/lib"
)

// Marked keeps it.
func Marked(n *lib.Node) int { return lib.Marked(uintptr(unsafe.Pointer(n))) }

// Mapped is not Go's memory.
func Mapped() *lib.Node {
	u := lib.Map()
	return (*lib.Node)(unsafe.Pointer(u))
}

// Peeked neither.
func Peeked() int { return lib.Peek(lib.Map()) }

// Compared numbers are no pointers.
func Compared(n *lib.Node) bool { return lib.Of(n) == lib.Address() }

// Request passes a number.
func Request() error { return lib.Control(0, 0x5401, 1) }
