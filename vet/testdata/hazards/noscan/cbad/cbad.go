// Package cbad puts Go pointers into C memory.
package cbad

/*
#include <stdlib.h>
typedef struct { int n; void *data; } box;
static box *box_new(void) { return calloc(1, sizeof(box)); }
*/
import "C"

import (
	"runtime"
	"unsafe"
)

type obj struct{ next *obj }

type node struct {
	n    int
	next *obj
}

// Struct of C's.
func Struct(o *obj) *C.box {
	b := C.box_new()
	b.data = unsafe.Pointer(o) // HAZARD: ptr-in-noscan
	return b
}

// Own type over C memory.
func Own() *node {
	n := (*node)(C.calloc(1, C.size_t(unsafe.Sizeof(node{}))))
	n.next = &obj{} // HAZARD: ptr-in-noscan
	return n
}

// Array of pointers.
func Array(list []*obj) unsafe.Pointer {
	p := C.malloc(C.size_t(len(list)) * 8)
	a := unsafe.Slice((**obj)(p), len(list))
	for i, o := range list {
		a[i] = o // HAZARD: ptr-in-noscan
	}
	return p
}

// Pinned may be stored.
func Pinned(o *obj, pin *runtime.Pinner) *C.box {
	b := C.box_new()
	pin.Pin(o)
	b.data = unsafe.Pointer(o)
	return b
}

// FromC is C's own.
func FromC() *C.box {
	b := C.box_new()
	b.data = C.malloc(8)
	return b
}

// OnStack is a struct of C's in Go memory.
func OnStack(o *obj) C.box {
	var b C.box
	b.data = unsafe.Pointer(o)
	return b
}
