// The twin of bad: GOARCH=386 go run . says nothing but 3.
package main

import (
	"fmt"
	"sync/atomic"
)

type stats struct {
	open  bool
	bytes atomic.Uint64
}

func main() {
	s := new(stats)
	s.bytes.Add(3)
	fmt.Println(s.bytes.Load())
}
