// The twin of bad: go run . says nothing.
package main

/*
#include <stdlib.h>
#include <string.h>
static char *buffer;
static void set(char *p) { buffer = p; }
static void drop(void) { free(buffer); }
static void fill(int c) { memset(buffer, c, 64); }
*/
import "C"

import (
	"fmt"
	"runtime"
)

//go:noinline
func attach() {
	C.set((*C.char)(C.calloc(1, 64)))
}

func main() {
	attach()
	runtime.GC()
	var others [20000][]byte
	for i := range others {
		others[i] = make([]byte, 64)
	}
	C.fill(9)
	C.drop()
	for _, b := range others {
		if b[0] != 0 {
			fmt.Println("harm: a stranger is", b[:4])
		}
	}
}
