// Package wrap has wrappers that other packages use.
package wrap

/*
#include <stdlib.h>
#include <string.h>
*/
import "C"

import "unsafe"

// A Text is a string in C's memory.
type Text struct {
	p *C.char
	n int
}

// New makes a Text that its user closes.
func New(s string) *Text { return &Text{p: C.CString(s), n: len(s)} }

// Close frees it.
func (t *Text) Close() { C.free(unsafe.Pointer(t.p)) }

// CloseOnce may be called twice.
func (t *Text) CloseOnce() {
	if t.p != nil {
		C.free(unsafe.Pointer(t.p))
		t.p = nil
	}
}

// Len reads it.
func (t *Text) Len() int { return int(C.strlen(t.p)) }

// Bytes is a view.
func (t *Text) Bytes() []byte { return unsafe.Slice((*byte)(unsafe.Pointer(t.p)), t.n) }

// String is a copy.
func (t *Text) String() string { return C.GoString(t.p) }

// Free gives back what Alloc made.
func Free(p unsafe.Pointer) { C.free(p) }

// Alloc is malloc.
func Alloc(n int) unsafe.Pointer {
	p := C.malloc(C.size_t(n))
	C.memset(p, 0, C.size_t(n))
	return p
}

// First reads a byte.
func First(p unsafe.Pointer) byte { return *(*byte)(p) }

// View is a view.
func View[T any](p unsafe.Pointer, n int) []T { return unsafe.Slice((*T)(p), n) }
