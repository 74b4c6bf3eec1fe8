// Package good converts between strings and slices without hiding memory.
package good

import (
	"fmt"
	"reflect"
	"syscall"
	"unsafe"
)

// Functions uses what package unsafe offers for it.
func Functions(s string) []byte { return unsafe.Slice(unsafe.StringData(s), len(s)) }

// RealHeader sets the fields of a real slice, which rule (6) allows.
func RealHeader(s string) (b []byte) {
	sh := (*reflect.StringHeader)(unsafe.Pointer(&s))
	bh := (*reflect.SliceHeader)(unsafe.Pointer(&b))
	bh.Data = sh.Data
	bh.Cap = sh.Len
	bh.Len = sh.Len
	return b
}

type visible struct {
	data unsafe.Pointer
	n, c int
}

// Visible has a first word that the collector follows.
func Visible(b []byte) []uint32 {
	v := visible{unsafe.Pointer(&b[0]), len(b) / 4, len(b) / 4}
	return *(*[]uint32)(unsafe.Pointer(&v))
}

// StringAndCap begins with a string.
func StringAndCap(s string) []byte {
	return *(*[]byte)(unsafe.Pointer(&struct {
		string
		Cap int
	}{s, len(s)}))
}

// Prefix: a slice's first words are a string.
func Prefix(b []byte) string { return *(*string)(unsafe.Pointer(&b)) }

// Mapped memory needs no reference.
func Mapped(fd int) []uint32 {
	addr, _, _ := syscall.Syscall6(syscall.SYS_MMAP, 0, 4096, 1, 1, uintptr(fd), 0)
	h := reflect.SliceHeader{Data: addr, Len: 1024, Cap: 1024}
	return *(*[]uint32)(unsafe.Pointer(&h))
}

// Printed copies a header only to look at it.
func Printed(s string) string {
	h := *(*reflect.StringHeader)(unsafe.Pointer(&s))
	return fmt.Sprintf("%#x+%d", h.Data, h.Len)
}
