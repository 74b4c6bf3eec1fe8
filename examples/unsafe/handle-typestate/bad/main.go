// Shown by: go run .
// It says: misuse of an invalid Handle
package main

import (
	"fmt"
	"runtime/cgo"
)

func main() {
	h := cgo.NewHandle("state")
	h.Delete()
	// It is gone.
	fmt.Println(h.Value()) // HAZARD: handle-typestate
}
