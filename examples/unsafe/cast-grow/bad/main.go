// Shown by: go run -gcflags=-d=checkptr=2 .
// It says: checkptr: converted pointer straddles multiple allocations
// Seen by: checkptr=2
package main

import (
	"fmt"
	"unsafe"
)

type (
	small struct{ a, b, c, d uint64 }
	large struct{ a, b, c, d, e, f, g, h uint64 }
)

func main() {
	s := &small{1, 2, 3, 4}
	// Reads 32 bytes of something else.
	l := *(*large)(unsafe.Pointer(s)) // HAZARD: cast-grow
	fmt.Println(l.h)
}
