// The twin of bad: go run -gcflags=-d=checkptr=2 . says nothing.
package main

import (
	"fmt"
	"unsafe"
)

func main() {
	words := new([4]uint64)
	last := (*uint64)(unsafe.Add(unsafe.Pointer(words), 24))
	fmt.Println(*last)
}
