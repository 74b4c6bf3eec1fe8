package bad

/*
#include <stdint.h>
#include <stdlib.h>
typedef struct { uintptr_t id; unsigned long other; } tag;
static tag *tag_new(void) { return calloc(1, sizeof(tag)); }
static int look_at(uintptr_t p) { return *(char *)p; }
static long both(size_t n, unsigned long p) { return n + p; }
static long both64(uint64_t p, int64_t q) { return (long)(p + q); }
static uintptr_t slot;
*/
import "C"

import (
	"unsafe"

	"hazards.test/cptr/lib"
)

// Direct: in the argument.
func Direct(b []byte) C.int {
	return C.look_at(C.uintptr_t(uintptr(unsafe.Pointer(&b[0])))) // HAZARD: go-ptr-as-cint
}

// ByVariable: kept in a variable of C's type.
func ByVariable(b []byte) {
	p := C.uintptr_t(0)
	if len(b) > 0 {
		p = C.uintptr_t(uintptr(unsafe.Pointer(&b[0]))) // HAZARD: go-ptr-as-cint
	}
	C.look_at(p)
}

// Local: a variable on the stack.
func Local() {
	var a [64]byte
	u := uintptr(unsafe.Pointer(&a))
	C.both(8, C.ulong(u+8)) // HAZARD: go-ptr-as-cint
}

// Wide: other types that are wide enough.
func Wide(v *int) {
	C.both64(C.uint64_t(uintptr(unsafe.Pointer(v))), 1) // HAZARD: go-ptr-as-cint
	C.both(C.size_t(uintptr(unsafe.Pointer(v))), 1)     // HAZARD: go-ptr-as-cint
}

func address(b []byte) uintptr { return uintptr(unsafe.Pointer(unsafe.SliceData(b))) }

// Returned: by a helper.
func Returned(b []byte) {
	C.look_at(C.uintptr_t(address(b))) // HAZARD: go-ptr-as-cint
}

func pass(u uintptr) { C.look_at(C.uintptr_t(u)) } // HAZARD: go-ptr-as-cint

// Passed: through a parameter.
func Passed() { pass(uintptr(unsafe.Pointer(new(int)))) }

type job struct{ addr uintptr }

// Field: through a field, in another method.
func Field(b []byte) {
	j := &job{addr: uintptr(unsafe.Pointer(&b[0]))}
	j.run()
}

func (j *job) run() { C.look_at(C.uintptr_t(j.addr)) } // HAZARD: go-ptr-as-cint

// Struct: fields of C structs, in C memory and in Go's.
func Struct(v *int) {
	t := C.tag_new()
	t.id = C.uintptr_t(uintptr(unsafe.Pointer(v)))          // HAZARD: go-ptr-as-cint
	u := &C.tag{other: C.ulong(uintptr(unsafe.Pointer(v)))} // HAZARD: go-ptr-as-cint
	C.look_at(u.id)
	C.free(unsafe.Pointer(t))
}

// Variable of C's.
func Slot(v *int) {
	C.slot = C.uintptr_t(uintptr(unsafe.Pointer(v))) // HAZARD: go-ptr-as-cint
}

// Deferred and errno.
func Deferred(v *int) error {
	defer C.look_at(C.uintptr_t(uintptr(unsafe.Pointer(v))))     // HAZARD: go-ptr-as-cint
	_, err := C.look_at(C.uintptr_t(uintptr(unsafe.Pointer(v)))) // HAZARD: go-ptr-as-cint
	return err
}

// Other package: it hands the number on.
func Other(v *int) int {
	return lib.Peek(uintptr(unsafe.Pointer(v))) // HAZARD: go-ptr-as-cint
}
