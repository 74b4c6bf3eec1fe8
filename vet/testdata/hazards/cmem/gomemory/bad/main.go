package main

// #include <stdlib.h>
import "C"
import "unsafe"

type rec struct{ a, b int }

func give(p *rec) { C.free(unsafe.Pointer(p)) }

var g [8]byte

func main() {
	x := new(rec)
	C.free(unsafe.Pointer(x)) // HAZARD: free-go-memory
	y := rec{1, 2}
	give(&y) // HAZARD: free-go-memory
	b := make([]byte, 32)
	defer C.free(unsafe.Pointer(&b[0])) // HAZARD: free-go-memory
	C.free(unsafe.Pointer(&g))          // HAZARD: free-go-memory
	var arr [4]int32
	C.free(unsafe.Pointer(&arr[2])) // HAZARD: free-go-memory
	s := "literal"
	C.free(unsafe.Pointer(unsafe.StringData(s))) // HAZARD: free-go-memory
	cs := (*C.char)(unsafe.Pointer(unsafe.SliceData([]byte("abc\x00"))))
	C.free(unsafe.Pointer(cs)) // HAZARD: free-go-memory
	p := C.malloc(64)
	q := unsafe.Pointer(uintptr(p) + 16)
	C.free(q) // HAZARD: free-go-memory
}
