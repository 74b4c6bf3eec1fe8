// The twin of bad: go run . says nothing.
package main

/*
#include <stdlib.h>
*/
import "C"

import "unsafe"

func main() {
	b := C.malloc(64)
	C.free(unsafe.Pointer(b))
}
