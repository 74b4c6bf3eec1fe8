// Mappings are used as long as they are there.
package main

import (
	"fmt"
	"syscall"
	"unsafe"
)

type header struct{ magic, size uint32 }

func main() {
	sum := uint32(0)
	for i := range 2000 {
		b, err := syscall.Mmap(-1, 0, 8192, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
		if err != nil {
			panic(err)
		}
		h := (*header)(unsafe.Pointer(&b[4096]))
		h.size = uint32(i)
		sum += h.size
		if err := syscall.Munmap(b); err != nil {
			panic(err)
		}
	}
	fmt.Println(sum)
}
