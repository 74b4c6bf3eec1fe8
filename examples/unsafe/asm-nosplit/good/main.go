// The twin of bad: go run . says nothing.

//go:build amd64

package main

import "fmt"

// scratch is in scratch_amd64.s. It uses a buffer of 3584 bytes on the stack.
func scratch()

// sums fills a kilobyte of its stack, and says what became of it.
//
//go:noinline
func sums(turn, done chan bool) {
	var own [128]int
	done <- true
	<-turn
	scratch()
	done <- true
	<-turn
	for _, n := range own {
		if n != 0 {
			fmt.Println("harm: a stranger's stack is", n)
			break
		}
	}
	done <- true
}

//go:noinline
func grow(n int) int {
	var space [4096]byte
	if n == 0 {
		return int(space[7])
	}
	return grow(n-1) + int(space[n])
}

func main() {
	grow(50) // away from the small stacks
	turn, done := make(chan bool), make(chan bool)
	for range 8 {
		go sums(turn, done)
		<-done
	}
	for range 16 {
		turn <- true
		<-done
	}
}
