// Package bad writes lengths that the memory does not have.
package bad

import (
	"reflect"
	"unsafe"
)

func grow(s []byte) byte {
	h := (*reflect.SliceHeader)(unsafe.Pointer(&s))
	h.Len = 100 // HAZARD: header-overgrow
	return s[64]
}

// Length is that of the caller's array.
func Length() byte { return grow(make([]byte, 5)) }

type header struct {
	data     unsafe.Pointer
	len, cap int
}

// Both are forged; the capacity is what must fit.
func Both() []uint32 {
	s := make([]uint32, 2, 4)
	h := (*header)(unsafe.Pointer(&s))
	h.len = 6
	h.cap = 8 // HAZARD: header-overgrow
	return s
}

// OnlyCap lets append write behind.
func OnlyCap() []byte {
	var a [8]byte
	s := a[:4]
	(*header)(unsafe.Pointer(&s)).cap = 16 // HAZARD: header-overgrow
	return append(s, "overrun"...)
}

// Parameter is what anybody says.
func Parameter(b []byte, n int) []byte {
	(*header)(unsafe.Pointer(&b)).len = n // HAZARD: header-overgrow
	return b
}

func setLen(h *reflect.SliceHeader, n int) {
	h.Len = n // HAZARD: header-overgrow
}

// Helper sets it in another function.
func Helper() []int {
	s := []int{1, 2, 3}
	setLen((*reflect.SliceHeader)(unsafe.Pointer(&s)), 10)
	return s
}

func headerOf(s *[]byte) *header { return (*header)(unsafe.Pointer(s)) }

// Getter gets the header from a function.
func Getter() []byte {
	s := make([]byte, 16)
	headerOf(&s).len = 17 // HAZARD: header-overgrow
	return s
}

// String has three bytes.
func String() string {
	s := "abc"
	(*reflect.StringHeader)(unsafe.Pointer(&s)).Len = 8 // HAZARD: header-overgrow
	return s
}

// Words are written by index.
func Words() []byte {
	s := make([]byte, 4)
	(*[3]uintptr)(unsafe.Pointer(&s))[1] = 32 // HAZARD: header-overgrow
	return s
}

// Arithmetic finds the word itself.
func Arithmetic() []byte {
	s := make([]byte, 4)
	*(*int)(unsafe.Add(unsafe.Pointer(&s), unsafe.Sizeof(uintptr(0)))) = 64 // HAZARD: header-overgrow
	return s
}

type buffer struct{ data []byte }

// Extend adds without looking.
func (b *buffer) Extend(n int) {
	h := (*reflect.SliceHeader)(unsafe.Pointer(&b.data))
	h.Len += n // HAZARD: header-overgrow
}

// Doubled has elements of the same size.
func Doubled(s []uint16) []uint16 {
	h := (*reflect.SliceHeader)(unsafe.Pointer(&s))
	h.Cap *= 2 // HAZARD: header-overgrow
	return s
}

// More than the capacity that comes with it.
func More() (b []byte) {
	var word uint64
	h := (*header)(unsafe.Pointer(&b))
	h.data = unsafe.Pointer(&word)
	h.len = 16 // HAZARD: header-overgrow
	h.cap = 8
	return b
}

// NewData is too short for what is set.
func NewData() (b []byte) {
	var word uint64
	h := (*header)(unsafe.Pointer(&b))
	h.data = unsafe.Pointer(&word)
	h.len = 8
	h.cap = 12 // HAZARD: header-overgrow
	return b
}
