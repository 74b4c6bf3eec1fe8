// The twin of bad: go run . says nothing.
package main

import (
	"fmt"
	"math/bits"
)

// buckets returns the logarithm of the number of buckets, of 8 keys each, that
// all of m fits into.
func buckets(m map[int]int) int { return bits.Len(uint(len(m) / 8)) }

func main() {
	for range 10 {
		m := map[int]int{}
		for i := range 100 {
			m[i] = i
		}
		if n := buckets(m); n != 4 {
			fmt.Printf("harm: %d keys in 2^%d buckets\n", len(m), n)
		}
	}
}
