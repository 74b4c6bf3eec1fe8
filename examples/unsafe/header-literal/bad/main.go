// Shown by: go run .
// It says: harm: 9
package main

import (
	"fmt"
	"reflect"
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
	// Data is a number.
	h := reflect.SliceHeader{Data: uintptr(unsafe.Pointer(r)), Len: 6, Cap: 6} // HAZARD: header-literal
	churn()
	s := *(*[]int)(unsafe.Pointer(&h))
	if s[2] != 3 {
		fmt.Println("harm:", s[2])
	}
}
