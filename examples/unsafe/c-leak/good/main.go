// The twin of bad: go run . says nothing.
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
		found := C.has(t, w) != 0
		C.free(unsafe.Pointer(w))
		if found {
			return i
		}
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
