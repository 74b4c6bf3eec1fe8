// The twin of bad: go run . says nothing.
package main

import (
	"fmt"
	"runtime"
	"unsafe"
)

type record [6]int

var kept []*record

//go:noinline
func newRecord() *record { return &record{1, 2, 3, 4, 5, 6} }

// churn takes over memory that is free.
func churn() {
	for range 3 {
		runtime.GC()
	}
	for range 10000 {
		kept = append(kept, &record{9, 9, 9, 9, 9, 9})
	}
}

func main() {
	r := newRecord()
	s := unsafe.Slice((*int)(unsafe.Pointer(r)), 6)
	churn()
	if s[2] != 3 {
		fmt.Println("harm:", s[2])
	}
}
