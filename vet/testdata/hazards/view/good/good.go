// Package good lays views over objects that are long enough.
package good

import (
	"log"
	"unsafe"
)

// Guarded returns before it gets short.
func Guarded(s []int) []int {
	if len(s) < 10 {
		panic("short")
	}
	return (*[10]int)(unsafe.Pointer(&s[0]))[:]
}

// Fatal does not return either.
func Fatal(s []int) []int {
	if len(s) < 10 {
		log.Fatal("short")
	}
	return (*[10]int)(unsafe.Pointer(&s[0]))[:]
}

// Clamped bounds n first.
func Clamped(b []byte, n int) []byte {
	if n > cap(b) {
		n = cap(b)
	}
	return unsafe.Slice(unsafe.SliceData(b), n)
}

// Min bounds n in place.
func Min(b []byte, n int) []byte { return unsafe.Slice(unsafe.SliceData(b), min(n, len(b))) }

// Hinted touches the last byte first.
func Hinted(b []byte) []byte {
	_ = b[7]
	return (*[8]byte)(unsafe.Pointer(&b[0]))[:]
}

// FullSlice ends the view itself.
func FullSlice(p unsafe.Pointer, n int) []byte { return (*[1 << 30]byte)(p)[:n:n] }

// Words divides.
func Words(b []byte) []uint64 {
	if len(b) == 0 {
		return nil
	}
	return unsafe.Slice((*uint64)(unsafe.Pointer(&b[0])), len(b)/8)
}

// Bytes of a variable are as many as it has.
func Bytes(x uint64) []byte { return append([]byte(nil), (*[8]byte)(unsafe.Pointer(&x))[:]...) }

// Index stays within.
func Index(x uint64) byte { return (*[8]byte)(unsafe.Pointer(&x))[7] }

// Chunks checks each one.
func Chunks(b []byte) (sum byte) {
	for i := 0; i+8 <= len(b); i += 8 {
		sum += (*[8]byte)(unsafe.Pointer(&b[i]))[0]
	}
	return sum
}

// Eaten checks what is left.
func Eaten(b []byte) (sum byte) {
	for len(b) >= 8 {
		sum += (*[8]byte)(unsafe.Pointer(&b[0]))[3]
		b = b[8:]
	}
	return sum
}

type buffer struct{ data []byte }

// Field compares the field that it views.
func (b *buffer) Field(n int) []byte {
	if n < 0 || n > len(b.data) {
		return nil
	}
	return unsafe.Slice(&b.data[0], n)
}

// Made has the length that the view has.
func Made(n int) string {
	b := make([]byte, n)
	return unsafe.String(unsafe.SliceData(b), n)
}

// Rest starts inside and is shorter by that.
func Rest(b []byte, i int) []byte { return unsafe.Slice(&b[i], len(b)-i) }

func eight(b []byte) []byte { return (*[8]byte)(unsafe.Pointer(&b[0]))[:] }

// Callers of eight all see to the length.
func Callers(b []byte) []byte {
	if len(b) >= 8 {
		return eight(b)
	}
	return eight(make([]byte, 8))
}

// Opaque: the length is a contract with the caller.
func Opaque(p *byte, n int) []byte { return unsafe.Slice(p, n) }

type header struct{ a, b uint32 }

// Struct is viewed as what it is.
func Struct(h *header) []byte { return unsafe.Slice((*byte)(unsafe.Pointer(h)), unsafe.Sizeof(*h)) }
