// Shown by: go run .
// It says: SIGSEGV

//go:build amd64

package main

import (
	"fmt"
	"io"
	"runtime/trace"
)

// twice is in twice_amd64.s.
func twice(n int) int

//go:noinline
func work() int {
	n := twice(4)
	c := make(chan bool)
	go func() { c <- true }()
	<-c // the execution tracer walks the stack, by frame pointers
	return n
}

func main() {
	trace.Start(io.Discard)
	defer trace.Stop()
	done := make(chan int)
	go func() { done <- work() }()
	fmt.Println(<-done)
}
