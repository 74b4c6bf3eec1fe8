// Package bad casts between types that are alike on 64-bit processors only, and
// to types of larger alignment.
package bad

import (
	"sync/atomic"
	"unsafe"
)

type pair struct{ a, b int }

type wire struct{ a, b int64 }

// Pair: sixteen bytes of eight.
func Pair(p *pair) wire {
	return *(*wire)(unsafe.Pointer(p)) // HAZARD: cast-arch
}

// Number: eight bytes of four.
func Number(n int) int64 {
	return *(*int64)(unsafe.Pointer(&n)) // HAZARD: cast-arch
}

// Slice: elements are not of the same size.
func Slice(s []int) []int64 {
	return *(*[]int64)(unsafe.Pointer(&s)) // HAZARD: cast-arch
}

// Elements are looked at one by one.
func Elements(s []uint) []uint64 {
	return unsafe.Slice((*uint64)(unsafe.Pointer(&s[0])), len(s)) // HAZARD: cast-arch
}

type padded struct {
	flag uint32
	n    uint64
}

type explicit struct {
	flag, _ uint32
	n       uint64
}

// Padding is not there where alignment is 4.
func Padding(e *explicit) *padded {
	return (*padded)(unsafe.Pointer(e)) // HAZARD: cast-arch
}

type handle struct {
	fd   uintptr
	kind int32
}

type fixed struct {
	fd   uint64
	kind int32
}

// Handle: a uintptr is no uint64.
func Handle(h handle) int32 {
	return (*fixed)(unsafe.Pointer(&h)).kind // HAZARD: cast-arch
}

// Counter works on a word that is half as long.
func Counter(n *int) int64 {
	return atomic.AddInt64((*int64)(unsafe.Pointer(n)), 1) // HAZARD: cast-arch
}

type nested struct{ in pair }

type nestedWire struct{ in wire }

// Nested is deeper.
func Nested(n *nested) *nestedWire {
	return (*nestedWire)(unsafe.Pointer(n)) // HAZARD: cast-arch
}

// Array is one of ints.
func Array(a [4]int) [4]int64 {
	return *(*[4]int64)(unsafe.Pointer(&a)) // HAZARD: cast-arch
}

// Literal takes the bytes of two ints to be sixteen.
func Literal(p *pair) []byte {
	return (*[16]byte)(unsafe.Pointer(p))[:] // HAZARD: cast-arch
}

// Misaligned: the second byte is no place for an atomic number.
func Misaligned(b []byte) uint64 {
	return atomic.LoadUint64((*uint64)(unsafe.Pointer(&b[1]))) // HAZARD: cast-align
}

// Anywhere: nothing says that i is a multiple.
func Anywhere(b []byte, i int) {
	atomic.StoreUint64((*uint64)(unsafe.Pointer(&b[i])), 1) // HAZARD: cast-align
}

type packet struct {
	kind uint32
	data [12]byte
}

// Data is four bytes into the packet.
func Data() uint64 {
	var p packet
	return atomic.AddUint64((*uint64)(unsafe.Pointer(&p.data)), 1) // HAZARD: cast-align
}

type shared struct{ seq, ack uint64 }

// Through: the field is misplaced because the struct is.
func Through() uint64 {
	buf := make([]byte, 64)
	s := (*shared)(unsafe.Pointer(&buf[4])) // HAZARD: cast-align
	return atomic.LoadUint64(&s.ack)
}

// Typed does not help when the address is wrong.
func Typed() uint64 {
	buf := make([]byte, 64)
	return (*atomic.Uint64)(unsafe.Pointer(&buf[12])).Load() // HAZARD: cast-align
}

// Words are four bytes each.
func Words() uint64 {
	var w [8]uint32
	return atomic.LoadUint64((*uint64)(unsafe.Pointer(&w[1]))) // HAZARD: cast-align
}

// Narrow needs four.
func Narrow() uint32 {
	buf := make([]byte, 64)
	return atomic.LoadUint32((*uint32)(unsafe.Pointer(&buf[2]))) // HAZARD: cast-align
}

// Pointer can't be seen by the collector there.
func Pointer() *int {
	var buf [32]byte
	return *(**int)(unsafe.Pointer(&buf[3])) // HAZARD: cast-align
}
