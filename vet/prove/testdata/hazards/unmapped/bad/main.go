// A mapping is used after another owner of it has unmapped it.
package main

import (
	"fmt"
	"syscall"
	"unsafe"
)

type file struct {
	data []byte
	hdr  *header
}

type header struct{ magic, size uint32 }

func open() *file {
	b, err := syscall.Mmap(-1, 0, 8192, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		panic(err)
	}
	return &file{b, (*header)(unsafe.Pointer(&b[4096]))}
}

func (f *file) close() {
	if err := syscall.Munmap(f.data); err != nil { // HISTORY: munmap-use
		panic(err)
	}
	f.data = nil
}

func main() {
	f := open()
	f.hdr.size = 3
	f.close()
	// Another mapping would like to have the place.
	g := open()
	fmt.Println(f.hdr.size, len(g.data)) // HAZARD: munmap-use
}
