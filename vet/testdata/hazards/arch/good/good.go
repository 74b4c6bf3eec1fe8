// Package good casts between types that are alike everywhere, and at addresses
// that are aligned.
package good

import (
	"strconv"
	"sync/atomic"
	"unsafe"
)

type pair struct{ a, b int }

type twin struct{ x, y int }

// Twins are always alike.
func Twins(p *pair) *twin { return (*twin)(unsafe.Pointer(p)) }

type wire struct{ a, b int64 }

// Guarded runs where they are alike.
func Guarded(p *pair) (w wire) {
	if strconv.IntSize == 64 {
		return *(*wire)(unsafe.Pointer(p))
	}
	return wire{int64(p.a), int64(p.b)}
}

// Sized decides by the size.
func Sized(n *int) int64 {
	switch unsafe.Sizeof(*n) {
	case 8:
		return *(*int64)(unsafe.Pointer(n))
	default:
		return int64(*(*int32)(unsafe.Pointer(n)))
	}
}

// Bytes are as many as there are.
func Bytes(p *pair) []byte { return (*[unsafe.Sizeof(*p)]byte)(unsafe.Pointer(p))[:] }

const size = unsafe.Sizeof(pair{})

// Named has the size in a constant.
func Named(p *pair) [size]byte { return *(*[size]byte)(unsafe.Pointer(p)) }

// Float has eight bytes everywhere.
func Float(f float64) uint64 { return *(*uint64)(unsafe.Pointer(&f)) }

// Words is a slice of the same.
func Words(s []uintptr) []uint { return *(*[]uint)(unsafe.Pointer(&s)) }

// First is aligned like what was allocated.
func First() uint64 {
	buf := make([]byte, 64)
	return atomic.LoadUint64((*uint64)(unsafe.Pointer(&buf[0])))
}

// Eighth is a multiple.
func Eighth() uint64 {
	buf := make([]byte, 64)
	return atomic.LoadUint64((*uint64)(unsafe.Pointer(&buf[16])))
}

// Multiplied is one too.
func Multiplied(b []byte, i int) uint64 {
	return atomic.LoadUint64((*uint64)(unsafe.Pointer(&b[i*8])))
}

// Rounded is one by a mask.
func Rounded(b []byte, i int) uint64 {
	i = (i + 7) &^ 7
	return atomic.LoadUint64((*uint64)(unsafe.Pointer(&b[i])))
}

// Tested looks at the address.
func Tested(b []byte, i int) uint64 {
	if uintptr(unsafe.Pointer(&b[i]))&7 != 0 {
		panic("misaligned")
	}
	return atomic.LoadUint64((*uint64)(unsafe.Pointer(&b[i])))
}

// Plain loads are aligned enough for the processors that we know of.
func Plain(b []byte) uint32 {
	_ = b[7]
	return *(*uint32)(unsafe.Pointer(&b[3]))
}

// Second word of an array of words.
func Second() uint64 {
	var w [8]uint64
	return atomic.LoadUint64((*uint64)(unsafe.Pointer(&w[1])))
}
