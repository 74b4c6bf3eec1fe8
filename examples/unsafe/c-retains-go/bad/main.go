// Shown by: go run .
// It says: harm: a stranger is
package main

/*
#include <string.h>
static char *buffer;
static void set(char *p) { buffer = p; }
static void fill(int c) { memset(buffer, c, 64); }
*/
import "C"

import (
	"fmt"
	"runtime"
	"unsafe"
)

//go:noinline
func attach() {
	b := make([]byte, 64)
	C.set((*C.char)(unsafe.Pointer(&b[0]))) // HAZARD: c-retains-go
}

func main() {
	attach()
	runtime.GC() // sees nothing of C's variable
	var others [20000][]byte
	for i := range others {
		others[i] = make([]byte, 64)
	}
	C.fill(9)
	for _, b := range others {
		if b[0] != 0 {
			fmt.Println("harm: a stranger is", b[:4])
		}
	}
}
