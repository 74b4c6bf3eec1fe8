// Package good writes lengths that the memory has.
package good

import (
	"reflect"
	"unsafe"
)

// ToCap goes as far as the capacity.
func ToCap(s []byte) []byte {
	h := (*reflect.SliceHeader)(unsafe.Pointer(&s))
	h.Len = h.Cap
	return s
}

// Cap asks the slice.
func Cap(s []byte) []byte {
	(*reflect.SliceHeader)(unsafe.Pointer(&s)).Len = cap(s)
	return s
}

// Shorter only shrinks.
func Shorter(s []byte, n int) []byte {
	h := (*reflect.SliceHeader)(unsafe.Pointer(&s))
	if n < h.Len {
		h.Len = n
	}
	return s
}

// Clamped bounds n first.
func Clamped(s []byte, n int) []byte {
	if n > cap(s) {
		panic("too long")
	}
	h := (*reflect.SliceHeader)(unsafe.Pointer(&s))
	h.Len = n
	return s
}

// Min bounds n in place.
func Min(s []byte, n int) []byte {
	h := (*reflect.SliceHeader)(unsafe.Pointer(&s))
	h.Len = min(n, h.Cap)
	return s
}

// Empty is always there.
func Empty(s []byte) []byte {
	(*reflect.SliceHeader)(unsafe.Pointer(&s)).Len = 0
	return s
}

// OneLess cuts the last one off.
func OneLess(s string) string {
	if s == "" {
		return s
	}
	(*reflect.StringHeader)(unsafe.Pointer(&s)).Len--
	return s
}

// FromString sets all three words.
func FromString(s string) (b []byte) {
	sh := (*reflect.StringHeader)(unsafe.Pointer(&s))
	bh := (*reflect.SliceHeader)(unsafe.Pointer(&b))
	bh.Data, bh.Len, bh.Cap = sh.Data, sh.Len, sh.Len
	return b
}

// Written begins as a string and gets its capacity.
func Written(s string) (b []byte) {
	*(*string)(unsafe.Pointer(&b)) = s
	(*reflect.SliceHeader)(unsafe.Pointer(&b)).Cap = len(s)
	return b
}

// Bytes of words are four times as many.
func Bytes(words []uint32) []byte {
	b := *(*[]byte)(unsafe.Pointer(&words))
	h := (*reflect.SliceHeader)(unsafe.Pointer(&b))
	h.Len *= 4
	h.Cap *= 4
	return b
}

// Words of bytes are a quarter.
func Words(b []byte) []uint32 {
	w := *(*[]uint32)(unsafe.Pointer(&b))
	h := (*reflect.SliceHeader)(unsafe.Pointer(&w))
	h.Len /= 4
	h.Cap /= 4
	return w
}

// Room has it.
func Room() []byte {
	s := make([]byte, 4, 64)
	h := (*reflect.SliceHeader)(unsafe.Pointer(&s))
	h.Len = 64
	return s
}

// Opaque memory is as long as the caller says.
func Opaque(p unsafe.Pointer, n int) (b []byte) {
	h := (*reflect.SliceHeader)(unsafe.Pointer(&b))
	h.Data = uintptr(p)
	h.Len = n
	h.Cap = n
	return b
}

type own struct {
	data     unsafe.Pointer
	len, cap int
}

// Push keeps its own length, which is no slice's.
func (o *own) Push() { o.len++ }

// More fits one more if there is room.
func More(s []byte) []byte {
	h := (*reflect.SliceHeader)(unsafe.Pointer(&s))
	if h.Len < h.Cap {
		h.Len++
	}
	return s
}
