// Package lib has a dot in its path.
package lib

import "unsafe"

var keep []byte

// Dotted returns a literal.
//
//go:noinline
func Dotted(p *int) func() *int {
	return func() *int {
		u := uintptr(unsafe.Pointer(p))
		keep = append(keep, make([]byte, 10)...)
		return (*int)(unsafe.Pointer(u)) // SYMBOL: place.test/dotted.name/lib%2ex.Dotted.func1
	}
}
