package good

import "unsafe"

type node struct {
	next *node
	v    int
}

var (
	last  unsafe.Pointer
	count int
)

// Without the promise, what p points to is on the heap.
func keep(p *node)

//go:noescape
func sum(b []byte) int

// Stores what the pointer points to, not the pointer.
//
//go:noescape
func value(p *node)

// The register is something else by then.
//
//go:noescape
func other(p *node, n int)

// Writes through the pointer.
//
//go:noescape
func set(p *node, n int)

// Gives it back.
//
//go:noescape
func same(p *node) *node

// A length is no pointer.
//
//go:noescape
func length(b []byte)

func Use() int {
	n := new(node)
	keep(n)
	value(n)
	other(n, 1)
	set(n, 2)
	length(nil)
	return sum(nil) + same(n).v + count + int(uintptr(last)&1)
}
