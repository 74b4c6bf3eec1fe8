// Package bad keeps numbers as pointers.
package bad

import (
	"runtime/cgo"
	"sync/atomic"
	"unsafe"
)

// A slot is what a callback gets back.
type slot struct {
	name string
	data unsafe.Pointer
}

// Constant: a mark that is no address.
func Constant() *slot {
	return &slot{"constant", unsafe.Pointer(uintptr(1))} // HAZARD: int-as-pointer
}

var deleted = (*slot)(unsafe.Pointer(uintptr(0x2a))) // HAZARD: int-as-pointer

// Deleted uses the mark.
func Deleted(s *slot) bool { return s == deleted }

// Handle passes a handle as the pointer that it stands for.
func Handle(v any) *slot {
	h := cgo.NewHandle(v)
	return &slot{"handle", unsafe.Pointer(uintptr(h))} // HAZARD: int-as-pointer
}

func register(data unsafe.Pointer) { sink = append(sink, data) }

// Passed: an argument is a slot too.
func Passed(h cgo.Handle) {
	register(unsafe.Pointer(h)) // HAZARD: int-as-pointer
}

// Index keeps an int.
func Index(s *slot, id int) {
	s.data = unsafe.Pointer(uintptr(id)) // HAZARD: int-as-pointer
}

func wrap(id uintptr) unsafe.Pointer {
	return unsafe.Pointer(id) // HAZARD: int-as-pointer
}

// Helper: the caller of the helper passes the constant.
func Helper() unsafe.Pointer { return wrap(32512) }

// Chosen one way or the other.
func Chosen(p *int, none bool) unsafe.Pointer {
	id := uintptr(0)
	if none {
		id = 7
	}
	q := unsafe.Pointer(p)
	if id != 0 {
		q = unsafe.Pointer(id) // HAZARD: int-as-pointer
	}
	return q
}

// Boxed in an interface.
func Boxed(n uint8) any {
	return unsafe.Pointer(uintptr(n)) // HAZARD: int-as-pointer
}

// Captured by a literal.
func Captured() func() bool {
	p := unsafe.Pointer(uintptr(12)) // HAZARD: int-as-pointer
	return func() bool { return p != nil }
}

// Map values are slots.
func Map(m map[string]*slot) {
	m["none"] = (*slot)(unsafe.Pointer(uintptr(3))) // HAZARD: int-as-pointer
}

// Swapped by sync/atomic.
func Swapped(p *unsafe.Pointer) {
	atomic.StorePointer(p, unsafe.Pointer(uintptr(2))) // HAZARD: int-as-pointer
}

// Tagged replaces the low bits of an address by a number.
func Tagged(s *slot) unsafe.Pointer {
	return unsafe.Pointer(uintptr(unsafe.Pointer(s))&^0xfff | 0x123) // HAZARD: int-as-pointer
}

const magic = 0xdeadbeef

// Poison is a larger constant.
func Poison(s *slot) {
	s.data = unsafe.Pointer(uintptr(magic)) // HAZARD: int-as-pointer
}

var sink []unsafe.Pointer
