// Package conv has the helpers that everyone writes.
package conv

import (
	"reflect"
	"unsafe"
)

// Bytes returns the bytes of s, which must not be written to.
func Bytes(s string) []byte { return unsafe.Slice(unsafe.StringData(s), len(s)) }

// String returns a string laid over b.
func String(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// Header does it by headers.
func Header(s string) (b []byte) {
	sh := (*reflect.StringHeader)(unsafe.Pointer(&s))
	bh := (*reflect.SliceHeader)(unsafe.Pointer(&b))
	bh.Data, bh.Len, bh.Cap = sh.Data, sh.Len, sh.Len
	return b
}

// Pun does it with a struct of the shape of a slice.
func Pun(s string) []byte {
	return *(*[]byte)(unsafe.Pointer(&struct {
		string
		Cap int
	}{s, len(s)}))
}

// Fill writes.
func Fill(b []byte, c byte) {
	for i := range b {
		b[i] = c
	}
}
