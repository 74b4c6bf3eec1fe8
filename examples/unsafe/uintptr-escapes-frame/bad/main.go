// Shown by: go run .
// It says: harm:
// Seen by: checkptr=2
package main

import (
	"fmt"
	"unsafe"
)

//go:noinline
func address() uintptr {
	x := 42
	return uintptr(unsafe.Pointer(&x)) // x stays on the stack
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
	u := address()
	other()
	if v := *(*int)(unsafe.Pointer(u)); v != 42 { // HAZARD: uintptr-escapes-frame, uintptr-roundtrip
		fmt.Println("harm:", v)
	}
}
