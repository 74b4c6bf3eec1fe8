// Shown by: go run .
// It says: harm: lost

//go:build amd64

package main

import "fmt"

var kept *int

// keep is in keep_amd64.s.
//
//go:noescape
func keep(p *int) // HAZARD: noescape-lie

//go:noinline
func seven() {
	n := 7 // stays on the stack
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
