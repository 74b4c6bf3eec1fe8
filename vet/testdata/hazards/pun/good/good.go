// Package good reads pointers where pointers are kept, and numbers that are not Go's addresses.
package good

import (
	"sync/atomic"
	"syscall"
	"unsafe"
)

type node struct {
	val  int
	next *node
}

// Variable keeps a pointer.
func Variable(n *node) *node {
	p := unsafe.Pointer(n)
	work()
	return *(**node)(unsafe.Pointer(&p))
}

// Mapped is the idiom where it is right: the kernel gave the address out.
func Mapped() *node {
	addr, _, e := syscall.Syscall6(syscall.SYS_MMAP, 0, 4096, 3, 0x22, ^uintptr(0), 0)
	if e != 0 {
		return nil
	}
	work()
	return *(**node)(unsafe.Pointer(&addr))
}

// Parameter may be anything.
func Parameter(lparam uintptr) *node { return *(**node)(unsafe.Pointer(&lparam)) }

type list struct {
	len  int
	head unsafe.Pointer
}

type view struct {
	len  int
	head *node
}

func (l *list) push(n *node) { l.head = unsafe.Pointer(n) }

// Struct has pointers at the same place in both types.
func (l *list) Struct() *node { return (*view)(unsafe.Pointer(l)).head }

// Slice of unsafe pointers.
func Slice(n *node) []*node {
	ps := []unsafe.Pointer{unsafe.Pointer(n)}
	work()
	return *(*[]*node)(unsafe.Pointer(&ps))
}

// Atomic loads a pointer.
func Atomic(p *unsafe.Pointer) *node { return (*node)(atomic.LoadPointer(p)) }

// Integer reads an integer where one is.
func Integer(n *node) uint {
	u := uintptr(unsafe.Pointer(n))
	return *(*uint)(unsafe.Pointer(&u))
}

// Data of a slice is a pointer.
func Data(b []byte) *byte { return *(**byte)(unsafe.Pointer(&b)) }

type word struct{ size, flags uintptr }

// Other: what lies at that place is no address.
func Other(w *word) *node {
	w.size = 64
	return *(**node)(unsafe.Pointer(w))
}

var table [4]node

// Static memory stays.
func Static() *node {
	u := uintptr(unsafe.Pointer(&table[1]))
	work()
	return *(**node)(unsafe.Pointer(&u))
}

// Interface takes a value apart, whose words are pointers.
func Interface(v any) unsafe.Pointer { return (*[2]unsafe.Pointer)(unsafe.Pointer(&v))[1] }

func work() { sink = append(sink, make([]byte, 32)) }

var sink [][]byte
