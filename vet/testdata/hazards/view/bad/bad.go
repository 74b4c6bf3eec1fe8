// Package bad lays views over objects that are shorter.
package bad

import "unsafe"

func widen(s []int) []int {
	return (*[10]int)(unsafe.Pointer(&s[0]))[:] // HAZARD: view-overrun
}

// Array: two elements become ten.
func Array() []int { return widen([]int{1, 2}) }

func view(b []byte, n int) []byte {
	return unsafe.Slice(&b[0], n) // HAZARD: view-overrun
}

// Length: 64 bytes of 8.
func Length() []byte { return view(make([]byte, 4, 8), 64) }

type page struct {
	id    uint64
	count uint16
	first uintptr
}

// Flexible: the page ends after first.
func (p *page) Flexible(i uint16) *uint64 {
	return &(*[0x7ffffff]uint64)(unsafe.Pointer(&p.first))[i] // HAZARD: view-overrun
}

// TwoBounds has the capacity of the array.
func (p *page) TwoBounds() []uint64 {
	return (*[0x7ffffff]uint64)(unsafe.Pointer(&p.first))[:p.count] // HAZARD: view-overrun
}

// FirstOfMany: the conversion alone says that all are there.
func (p *page) FirstOfMany(n uint64) {
	(*[0x7ffffff]uint64)(unsafe.Pointer(&p.first))[0] = n // HAZARD: view-overrun
}

// Variable: 16 bytes of 8.
func Variable(x uint64) []byte {
	return (*[16]byte)(unsafe.Pointer(&x))[:] // HAZARD: view-overrun
}

// Third: a third bound does not help when it is too large.
func Third(x uint64) []byte {
	return (*[1 << 20]byte)(unsafe.Pointer(&x))[:12:12] // HAZARD: view-overrun
}

// Inside: the third word is the last.
func Inside() []uint32 {
	var a [4]uint32
	return unsafe.Slice(&a[2], 3) // HAZARD: view-overrun
}

// Unchecked: nothing says that b has eight bytes.
func Unchecked(b []byte) []byte {
	return (*[8]byte)(unsafe.Pointer(&b[0]))[:] // HAZARD: view-overrun
}

// TooFew: four are not eight.
func TooFew(b []byte) []byte {
	if len(b) < 4 {
		return nil
	}
	return (*[8]byte)(unsafe.Pointer(&b[0]))[:] // HAZARD: view-overrun
}

// BytesAsWords: as many words as there are bytes.
func BytesAsWords(b []byte) []uint64 {
	return unsafe.Slice((*uint64)(unsafe.Pointer(unsafe.SliceData(b))), len(b)) // HAZARD: view-overrun
}

// Late: from the second byte on there is one less.
func Late(b []byte) string {
	return unsafe.String(&b[1], len(b)) // HAZARD: view-overrun
}

// Unbounded: whatever n is.
func Unbounded(s string, n int) string {
	return unsafe.String(unsafe.StringData(s), n) // HAZARD: view-overrun
}

// Wrong compares with the wrong slice.
func Wrong(a, b []byte, n int) []byte {
	if n > len(a) {
		return nil
	}
	return unsafe.Slice(unsafe.SliceData(b), n) // HAZARD: view-overrun
}

// OpenEnd: a made-up maximum over who knows what.
func OpenEnd(p unsafe.Pointer, n int) []byte {
	return (*[1 << 30]byte)(p)[:n] // HAZARD: view-overrun
}
