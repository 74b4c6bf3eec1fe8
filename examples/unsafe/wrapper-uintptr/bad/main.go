// Shown by: go run .
// It says: harm: lost
package main

import (
	"fmt"
	"os"
	"unsafe"

	"unsafe.example/wrapper-uintptr/bad/pipe"
)

func main() {
	r, w, err := os.Pipe()
	if err != nil {
		panic(err)
	}
	w.WriteString("x")
	done := make(chan bool)
	go func() {
		var b [1]byte
		pipe.Read(r.Fd(), uintptr(unsafe.Pointer(&b)), 1) // HAZARD: syscall-split
		done <- b[0] == 'x'
	}()
	if !<-done {
		fmt.Println("harm: lost")
	}
}
