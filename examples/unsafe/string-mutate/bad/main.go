// Shown by: go run .
// It says: unexpected fault address
package main

import (
	"fmt"
	"unsafe"
)

func main() {
	s := "constant"
	b := unsafe.Slice(unsafe.StringData(s), len(s))
	// The bytes of a constant can't be written.
	b[0] = 'C' // HAZARD: string-mutate
	fmt.Println(s)
}
