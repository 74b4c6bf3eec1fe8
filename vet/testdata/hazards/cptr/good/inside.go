package good

/*
#include <stdint.h>
#include <stdlib.h>
typedef struct { const char *name; void *data; uintptr_t id; int n; } box;
static box *box_new(void) { return calloc(1, sizeof(box)); }
static int open_box(box *b) { return b->n; }
static int walk(char **list, int n) { return n; }
static void fill(void **out, int *n) { *out = 0; *n = 0; }
typedef int (*callback)(int);
static int twice(int n) { return 2 * n; }
typedef struct { callback f; } ops;
static int run(ops *o) { return o->f ? o->f(1) : 0; }
*/
import "C"

import (
	"runtime"
	"runtime/cgo"
	"unsafe"
)

// Pinned: before it goes there.
func Pinned(b []byte) C.int {
	var pin runtime.Pinner
	defer pin.Unpin()
	pin.Pin(&b[0])
	x := C.box{data: unsafe.Pointer(&b[0])}
	return C.open_box(&x)
}

// Plain: no pointer in it, or none that is Go's.
func Plain(n int) C.int {
	x := &C.box{n: C.int(n), name: C.CString("n")}
	defer C.free(unsafe.Pointer(x.name))
	return C.open_box(x)
}

// Strings: a Go slice of C strings.
func Strings(args []string) {
	list := make([]*C.char, len(args))
	for i, a := range args {
		list[i] = C.CString(a)
		defer C.free(unsafe.Pointer(list[i]))
	}
	if len(list) > 0 {
		C.walk(&list[0], C.int(len(list)))
	}
}

// OwnArray: an array in C memory.
func OwnArray(args []string) {
	p := (**C.char)(C.malloc(C.size_t(len(args)+1) * C.size_t(unsafe.Sizeof(uintptr(0)))))
	defer C.free(unsafe.Pointer(p))
	list := unsafe.Slice(p, len(args))
	for i, a := range args {
		list[i] = C.CString(a)
		defer C.free(unsafe.Pointer(list[i]))
	}
	C.walk(p, C.int(len(args)))
}

// Out: what C fills in.
func Out() (unsafe.Pointer, int) {
	var p unsafe.Pointer
	var n C.int
	C.fill(&p, &n)
	return p, int(n)
}

// Number: a handle in a C struct.
func Number(v any) {
	x := C.box_new()
	x.id = C.uintptr_t(cgo.NewHandle(v))
	x.n = 1
	x.data = nil
	C.open_box(x)
	cgo.Handle(x.id).Delete()
	C.free(unsafe.Pointer(x))
}

// Function: a pointer to one of C's.
func Function() C.int {
	o := C.ops{f: C.callback(C.twice)}
	return C.run(&o)
}

// After: the Go pointer comes once C is done.
func After(b []byte) *C.box {
	x := new(C.box)
	C.open_box(x)
	x.data = unsafe.Pointer(&b[0])
	return x
}

type view struct {
	box  *C.box
	data []byte
}

// View: a Go struct with both; C gets the C part.
func (v *view) open() C.int {
	v.data = make([]byte, 8)
	return C.open_box(v.box)
}

// Close frees it.
func (v *view) Close() { C.free(unsafe.Pointer(v.box)) }

// NewView makes one.
func NewView() *view {
	v := &view{box: C.box_new()}
	v.open()
	return v
}
