// Shown by: go run .
// It says: harm: s[
// Seen by: -asan
package main

import (
	"fmt"
	"runtime"
	"unsafe"
)

type header struct {
	data     unsafe.Pointer
	len, cap int
}

//go:noinline
func widen(s *[]int32, n int) {
	h := (*header)(unsafe.Pointer(s))
	h.len, h.cap = n, n // HAZARD: header-overgrow
}

func main() {
	var lists [64][]int32
	s := make([]int32, 4)
	for i := range lists {
		lists[i] = []int32{9, 9, 9, 9}
	}
	widen(&s, 64)
	for i, n := range s {
		if n != 0 {
			fmt.Printf("harm: s[%d] is %d\n", i, n)
			return
		}
	}
	runtime.KeepAlive(lists)
}
