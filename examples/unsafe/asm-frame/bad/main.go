// Shown by: go run .
// It says: unexpected return pc

//go:build amd64

package main

import "fmt"

// swap is in swap_amd64.s.
func swap(a, b int) (x, y int)

func main() {
	fmt.Println(swap(1, 2))
}
