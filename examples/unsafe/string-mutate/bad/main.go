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
	b[0] = 'C' // the bytes of a constant can't be written
	fmt.Println(s)
}
