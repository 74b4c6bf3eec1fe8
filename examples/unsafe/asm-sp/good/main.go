// The twin of bad: go run . says nothing but that it is back.

//go:build amd64

package main

import "fmt"

// call is in call_amd64.s. It calls back.
func call()

//go:noinline
func grow(n int) int {
	var space [4096]byte
	if n == 0 {
		return int(space[7])
	}
	return grow(n-1) + int(space[n])
}

func back() { grow(50) }

func main() {
	done := make(chan bool)
	go func() {
		call()
		done <- true
	}()
	<-done
	fmt.Println("back")
}
