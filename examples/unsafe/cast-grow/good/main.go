// The twin of bad: go run -gcflags=-d=checkptr=2 . says nothing.
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
	l := &large{a: 1, b: 2}
	s := *(*small)(unsafe.Pointer(l)) // the beginning of it
	fmt.Println(s.b)
}
