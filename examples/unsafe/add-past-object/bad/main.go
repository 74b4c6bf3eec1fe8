// Shown by: go run -gcflags=-d=checkptr=2 .
// It says: checkptr: pointer arithmetic result points to invalid allocation
package main

import (
	"fmt"
	"unsafe"
)

func main() {
	words := new([4]uint64)
	last := (*uint64)(unsafe.Add(unsafe.Pointer(words), 32)) // one too far
	fmt.Println(*last)
}
