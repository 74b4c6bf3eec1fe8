// Handles are used while they are valid.
package main

// #include <stdint.h>
// static uintptr_t same(uintptr_t h) { return h; }
import "C"

import (
	"fmt"
	"runtime/cgo"
)

func main() {
	h := cgo.NewHandle("job")
	fmt.Println(cgo.Handle(C.same(C.uintptr_t(h))).Value())
	h.Delete()
}
