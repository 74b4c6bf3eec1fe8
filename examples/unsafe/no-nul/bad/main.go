// Shown by: go run .
// It says: harm: 6 bytes are
package main

// #include <string.h>
import "C"

import (
	"fmt"
	"unsafe"
)

func length(s string) C.size_t {
	return C.strlen((*C.char)(unsafe.Pointer(unsafe.StringData(s)))) // HAZARD: no-nul
}

func main() {
	if n := length("gopher"); n != 6 { // strings lie side by side
		fmt.Println("harm: 6 bytes are", n)
	}
}
