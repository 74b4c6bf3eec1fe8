// Shown by: go run .
// It says: SIGSEGV
package main

import (
	"fmt"
	"syscall"
)

func main() {
	page, err := syscall.Mmap(-1, 0, 4096, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		panic(err)
	}
	syscall.Munmap(page)
	fmt.Println(page[0]) // HAZARD: munmap-use
}
