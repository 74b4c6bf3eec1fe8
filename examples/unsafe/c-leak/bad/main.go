// Shown by: go run .
// It says: harm: lost
package main

/*
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
static int has(const char *text, const char *word) { return strstr(text, word) != 0; }
static size_t used(void) { return mallinfo2().uordblks; }
*/
import "C"

import (
	"fmt"
	"unsafe"
)

func find(text string, words ...string) int {
	t := C.CString(text)
	defer C.free(unsafe.Pointer(t))
	for i, word := range words {
		w := C.CString(word)
		if C.has(t, w) != 0 {
			return i // HAZARD: c-leak
		}
		C.free(unsafe.Pointer(w))
	}
	return -1
}

func main() {
	before := C.used()
	for range 10000 {
		find("to be or not to be", "x", "or")
	}
	if lost := int(C.used()) - int(before); lost > 10000 {
		fmt.Printf("harm: lost %d bytes\n", lost)
	}
}
