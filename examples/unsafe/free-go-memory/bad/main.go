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
	b := make([]byte, 64)
	// Malloc never saw it.
	C.free(unsafe.Pointer(&b[0])) // HAZARD: free-go-memory
}
