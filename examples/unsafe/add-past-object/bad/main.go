// Shown by: go run -gcflags=-d=checkptr=2 .
// It says: checkptr: pointer arithmetic result points to invalid allocation
// Seen by: checkptr=2, -asan
package main

import (
	"fmt"
	"unsafe"
)

func main() {
	words := new([4]uint64)
	// One too far.
	last := (*uint64)(unsafe.Add(unsafe.Pointer(words), 32)) // HAZARD: add-past-object
	fmt.Println(*last)
}
