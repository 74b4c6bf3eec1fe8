// The twin of bad: go run . says nothing.
package main

import (
	"fmt"
	"runtime"
)

type node struct {
	key  int
	next *node
}

type link struct{ to *node }

//go:noinline
func (l *link) set() { l.to = &node{key: 3} }

//go:noinline
func (l *link) node() *node { return l.to }

var nodes []*node

func main() {
	var l link
	l.set()
	runtime.GC()
	for range 100000 {
		nodes = append(nodes, &node{})
	}
	if l.node().key != 3 {
		fmt.Println("harm: lost")
	}
}
