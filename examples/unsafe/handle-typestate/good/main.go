// The twin of bad: go run . says nothing.
package main

import (
	"fmt"
	"runtime/cgo"
)

func main() {
	h := cgo.NewHandle("state")
	defer h.Delete()
	fmt.Println(h.Value())
}
