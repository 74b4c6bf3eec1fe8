package bad

/*
#include <stdint.h>
#include <stdlib.h>
typedef struct { const char *name; void *data; uintptr_t id; void *more[4]; } box;
typedef struct { box in; int n; } outer;
static box *box_new(void) { return calloc(1, sizeof(box)); }
static int open_box(box *b) { return b->name != 0; }
static int open_outer(outer *o) { return o->n; }
static int each(char **list, int n) { return n; }
static box global_box;
static void *global_ptr;
static void **slots(int n) { return calloc(n, sizeof(void *)); }
*/
import "C"

import "unsafe"

// Literal: in the literal itself.
func Literal() C.int {
	return C.open_box(&C.box{data: unsafe.Pointer(new(int))}) // HAZARD: c-go-ptr-in-arg
}

// Variable: a field set later, from a slice.
func Variable(b []byte) C.int {
	var x C.box
	x.name = (*C.char)(unsafe.Pointer(&b[0]))
	return C.open_box(&x) // HAZARD: c-go-ptr-in-arg
}

// New: through new and a conversion.
func New(s string) int {
	x := new(C.box)
	x.data = unsafe.Pointer(unsafe.StringData(s + "!"))
	n, err := C.open_box((*C.box)(unsafe.Pointer(x))) // HAZARD: c-go-ptr-in-arg
	if err != nil {
		return 0
	}
	return int(n)
}

// Nested: a struct in a struct, an array in that.
func Nested(v *int) {
	var o C.outer
	o.in.more[2] = unsafe.Pointer(v)
	C.open_outer(&o) // HAZARD: c-go-ptr-in-arg
}

// List: pointers in a slice.
func Lists(b []byte, n int) {
	list := make([]*C.char, n)
	for i := range list {
		list[i] = (*C.char)(unsafe.Pointer(&b[i]))
	}
	C.each(&list[0], C.int(n)) // HAZARD: c-go-ptr-in-arg
}

// Appended: one by one.
func Appended(b []byte) {
	var list []*C.char
	list = append(list, (*C.char)(unsafe.Pointer(&b[0])))
	C.each((**C.char)(unsafe.Pointer(&list[0])), 1) // HAZARD: c-go-ptr-in-arg
}

// Helper: made by another function.
func Helper(b []byte) {
	x := fill(b)
	C.open_box(x) // HAZARD: c-go-ptr-in-arg
}

func fill(b []byte) *C.box {
	return &C.box{data: unsafe.Pointer(&b[0])}
}

// Pointers: C memory gets them.
func Pointers(b []byte) {
	x := C.box_new()
	x.data = unsafe.Pointer(&b[0])       // HAZARD: ptr-in-noscan
	x.more[1] = unsafe.Pointer(new(int)) // HAZARD: ptr-in-noscan
	C.open_box(x)
	C.free(unsafe.Pointer(x))
}

type owner struct{ box *C.box }

// set stores through a field that holds C memory.
func (o *owner) set(v *int) {
	o.box.data = unsafe.Pointer(v) // HAZARD: ptr-in-noscan
}

// Close frees it.
func (o *owner) Close() { C.free(unsafe.Pointer(o.box)) }

// Owner makes one.
func Owner() *owner {
	o := &owner{box: C.box_new()}
	o.set(new(int))
	return o
}

// Globals: variables of C.
func Globals(v *int64) {
	C.global_ptr = unsafe.Pointer(v)      // HAZARD: ptr-in-noscan
	C.global_box.data = unsafe.Pointer(v) // HAZARD: ptr-in-noscan
}

// View: a Go slice over C memory.
func View(v *int64) []unsafe.Pointer {
	s := unsafe.Slice((*unsafe.Pointer)(unsafe.Pointer(C.slots(8))), 8)
	s[3] = unsafe.Pointer(v) // HAZARD: ptr-in-noscan
	return s
}
