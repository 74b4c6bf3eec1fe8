// Package bad shows that findings in files that use cgo are where the user
// wrote them.
package bad

/*
#include <stdlib.h>
#include <stdint.h>
static uintptr_t id(uintptr_t u) { return u; }
*/
import "C"

import "unsafe"

// Kept: the address of Go memory goes through an integer, and C looks at it.
func Kept(b []byte) byte {
	u := uintptr(unsafe.Pointer(&b[0]))
	C.id(C.uintptr_t(u))               // HAZARD: go-ptr-as-cint
	return *(*byte)(unsafe.Pointer(u)) // HAZARD: uintptr-roundtrip
}
