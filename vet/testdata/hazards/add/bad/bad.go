// Package bad leaves objects by pointer arithmetic.
package bad

import "unsafe"

type pair struct {
	a uint32
	b uint32
}

// Variable: eight bytes from the start of four.
func Variable() int32 {
	x := int32(1)
	return *(*int32)(unsafe.Add(unsafe.Pointer(&x), 8)) // HAZARD: add-past-object
}

// End: the first byte after the object does not belong to it.
func End() (sum uint32) {
	words := [4]uint32{1, 2, 3, 4}
	p := unsafe.Pointer(&words)
	end := unsafe.Add(p, unsafe.Sizeof(words)) // HAZARD: add-past-object
	for ; p != end; p = unsafe.Add(p, 4) {
		sum += *(*uint32)(p)
	}
	return sum
}

// Expression is the same with an integer in one expression.
func Expression() *uint32 {
	p := new(pair)
	return (*uint32)(unsafe.Pointer(uintptr(unsafe.Pointer(p)) + 8)) // HAZARD: add-past-object
}

//go:noinline
func third(p *uint16) uint16 {
	return *(*uint16)(unsafe.Add(unsafe.Pointer(p), 4)) // HAZARD: add-past-object
}

// Callee: the object is the caller's.
func Callee() uint16 {
	two := [2]uint16{1, 2}
	return third(&two[0])
}

// Made by make with a constant length.
func Made() byte {
	b := make([]byte, 16)
	return *(*byte)(unsafe.Add(unsafe.Pointer(&b[0]), 16)) // HAZARD: add-past-object
}

// Element counts from an element on.
func Element() uint64 {
	var w [8]uint64
	p := unsafe.Pointer(&w[6])
	return *(*uint64)(unsafe.Add(p, 2*unsafe.Sizeof(w[0]))) // HAZARD: add-past-object
}

// Loop goes one round too far.
func Loop() (sum uint32) {
	var w [4]uint32
	for i := uintptr(0); i <= 4; i++ {
		sum += *(*uint32)(unsafe.Add(unsafe.Pointer(&w), i*4)) // HAZARD: add-past-object
	}
	return sum
}

// Before the object is outside too.
func Before() byte {
	var b [8]byte
	return *(*byte)(unsafe.Add(unsafe.Pointer(&b), -1)) // HAZARD: add-past-object
}

// Literal: a composite literal has a size.
func Literal() *uint32 {
	p := &pair{1, 2}
	return (*uint32)(unsafe.Add(unsafe.Pointer(p), unsafe.Sizeof(*p))) // HAZARD: add-past-object
}

type reader struct{ buf *[4]byte }

func (r *reader) at4() byte {
	local := [4]byte{1, 2, 3, 4}
	f := func() byte {
		return *(*byte)(unsafe.Add(unsafe.Pointer(&local), 4)) // HAZARD: add-past-object
	}
	return f()
}

// Text: a string constant of four bytes.
func Text() byte {
	return *(*byte)(unsafe.Add(unsafe.Pointer(unsafe.StringData("four")), 5)) // HAZARD: add-past-object
}
