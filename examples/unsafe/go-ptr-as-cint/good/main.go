// The twin of bad: go run . says nothing.
package main

/*
#include <string.h>
static void fill(char *at, int n) { memset(at, 9, n); }
*/
import "C"

import (
	"fmt"
	"unsafe"
)

//go:noinline
func grow(n int) int {
	var space [4096]byte
	if n == 0 {
		return int(space[7])
	}
	return grow(n-1) + int(space[n])
}

func filled() byte {
	var b [4]byte
	at := (*C.char)(unsafe.Pointer(&b))
	grow(50)
	C.fill(at, 4)
	return b[0]
}

func main() {
	done := make(chan byte)
	go func() { done <- filled() }()
	if <-done != 9 {
		fmt.Println("harm: lost")
	}
}
