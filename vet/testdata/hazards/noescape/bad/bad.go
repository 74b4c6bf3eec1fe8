package bad

import "unsafe"

type node struct {
	next *node
	v    int
}

var last unsafe.Pointer

//go:noescape
func keep(p *node) // HAZARD: noescape-lie

//go:noescape
func link(head, p *node) // HAZARD: noescape-lie

//go:noescape
func keepBytes(b []byte) // HAZARD: noescape-lie

//go:noescape
func keepText(n int, s string) int // HAZARD: noescape-lie

//go:noescape
func through(p unsafe.Pointer) // HAZARD: noescape-lie

func Use() *node {
	var n, m node
	keep(&n)
	link(&m, &n)
	keepBytes([]byte("text"))
	keepText(1, "text")
	through(unsafe.Pointer(&n))
	return (*node)(last)
}
