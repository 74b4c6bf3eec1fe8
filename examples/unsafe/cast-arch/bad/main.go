// Shown by: GOARCH=386 go run .
// It says: harm: size 0
package main

import (
	"fmt"
	"unsafe"
)

type entry struct {
	magic, flags uintptr
	size         int
}

type record struct { // as it lies on disk
	magic, flags uint64
	size         int64
}

//go:noinline
func decode(r *record) *entry {
	return (*entry)(unsafe.Pointer(r)) // HAZARD: cast-arch
}

func main() {
	r := &record{magic: 1, size: 77}
	if e := decode(r); e.size != 77 {
		fmt.Println("harm: size", e.size)
	}
}
