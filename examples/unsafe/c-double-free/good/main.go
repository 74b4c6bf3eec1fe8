// The twin of bad: go run . says nothing.
package main

/*
#include <stdlib.h>
*/
import "C"

import "unsafe"

func main() {
	s := C.CString("text")
	C.free(unsafe.Pointer(s))
}
