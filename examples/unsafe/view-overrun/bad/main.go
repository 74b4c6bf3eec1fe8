// Shown by: go run -gcflags=-d=checkptr=2 .
// It says: checkptr: unsafe.Slice result straddles multiple allocations
// Seen by: checkptr=2
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
	// h has 16 bytes.
	all := unsafe.Slice((*byte)(unsafe.Pointer(h)), 512) // HAZARD: view-overrun
	fmt.Println(all[300])
}
