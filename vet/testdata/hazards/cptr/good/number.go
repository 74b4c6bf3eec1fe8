package good

/*
#include <stdint.h>
#include <stdlib.h>
typedef struct { uintptr_t id; unsigned long other; } tag;
static int look_at(uintptr_t p) { return p != 0; }
static int look_pointer(void *p, uintptr_t n) { return p != 0 && n; }
static void *raw(void) { return malloc(8); }
*/
import "C"

import (
	"runtime"
	"runtime/cgo"
	"unsafe"

	"hazards.test/cptr/lib"
)

// Pointer: as a pointer, with a length beside it.
func Pointer(b []byte) C.int {
	return C.look_pointer(unsafe.Pointer(&b[0]), C.uintptr_t(len(b)))
}

// FromC: the address of C memory.
func FromC() {
	p := C.raw()
	C.look_at(C.uintptr_t(uintptr(p)))
	u := uintptr(C.malloc(4))
	C.look_at(C.uintptr_t(u + 4))
	lib.Peek(u)
}

// Distance: no address.
func Distance(b []byte) {
	d := uintptr(unsafe.Pointer(&b[1])) - uintptr(unsafe.Pointer(&b[0]))
	C.look_at(C.uintptr_t(d))
}

// Alignment: the low bits.
func Alignment(v *int64) bool {
	C.look_at(C.uintptr_t(uintptr(unsafe.Pointer(v)) & 7))
	return uintptr(unsafe.Pointer(v))%8 == 0
}

// HandleNumber: what cgo.Handle is for.
func HandleNumber(v any) {
	h := cgo.NewHandle(v)
	defer h.Delete()
	t := C.tag{id: C.uintptr_t(h)}
	C.look_at(t.id)
}

// PinnedNumber: an object that stays where it is.
func PinnedNumber() {
	v := new(int)
	var pin runtime.Pinner
	pin.Pin(v)
	defer pin.Unpin()
	C.look_at(C.uintptr_t(uintptr(unsafe.Pointer(v))))
}

var static64 [64]byte

// StaticNumber: a package variable.
func StaticNumber() {
	C.look_at(C.uintptr_t(uintptr(unsafe.Pointer(&static64))))
}

// Sizes: numbers that are none.
func Sizes(n uintptr) {
	C.look_at(C.uintptr_t(n))
	C.look_at(C.uintptr_t(unsafe.Sizeof(n)))
	C.look_at(C.uintptr_t(unsafe.Offsetof(view{}.data)))
}
