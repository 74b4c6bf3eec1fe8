// Shown by: go run .
// It says: harm: 9
// Seen by: checkptr=2
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
	u := uintptr(unsafe.Pointer(r)) // a number keeps nothing alive
	churn()
	third := *(*int)(unsafe.Pointer(u + 2*unsafe.Sizeof(r[0]))) // HAZARD: uintptr-roundtrip
	if third != 3 {
		fmt.Println("harm:", third)
	}
}
