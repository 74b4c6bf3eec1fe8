// Package good uses C memory, which Go neither moves nor frees.
package good

/*
#include <stdlib.h>
#include <stdint.h>
static uintptr_t id(uintptr_t u) { return u; }
*/
import "C"

import (
	"reflect"
	"unsafe"
)

// Views of C memory.
func Views() byte {
	const n = 16
	p := C.calloc(n, 8)
	defer C.free(p)
	s := (*[1 << 20]int64)(p)[:n:n]
	t := unsafe.Slice((*int64)(p), n)
	s[3] = 9
	return byte(t[3])
}

// Integers that hold C addresses.
func Integers() byte {
	p := C.malloc(64)
	u := uintptr(p)
	C.id(C.uintptr_t(u))
	return *(*byte)(unsafe.Pointer(u + 1))
}

// FromC is an address that C made up.
func FromC() *byte { return (*byte)(unsafe.Pointer(uintptr(C.id(8)))) }

// Header over C memory.
func Header() []byte {
	h := reflect.SliceHeader{Data: uintptr(C.malloc(64)), Len: 64, Cap: 64}
	return *(*[]byte)(unsafe.Pointer(&h))
}
