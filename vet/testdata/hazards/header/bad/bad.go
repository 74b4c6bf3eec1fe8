// Package bad makes strings and slices out of headers that hide their memory.
package bad

import (
	"reflect"
	"unsafe"
)

// Literal is the form seen most often.
func Literal(s string) []byte {
	sh := (*reflect.StringHeader)(unsafe.Pointer(&s))
	bh := reflect.SliceHeader{Data: sh.Data, Len: sh.Len, Cap: sh.Len} // HAZARD: header-literal
	work()
	return *(*[]byte)(unsafe.Pointer(&bh))
}

// Inline needs no variable.
func Inline(b []byte) string {
	return *(*string)(unsafe.Pointer(&reflect.StringHeader{ // HAZARD: header-literal
		Data: uintptr(unsafe.Pointer(&b[0])),
		Len:  len(b),
	}))
}

type words struct {
	addr uintptr
	n, c int
}

// OwnShape has another name and the same words.
func OwnShape(b []byte) []uint32 {
	w := words{uintptr(unsafe.Pointer(&b[0])), len(b) / 4, len(b) / 4} // HAZARD: header-literal
	work()
	return *(*[]uint32)(unsafe.Pointer(&w))
}

// Assigned fills the fields one by one.
func Assigned(b []byte) string {
	var h reflect.StringHeader
	h.Len = len(b)
	h.Data = uintptr(unsafe.Pointer(unsafe.SliceData(b))) // HAZARD: header-literal
	return *(*string)(unsafe.Pointer(&h))
}

// Copied takes the header of a real string by value.
func Copied(s string) (b []byte) {
	bh := (*reflect.SliceHeader)(unsafe.Pointer(&b))
	sh := *(*reflect.StringHeader)(unsafe.Pointer(&s)) // HAZARD: header-literal
	work()
	bh.Data = sh.Data
	bh.Len = sh.Len
	bh.Cap = sh.Len
	return b
}

func header(b []byte) reflect.StringHeader {
	return reflect.StringHeader{Data: uintptr(unsafe.Pointer(unsafe.SliceData(b))), Len: len(b)} // HAZARD: header-literal
}

// Returned gets its header from a function.
func Returned(b []byte) string {
	h := header(b)
	return *(*string)(unsafe.Pointer(&h))
}

// Passed hands the header to a function that reads it as a string.
func Passed(b []byte) string {
	h := reflect.StringHeader{Data: uintptr(unsafe.Pointer(unsafe.SliceData(b))), Len: len(b)} // HAZARD: header-literal
	return toString(&h)
}

func toString(h *reflect.StringHeader) string { return *(*string)(unsafe.Pointer(h)) }

func work() { sink = append(sink, make([]byte, 32)) }

var sink [][]byte
