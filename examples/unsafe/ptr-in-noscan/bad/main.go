// Shown by: go run .
// It says: harm: lost
package main

import (
	"fmt"
	"runtime"
	"unsafe"
)

type item struct {
	value int
	next  *item
}

//go:noinline
func build(arena []byte) *item {
	it := (*item)(unsafe.Pointer(&arena[0]))
	it.next = &item{value: 9} // HAZARD: ptr-in-noscan
	return it
}

var items []*item

func main() {
	arena := make([]byte, 4096) // bytes: no pointers are looked for here
	it := build(arena)
	runtime.GC()
	for range 100000 {
		items = append(items, &item{})
	}
	if it.next.value != 9 {
		fmt.Println("harm: lost")
	}
}
