// The twin of bad: go run . says nothing.

//go:build amd64

package main

import "fmt"

var kept *int

// keep is in keep_amd64.s.
func keep(p *int)

//go:noinline
func seven() {
	n := 7 // moves to the heap
	keep(&n)
}

//go:noinline
func other(n int) int {
	space := [64]int{1, 2, 3}
	return space[n]
}

func main() {
	seven()
	other(2)
	if *kept != 7 {
		fmt.Println("harm: lost")
	}
}
