// The twin of bad: go run . says nothing.
package main

import (
	"fmt"
	"os"
	"unsafe"

	"unsafe.example/wrapper-uintptr/good/pipe"
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
		pipe.Read(r.Fd(), unsafe.Pointer(&b), 1)
		done <- b[0] == 'x'
	}()
	if !<-done {
		fmt.Println("harm: lost")
	}
}
