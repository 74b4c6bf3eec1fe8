// Shown by: go run .
// It says: invalid pointer found on stack
// Seen by: checkptr=2
package main

import (
	"fmt"
	"unsafe"
)

//go:noinline
func grow(n int) int {
	var space [4096]byte
	if n == 0 {
		return int(space[7])
	}
	return grow(n-1) + int(space[n])
}

//go:noinline
func open() unsafe.Pointer {
	return unsafe.Pointer(uintptr(3)) // HAZARD: int-as-pointer
}

func main() {
	handle := open()
	grow(50) // the stack is copied, and its pointers are looked at
	fmt.Println(handle)
}
