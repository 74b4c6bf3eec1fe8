package good

/*
#include <stdint.h>
#include <stdlib.h>
typedef struct { char *name; int n; } reply;
*/
import "C"

import (
	"runtime"
	"runtime/cgo"
	"unsafe"
)

//export goodString
func goodString() *C.char { return C.CString("fine") }

//export goodNil
func goodNil(n C.int) *C.char {
	if n > 0 {
		return (*C.char)(C.CBytes([]byte("b\x00")))
	}
	return nil
}

//export goodHandle
func goodHandle() C.uintptr_t { return C.uintptr_t(cgo.NewHandle(new(int))) }

//export goodBack
func goodBack(p unsafe.Pointer, s *C.char) (unsafe.Pointer, *C.char) { return p, s }

//export goodConst
func goodConst() string { return "constant" }

var counter C.int

//export goodStatic
func goodStatic() *C.int { return &counter }

var exportPin runtime.Pinner

//export goodPinned
func goodPinned() unsafe.Pointer {
	v := new(int)
	exportPin.Pin(v)
	return unsafe.Pointer(v)
}

//export goodStruct
func goodStruct() C.reply {
	return C.reply{name: C.CString("x"), n: 1}
}

//export goodNumber
func goodNumber(n C.int) C.int { return n + 1 }

// notExported returns what it likes.
func notExported() *C.char {
	b := []byte("b\x00")
	return (*C.char)(unsafe.Pointer(&b[0]))
}

// Use calls it.
func Use() { _ = notExported() }
