// Package bad puts Go pointers where the garbage collector does not look.
package bad

import (
	"sync/atomic"
	"syscall"
	"unsafe"
)

type node struct {
	next *node
	name string
	n    int
}

// Slice of bytes.
func Slice(n *node) []byte {
	buf := make([]byte, 64)
	*(**node)(unsafe.Pointer(&buf[8])) = n // HAZARD: ptr-in-noscan
	return buf
}

// Array of bytes.
func Array() (buf [32]byte) {
	*(**node)(unsafe.Pointer(&buf)) = &node{} // HAZARD: ptr-in-noscan
	return buf
}

// Words of numbers.
func Words(s string) []uint64 {
	w := make([]uint64, 4)
	*(*string)(unsafe.Pointer(&w[1])) = s // HAZARD: ptr-in-noscan
	return w
}

type flat struct{ a, b uint64 }

// Flat is a struct without pointers.
func Flat(n *node) *flat {
	f := &flat{}
	(*node)(unsafe.Pointer(f)).next = n // HAZARD: ptr-in-noscan
	return f
}

type arena struct {
	buf []byte
	off int
}

func newArena(n int) *arena { return &arena{buf: make([]byte, n)} }

func (a *arena) alloc(n int) unsafe.Pointer {
	p := unsafe.Pointer(&a.buf[a.off])
	a.off += n
	return p
}

// Arena hands memory out.
func Arena(a *arena) *node {
	n := (*node)(a.alloc(int(unsafe.Sizeof(node{}))))
	n.next = &node{} // HAZARD: ptr-in-noscan
	return n
}

func create[T any](a *arena) *T {
	return (*T)(a.alloc(int(unsafe.Sizeof(*new(T)))))
}

// Generic hands out memory of any type.
func Generic(name []byte) *node {
	n := create[node](newArena(1024))
	n.name = string(name) // HAZARD: ptr-in-noscan
	return n
}

// Whole writes all fields at once.
func Whole(a *arena, name []byte) {
	*(*node)(unsafe.Pointer(&a.buf[0])) = node{name: string(name)} // HAZARD: ptr-in-noscan
}

// View is a slice of pointers over numbers.
func View(n *node) []uintptr {
	w := make([]uintptr, 8)
	v := unsafe.Slice((**node)(unsafe.Pointer(&w[0])), 8)
	v[3] = n // HAZARD: ptr-in-noscan
	return w
}

// Closure holds what it captures.
func Closure(n *node) []byte {
	buf := make([]byte, 8)
	*(*func() int)(unsafe.Pointer(&buf[0])) = func() int { return n.n } // HAZARD: ptr-in-noscan
	return buf
}

// Interface has two words.
func Interface(v *node) [2]uintptr {
	var w [2]uintptr
	*(*any)(unsafe.Pointer(&w)) = v // HAZARD: ptr-in-noscan
	return w
}

type slot struct {
	key  uint64
	addr uintptr
}

// Field is declared as a number.
func (s *slot) Field(n *node) {
	*(**node)(unsafe.Pointer(&s.addr)) = n // HAZARD: ptr-in-noscan
}

// Atomic stores too.
func (s *slot) Atomic(n *node) {
	atomic.StorePointer((*unsafe.Pointer)(unsafe.Pointer(&s.addr)), unsafe.Pointer(n)) // HAZARD: ptr-in-noscan
}

type other struct{ n int }

type holder struct{ other *other }

// Mapped memory is nobody's.
func Mapped(fd int, n *other) error {
	data, err := syscall.Mmap(fd, 0, 4096, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_SHARED)
	if err != nil {
		return err
	}
	(*holder)(unsafe.Pointer(&data[8])).other = n // HAZARD: ptr-in-noscan
	return syscall.Munmap(data)
}

var table [16]uint64

// Global is an array of numbers.
func Global(i int, n *node) {
	*(**node)(unsafe.Pointer(&table[i])) = n // HAZARD: ptr-in-noscan
}

// Loop fills all of it.
func Loop(names []string) []byte {
	buf := make([]byte, len(names)*16)
	for i, s := range names {
		*(*string)(unsafe.Pointer(&buf[i*16])) = s + "!" // HAZARD: ptr-in-noscan
	}
	return buf
}
