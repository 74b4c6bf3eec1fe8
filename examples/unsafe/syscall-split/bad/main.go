// Shown by: go run .
// It says: harm: lost
package main

import (
	"fmt"
	"os"
	"syscall"
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

func main() {
	r, w, err := os.Pipe()
	if err != nil {
		panic(err)
	}
	w.WriteString("x")
	done := make(chan bool)
	go func() {
		var b [1]byte
		u := uintptr(unsafe.Pointer(&b))
		// The stack moves, and b with it.
		grow(50)
		syscall.Syscall(syscall.SYS_READ, r.Fd(), u, 1) // HAZARD: syscall-split
		done <- b[0] == 'x'
	}()
	if !<-done {
		fmt.Println("harm: lost")
	}
}
