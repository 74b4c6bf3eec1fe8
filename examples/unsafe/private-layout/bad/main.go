// Shown by: go run .
// It says: harm: 100 keys in
package main

import (
	"fmt"
	"unsafe"
)

type hmap struct { // as it was up to Go 1.23
	count     int
	flags, B  uint8
	noverflow uint16
	hash0     uint32
	buckets   unsafe.Pointer
}

// buckets returns the logarithm of the number of m's buckets, of 8 keys each.
func buckets(m map[int]int) uint8 {
	return (*(**hmap)(unsafe.Pointer(&m))).B // HAZARD: private-layout
}

func main() {
	for range 10 {
		m := map[int]int{}
		for i := range 100 {
			m[i] = i
		}
		if n := buckets(m); n != 4 && n != 5 {
			fmt.Printf("harm: %d keys in 2^%d buckets\n", len(m), n)
		}
	}
}
