// Shown by: go run .
// It says: SIGABRT
// Seen by: -asan
package main

/*
#include <stdlib.h>
*/
import "C"

import "unsafe"

func main() {
	s := C.CString("text")
	C.free(unsafe.Pointer(s))
	C.free(unsafe.Pointer(s)) // HAZARD: c-double-free
}
