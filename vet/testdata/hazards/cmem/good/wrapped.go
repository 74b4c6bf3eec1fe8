package good

import (
	"io"
	"runtime"
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
	defer t.Close()
	return t.Len()
}

func textCopy(s string) string {
	t := wrap.New(s)
	defer t.Close()
	return t.String()
}

func textTwice(t *wrap.Text) {
	defer t.CloseOnce()
	t.CloseOnce()
}

func allocated(n int) byte {
	p := wrap.Alloc(n)
	defer wrap.Free(p)
	return wrap.First(p)
}

func generic(n int) int32 {
	p := wrap.Alloc(4 * n)
	defer wrap.Free(p)
	return wrap.View[int32](p, n)[0]
}

type closer struct{ b *buffer }

func (c closer) Close() error { c.b.Close(); return nil }

func interfaced(b *buffer) {
	var c io.Closer = closer{b}
	defer c.Close()
	c.Close()
}

func order(s string) {
	cs := C.CString(s)
	defer C.free(unsafe.Pointer(cs))
	defer C.count(cs)
}

// A cleanup frees the field.
type double struct{ p *C.double }

func newDouble(v float64) *double {
	d := &double{p: (*C.double)(C.malloc(8))}
	runtime.AddCleanup(d, func(p *C.double) { C.free(unsafe.Pointer(p)) }, d.p)
	*d.p = C.double(v)
	return d
}

// A method frees the field.
type float struct{ p *C.float }

func newFloat() *float { return &float{p: (*C.float)(C.malloc(4))} }

func (f *float) free() { wrap.Free(unsafe.Pointer(f.p)) }

func switched(kind int, s string) int {
	cs := C.CString(s)
	switch kind {
	case 0:
		C.free(unsafe.Pointer(cs))
		return 0
	case 1:
		return owned2(cs)
	default:
		defer C.free(unsafe.Pointer(cs))
	}
	return int(C.count(cs))
}

func owned2(cs *C.char) int {
	defer C.free(unsafe.Pointer(cs))
	return int(C.count(cs))
}

// The caller of the package gives it back.
func Made(n int) unsafe.Pointer { return C.malloc(C.size_t(n)) }
