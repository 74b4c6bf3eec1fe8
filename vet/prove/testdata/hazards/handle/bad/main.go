// Handles are used after they were deleted.
package main

// #include <stdint.h>
// static uintptr_t same(uintptr_t h) { return h; }
import "C"

import (
	"fmt"
	"runtime/cgo"
)

type job struct{ h cgo.Handle }

func (j *job) done() { j.h.Delete() } // HISTORY: handle-typestate

func value(h cgo.Handle) any {
	return h.Value() // HAZARD: handle-typestate
}

func twice(j *job) {
	defer func() { fmt.Println(recover()) }()
	j.done()
	value(cgo.Handle(C.same(C.uintptr_t(j.h))))
}

func main() {
	twice(&job{cgo.NewHandle("job")})
}
