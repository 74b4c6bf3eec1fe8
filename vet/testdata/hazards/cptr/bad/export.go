package bad

/*
#include <stdint.h>
typedef struct { char *name; int n; } reply;
*/
import "C"

import (
	"strings"
	"unsafe"
)

type session int32

var sessions = map[int]*session{}

//export badBytes
func badBytes() *C.char {
	b := []byte("bytes\x00")
	return (*C.char)(unsafe.Pointer(&b[0])) // HAZARD: export-returns-go-ptr
}

//export badNew
func badNew(id C.int) unsafe.Pointer {
	s := new(session)
	sessions[int(id)] = s
	return unsafe.Pointer(s) // HAZARD: export-returns-go-ptr
}

//export badString
func badString(n C.int) string {
	return strings.Repeat("a", int(n)) + "!" // HAZARD: export-returns-go-ptr
}

//export badLookup
func badLookup(id C.int) *session {
	if s, ok := sessions[int(id)]; ok {
		return s // HAZARD: export-returns-go-ptr
	}
	return nil
}

func newSession() *session { return new(session) }

//export badHelper
func badHelper() *session {
	return newSession() // HAZARD: export-returns-go-ptr
}

//export badStruct
func badStruct() C.reply {
	var r C.reply
	b := make([]byte, 8)
	r.name = (*C.char)(unsafe.Pointer(&b[0]))
	return r // HAZARD: export-returns-go-ptr
}

//export badSecond
func badSecond() (C.int, *C.int) {
	x := new(C.int)
	return 1, x // HAZARD: export-returns-go-ptr
}

//export badSlice
func badSlice(n C.int) []byte {
	out := make([]byte, n)
	return out // HAZARD: export-returns-go-ptr
}

//export badPath
func badPath(ok C.int) *C.char {
	if ok == 0 {
		return nil
	}
	if ok == 1 {
		return C.CString("fine")
	}
	var buf [16]byte
	return (*C.char)(unsafe.Pointer(&buf[0])) // HAZARD: export-returns-go-ptr
}

//export badNamed
func badNamed() (p *C.int) {
	defer func() { recover() }()
	p = (*C.int)(unsafe.Pointer(new(int32)))
	return p // HAZARD: export-returns-go-ptr
}

//export boxed
func boxed(n C.int) any {
	return int(n) // HAZARD: export-returns-go-ptr
}
