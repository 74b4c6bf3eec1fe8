// Many calls of C and many blocks that live at once.
package main

/*
#include <stdlib.h>
static int add(int a, int b) { return a + b; }
*/
import "C"

import (
	"fmt"
	"unsafe"
)

const (
	blocks = 100_000
	calls  = 10_000_000
)

var kept [blocks]unsafe.Pointer

func drop(n int) {
	for range n {
		p := C.malloc(100) // HAZARD: c-leak
		*(*byte)(p) = 1
	}
}

func main() {
	for i := range kept {
		kept[i] = C.malloc(32)
		*(*int32)(kept[i]) = int32(i)
	}
	sum := C.int(0)
	for range calls {
		sum = C.add(sum, 1)
	}
	for i := range kept {
		if *(*int32)(kept[i]) != int32(i) {
			panic("changed")
		}
		if i%2 == 0 {
			C.free(kept[i])
			kept[i] = nil
		}
	}
	drop(777)
	fmt.Println(sum)
}
