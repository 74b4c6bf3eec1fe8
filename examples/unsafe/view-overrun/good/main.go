// The twin of bad: go run -gcflags=-d=checkptr=2 . says nothing.
package main

import (
	"fmt"
	"unsafe"
)

type header struct{ version, size uint64 }

//go:noinline
func newHeader() *header { return &header{1, 512} }

func main() {
	h := newHeader()
	all := unsafe.Slice((*byte)(unsafe.Pointer(h)), unsafe.Sizeof(*h))
	fmt.Println(all[3])
}
