package main

// #include <stdlib.h>
import "C"

import (
	"fmt"
	"strings"
	"unsafe"
)

func name() string {
	cs := C.CString(strings.Repeat("a", 40))
	s := unsafe.String((*byte)(unsafe.Pointer(cs)), 40)
	C.free(unsafe.Pointer(cs))
	return s // HAZARD: c-uaf
}

func view() (b []byte) {
	cs := C.CString("hello")
	b = (*[1 << 30]byte)(unsafe.Pointer(cs))[:5:5]
	defer C.free(unsafe.Pointer(cs))
	return // HAZARD: c-uaf
}

func later() string {
	cs := C.CString("hello")
	C.free(unsafe.Pointer(cs))
	x := make([]byte, 8)
	_ = x
	return C.GoStringN(cs, 5) // HAZARD: c-uaf
}

func bytesz() []byte {
	p := C.malloc(16)
	C.free(p)
	return C.GoBytes(p, 16) // HAZARD: c-uaf
}

func main() {
	cs := C.CString("hello")
	s := unsafe.String((*byte)(unsafe.Pointer(cs)), 5)
	C.free(unsafe.Pointer(cs))
	fmt.Println(s == "hello") // HAZARD: c-uaf
	fmt.Println(name(), later(), view(), bytesz())
	m := map[string]int{}
	cs2 := C.CString("k")
	k := unsafe.String((*byte)(unsafe.Pointer(cs2)), 1)
	C.free(unsafe.Pointer(cs2))
	m[k] = 1 // HAZARD: c-uaf
	cs3 := C.CString("abc")
	bs := unsafe.Slice((*byte)(unsafe.Pointer(cs3)), 3)
	C.free(unsafe.Pointer(cs3))
	for _, c := range bs { // HAZARD: c-uaf
		fmt.Println(c)
	}
	cs4 := C.CString("abc")
	t := unsafe.String((*byte)(unsafe.Pointer(cs4)), 3)
	C.free(unsafe.Pointer(cs4))
	if t == "abc" { // HAZARD: c-uaf
		fmt.Println("eq")
	}
	cs5 := C.CString("abc")
	t5 := unsafe.String((*byte)(unsafe.Pointer(cs5)), 3)
	C.free(unsafe.Pointer(cs5))
	u := t5 + "x"                                                  // HAZARD: c-uaf
	switch string(unsafe.Slice((*byte)(unsafe.Pointer(cs5)), 3)) { // HAZARD: c-uaf
	case "a":
	}
	fmt.Println(len(u))
}
