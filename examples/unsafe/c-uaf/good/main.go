// The twin of bad: go run . says nothing.
package main

/*
#include <stdlib.h>
*/
import "C"

import (
	"fmt"
	"unsafe"
)

func main() {
	s := C.CString("some text")
	text := C.GoString(s)
	C.free(unsafe.Pointer(s))
	if text != "some text" {
		fmt.Printf("harm: %q\n", text)
	}
}
