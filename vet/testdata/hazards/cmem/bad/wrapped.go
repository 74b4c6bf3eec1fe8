package bad

import (
	"io"
	"reflect"
	"unsafe"

	"hazards.test/cmem/wrap"
)

/*
#include <stdlib.h>
static int count(const char *s) { int n = 0; while (*s++) n++; return n; }
*/
import "C"

func text(s string) int {
	t := wrap.New(s)
	t.Close()
	return t.Len() // HAZARD: c-uaf
}

func textView(s string) []byte {
	t := wrap.New(s)
	defer t.Close()
	return t.Bytes() // HAZARD: c-uaf
}

func textTwice(t *wrap.Text, fail bool) {
	defer t.Close() // HAZARD: c-double-free
	if fail {
		t.Close()
	}
}

func allocated(n int) byte {
	p := wrap.Alloc(n)
	wrap.Free(p)
	return wrap.First(p) // HAZARD: c-uaf
}

func allocatedTwice(n int) {
	p := wrap.Alloc(n)
	defer wrap.Free(p) // HAZARD: c-double-free
	wrap.Free(p)
}

func allocatedLost(n int) byte {
	p := wrap.Alloc(n) // HAZARD: c-leak
	return wrap.First(p)
}

func generic(n int) int32 {
	p := wrap.Alloc(4 * n)
	v := wrap.View[int32](p, n)
	wrap.Free(p)
	return v[0] // HAZARD: c-uaf
}

func generic2[T any](n int, zero T) []T {
	p := C.malloc(C.size_t(n) * C.size_t(unsafe.Sizeof(zero)))
	defer C.free(p)
	v := unsafe.Slice((*T)(p), n)
	return v // HAZARD: c-uaf
}

func goFreed(n int) {
	wrap.Free(unsafe.Pointer(new(int64))) // HAZARD: free-go-memory
}

func stringFreed(s string) {
	C.free(unsafe.Pointer(unsafe.StringData(s))) // HAZARD: free-go-memory
}

// The string's header was filled in by hand.
func headed(s string) string {
	cs := C.CString(s)
	var out string
	h := (*reflect.StringHeader)(unsafe.Pointer(&out))
	h.Data, h.Len = uintptr(unsafe.Pointer(cs)), len(s)
	C.free(unsafe.Pointer(cs))
	return out // HAZARD: c-uaf
}

func (b *buffer) close() error { C.free(b.data); return nil }

type closer struct{ b *buffer }

func (c closer) Close() error { return c.b.close() }

// Through an interface whose content is known.
func interfaced(b *buffer) byte {
	var c io.Closer = closer{b}
	c.Close()
	return b.First() // HAZARD: c-uaf
}

// Deferred calls run last first.
func order(s string) {
	cs := C.CString(s)
	defer C.count(cs) // HAZARD: c-uaf
	defer C.free(unsafe.Pointer(cs))
}

// A field that nothing frees.
type double struct{ p *C.double }

func newDouble(v float64) *double {
	d := &double{p: (*C.double)(C.malloc(8))} // HAZARD: c-leak
	*d.p = C.double(v)
	return d
}

func (d *double) get() float64 { return float64(*d.p) }

func doubles() float64 { return newDouble(1).get() }

func continued(list []string) (n int) {
	for _, s := range list {
		cs := C.CString(s)
		if C.count(cs) == 0 {
			continue // HAZARD: c-leak
		}
		n++
		C.free(unsafe.Pointer(cs))
	}
	return n
}

func switched(kind int, s string) int {
	cs := C.CString(s)
	switch kind {
	case 0:
		C.free(unsafe.Pointer(cs))
		return 0
	case 1:
		return 1 // HAZARD: c-leak
	default:
		defer C.free(unsafe.Pointer(cs))
	}
	return int(C.count(cs))
}
