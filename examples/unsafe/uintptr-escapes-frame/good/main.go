// The twin of bad: go run . says nothing.
package main

import (
	"fmt"
	"unsafe"
)

//go:noinline
func address() unsafe.Pointer {
	x := 42
	return unsafe.Pointer(&x) // x moves to the heap
}

//go:noinline
func other() int {
	var y [16]int
	for i := range y {
		y[i] = i + 7
	}
	return y[3]
}

func main() {
	p := address()
	other()
	if v := *(*int)(p); v != 42 {
		fmt.Println("harm:", v)
	}
}
