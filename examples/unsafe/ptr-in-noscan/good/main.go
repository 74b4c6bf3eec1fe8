// The twin of bad: go run . says nothing.
package main

import (
	"fmt"
	"runtime"
)

type item struct {
	value int
	next  *item
}

//go:noinline
func build(arena []item) *item {
	it := &arena[0]
	it.next = &item{value: 9}
	return it
}

var items []*item

func main() {
	arena := make([]item, 256)
	it := build(arena)
	runtime.GC()
	for range 100000 {
		items = append(items, &item{})
	}
	if it.next.value != 9 {
		fmt.Println("harm: lost")
	}
}
