// The twin of bad: go run . says nothing but 3.
package main

import "fmt"

//go:noinline
func grow(n int) int {
	var space [4096]byte
	if n == 0 {
		return int(space[7])
	}
	return grow(n-1) + int(space[n])
}

//go:noinline
func open() uintptr { return 3 }

func main() {
	handle := open()
	grow(50)
	fmt.Println(handle)
}
