// The twin of bad: go run . says nothing but 2 1.

//go:build amd64

package main

import "fmt"

// swap is in swap_amd64.s.
func swap(a, b int) (x, y int)

func main() {
	fmt.Println(swap(1, 2))
}
