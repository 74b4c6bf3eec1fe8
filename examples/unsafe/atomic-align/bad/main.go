// Shown by: GOARCH=386 go run .
// It says: unaligned 64-bit atomic operation
package main

import (
	"fmt"
	"sync/atomic"
)

type stats struct {
	open  bool
	bytes uint64
}

func main() {
	s := new(stats)
	atomic.AddUint64(&s.bytes, 3) // HAZARD: atomic-align
	fmt.Println(s.bytes)
}
