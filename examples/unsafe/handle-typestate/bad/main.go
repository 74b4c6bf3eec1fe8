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
	fmt.Println(h.Value()) // it is gone
}
