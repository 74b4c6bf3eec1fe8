// Shown by: go run .
// It says: harm: lost
package main

import (
	"fmt"
	"runtime"
	"unsafe"
)

type node struct {
	key  int
	next *node
}

type link struct{ to uintptr }

//go:noinline
func (l *link) set() { l.to = uintptr(unsafe.Pointer(&node{key: 3})) }

//go:noinline
func (l *link) node() *node { return *(**node)(unsafe.Pointer(&l.to)) } // HAZARD: pun-uintptr-load

var nodes []*node

func main() {
	var l link
	l.set()
	runtime.GC() // sees no pointer to the node
	for range 100000 {
		nodes = append(nodes, &node{})
	}
	if l.node().key != 3 {
		fmt.Println("harm: lost")
	}
}
