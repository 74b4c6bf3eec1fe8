// Package good puts Go pointers where the garbage collector looks.
package good

import (
	"unsafe"
)

type node struct {
	next *node
	name string
	n    int
}

// Pointers are declared.
func Pointers(n *node) []unsafe.Pointer {
	list := make([]unsafe.Pointer, 4)
	*(**node)(unsafe.Pointer(&list[2])) = n
	return list
}

type other struct {
	first *int
	text  string
	n     int
}

// Struct has a pointer at the same place.
func Struct(n *node) *other {
	o := &other{}
	(*node)(unsafe.Pointer(o)).next = n
	return o
}

type flat struct{ a, b uint64 }

// Number is no pointer.
func Number() []byte {
	buf := make([]byte, 64)
	*(*flat)(unsafe.Pointer(&buf[0])) = flat{1, 2}
	return buf
}

// Nothing clears it.
func Nothing() []byte {
	buf := make([]byte, 64)
	*(**node)(unsafe.Pointer(&buf[0])) = nil
	return buf
}

// Text is never freed.
func Text() []byte {
	buf := make([]byte, 64)
	*(*string)(unsafe.Pointer(&buf[0])) = "constant"
	return buf
}

var root node

// Root is a variable of the package.
func Root() []byte {
	buf := make([]byte, 64)
	*(**node)(unsafe.Pointer(&buf[0])) = &root
	return buf
}

type arena struct {
	buf  []byte
	off  int
	head *node
}

func newArena(n int) *arena { return &arena{buf: make([]byte, n)} }

func (a *arena) node() *node {
	n := (*node)(unsafe.Pointer(&a.buf[a.off]))
	a.off += int(unsafe.Sizeof(node{}))
	return n
}

// Push links nodes inside of the arena.
func (a *arena) Push(v int) *node {
	n := a.node()
	n.n = v
	n.next = a.head
	a.head = n
	return n
}

// Two link to each other.
func (a *arena) Two() *node {
	x, y := a.node(), a.node()
	x.next = y
	return x
}

// Header is that of a real slice.
func Header(p *byte, n int) (b []byte) {
	type header struct {
		data     unsafe.Pointer
		len, cap int
	}
	h := (*header)(unsafe.Pointer(&b))
	h.data, h.len, h.cap = unsafe.Pointer(p), n, n
	return b
}

type words struct {
	typ, data uintptr
}

// Interface writes into a real one.
func Interface(n *node) (v any) {
	w := (*[2]unsafe.Pointer)(unsafe.Pointer(&v))
	var like any = n
	w[0] = (*[2]unsafe.Pointer)(unsafe.Pointer(&like))[0]
	w[1] = unsafe.Pointer(n)
	return v
}

// Opaque is memory of the caller's.
func Opaque(p unsafe.Pointer, n *node) { *(**node)(p) = n }

// Cell is somewhere.
func Cell(p *uintptr, n *node) { *(**node)(unsafe.Pointer(p)) = n }

// Local is a pointer variable seen as a number and back.
func Local(n *node) *node {
	var p *node
	*(**node)(unsafe.Pointer(&p)) = n
	return p
}
