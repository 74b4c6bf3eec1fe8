// The twin of bad: go run . says nothing.
package main

import (
	"fmt"
	"runtime"
)

//go:noinline
func widen(s *[]int32, n int) {
	*s = append(*s, make([]int32, n-len(*s))...)
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
