// The twin of bad: go run . says nothing.
package main

// #include <stdlib.h>
// #include <string.h>
import "C"

import (
	"fmt"
	"unsafe"
)

func length(s string) C.size_t {
	c := C.CString(s)
	defer C.free(unsafe.Pointer(c))
	return C.strlen(c)
}

func main() {
	if n := length("gopher"); n != 6 {
		fmt.Println("harm: 6 bytes are", n)
	}
}
