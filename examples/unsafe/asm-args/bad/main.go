// Shown by: go run .
// It says: harm: widen(1, 2) = 8589934593

//go:build amd64

package main

import "fmt"

// widen is in widen_amd64.s. It returns a.
func widen(a, b uint32) uint64

func main() {
	if n := widen(1, 2); n != 1 {
		fmt.Println("harm: widen(1, 2) =", n)
	}
}
