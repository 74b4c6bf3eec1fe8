// Package bad gives pointers types that are larger than what they point into.
package bad

import "unsafe"

type small struct{ a, b uint16 }

type large struct{ x, y, z uint64 }

// Variable: eight bytes of four.
func Variable(id uint32) uint64 {
	return *(*uint64)(unsafe.Pointer(&id)) // HAZARD: cast-grow
}

func widen(s *small) large {
	return *(*large)(unsafe.Pointer(s)) // HAZARD: cast-grow
}

// Passed comes from a caller.
func Passed() large { return widen(&small{1, 2}) }

type record struct {
	head uint64
	tail uint32
	last uint16
}

// LastField has two bytes behind it in the struct, and needs eight.
func LastField() uint64 {
	var r record
	return *(*uint64)(unsafe.Pointer(&r.last)) // HAZARD: cast-grow
}

// Element is the third of four bytes.
func Element() uint32 {
	var b [4]byte
	return *(*uint32)(unsafe.Pointer(&b[2])) // HAZARD: cast-grow
}

// Made has six bytes.
func Made() uint64 {
	b := make([]byte, 6)
	return *(*uint64)(unsafe.Pointer(&b[0])) // HAZARD: cast-grow
}

// Bytes is a slice of a string that has no capacity.
func Bytes(s string) []byte {
	return *(*[]byte)(unsafe.Pointer(&s)) // HAZARD: cast-grow
}

type named struct {
	name string
	next *named
}

// Field: the word behind the string is a pointer.
func (n *named) Bytes() []byte {
	return *(*[]byte)(unsafe.Pointer(&n.name)) // HAZARD: cast-grow
}

func fresh() *small { return &small{} }

// Result is what a function made.
func Result() uint64 {
	l := (*large)(unsafe.Pointer(fresh())) // HAZARD: cast-grow
	return l.z
}

// Written destroys what lies behind.
func Written(n *uint32) {
	var v uint16
	*(*uint32)(unsafe.Pointer(&v)) = *n // HAZARD: cast-grow
}

func third(l *large) uint64 { return l.z }

// Through reads in another function.
func Through() uint64 {
	var s small
	return third((*large)(unsafe.Pointer(&s))) // HAZARD: cast-grow
}

// Returned is read by the caller.
func Returned() uint64 { return enlarge(&small{}).y }

func enlarge(s *small) *large {
	return (*large)(unsafe.Pointer(s)) // HAZARD: cast-grow
}

// Closure captures the variable.
func Closure() func() uint64 {
	var s small
	return func() uint64 {
		return (*large)(unsafe.Pointer(&s)).x // HAZARD: cast-grow
	}
}

var global [3]uint32

// Global has twelve bytes.
func Global() [2]uint64 {
	return *(*[2]uint64)(unsafe.Pointer(&global)) // HAZARD: cast-grow
}

// Text is five bytes of read-only memory.
func Text() uint64 {
	s := "hello"
	return *(*uint64)(unsafe.Pointer(unsafe.StringData(s))) // HAZARD: cast-grow
}

// Unchecked: nothing says that b has eight bytes.
func Unchecked(b []byte) uint64 {
	return *(*uint64)(unsafe.Pointer(&b[0])) // HAZARD: cast-grow
}

// TooFew: four are not eight.
func TooFew(b []byte) uint64 {
	if len(b) < 4 {
		return 0
	}
	return *(*uint64)(unsafe.Pointer(&b[0])) // HAZARD: cast-grow
}

// Offset starts inside.
func Offset() uint64 {
	var a [2]uint64
	return *(*uint64)(unsafe.Add(unsafe.Pointer(&a), 12)) // HAZARD: cast-grow
}

// Stepwise keeps the pointer in a variable.
func Stepwise() uint64 {
	var n uint32
	p := unsafe.Pointer(&n)
	q := (*uint64)(p) // HAZARD: cast-grow
	*q++
	return *q
}

var kept *large

// Kept goes where nobody sees how it is read.
func Kept() {
	kept = (*large)(unsafe.Pointer(&small{})) // HAZARD: cast-grow
}
