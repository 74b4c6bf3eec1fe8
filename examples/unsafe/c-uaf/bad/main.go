// Shown by: go run .
// It says: harm:
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
	C.free(unsafe.Pointer(s))
	// Malloc writes into what is free.
	if text := C.GoString(s); text != "some text" { // HAZARD: c-uaf
		fmt.Printf("harm: %q\n", text)
	}
}
