// Package bad reads pointers out of memory that holds numbers.
package bad

import (
	"sync/atomic"
	"unsafe"
)

type node struct {
	val  int
	next *node
}

// Variable: the detour that silences go vet.
func Variable(n *node) *node {
	u := uintptr(unsafe.Pointer(n))
	work()
	return *(**node)(unsafe.Pointer(&u)) // HAZARD: pun-uintptr-load
}

// Untyped goes to an unsafe.Pointer first.
func Untyped() *node {
	u := uintptr(unsafe.Pointer(&node{val: 1}))
	work()
	p := *(*unsafe.Pointer)(unsafe.Pointer(&u)) // HAZARD: pun-uintptr-load
	return (*node)(p)
}

type list struct {
	len  int
	head uintptr
}

// push keeps the address in a field.
func (l *list) push(n *node) {
	l.head = uintptr(unsafe.Pointer(n))
	l.len++
}

// Field reads it through a pointer to the field.
func (l *list) Field() *node {
	return *(**node)(unsafe.Pointer(&l.head)) // HAZARD: pun-uintptr-load
}

type view struct {
	len  int
	head *node
}

// Struct reads it through another type for the whole struct.
func (l *list) Struct() *node {
	return (*view)(unsafe.Pointer(l)).head // HAZARD: pun-uintptr-load
}

// First: the number is the first field.
func First(n *node) *node {
	s := struct{ at, size uintptr }{uintptr(unsafe.Pointer(n)), 16}
	work()
	return *(**node)(unsafe.Pointer(&s)) // HAZARD: pun-uintptr-load
}

var saved uint64

// Save keeps it in a package variable.
func Save(n *node) { saved = uint64(uintptr(unsafe.Pointer(n))) }

// Load is the other half of Save.
func Load() *node {
	return *(**node)(unsafe.Pointer(&saved)) // HAZARD: pun-uintptr-load
}

func load(u *uintptr) *node {
	return *(**node)(unsafe.Pointer(u)) // HAZARD: pun-uintptr-load
}

// Helper passes the variable's address.
func Helper(n *node) *node {
	u := uintptr(unsafe.Pointer(n))
	work()
	return load(&u)
}

// Element reads an element of a slice of numbers.
func Element(nodes []*node) *node {
	us := make([]uintptr, len(nodes))
	for i, n := range nodes {
		us[i] = uintptr(unsafe.Pointer(n))
	}
	work()
	return *(**node)(unsafe.Pointer(&us[0])) // HAZARD: pun-uintptr-load
}

// Slice reads all of them.
func Slice(n *node) []*node {
	us := []uintptr{uintptr(unsafe.Pointer(n))}
	work()
	return *(*[]*node)(unsafe.Pointer(&us)) // HAZARD: pun-uintptr-load
}

// Array looks at an array of numbers as one of pointers.
func Array(a, b *node, i int) *node {
	us := [2]uintptr{uintptr(unsafe.Pointer(a)), uintptr(unsafe.Pointer(b))}
	work()
	return (*[2]*node)(unsafe.Pointer(&us))[i&1] // HAZARD: pun-uintptr-load
}

// Atomic loads by sync/atomic.
func Atomic(n *node) *node {
	u := uintptr(unsafe.Pointer(n))
	work()
	return (*node)(atomic.LoadPointer((*unsafe.Pointer)(unsafe.Pointer(&u)))) // HAZARD: pun-uintptr-load
}

// Later: the literal reads what it captured.
func Later(n *node) func() int {
	u := uintptr(unsafe.Pointer(n))
	return func() int {
		return (*(**node)(unsafe.Pointer(&u))).val // HAZARD: pun-uintptr-load
	}
}

func work() { sink = append(sink, make([]byte, 32)) }

var sink [][]byte
