// Package good does what package bad does, within the rules.
package good

import (
	"fmt"
	"reflect"
	"syscall"
	"unsafe"
)

type node struct {
	val  int
	next *node
}

// Expression: arithmetic in one expression is rule (3).
func Expression(buf []byte) byte {
	return *(*byte)(unsafe.Pointer(uintptr(unsafe.Pointer(&buf[0])) + 3))
}

// Align rounds in one expression.
func Align(p unsafe.Pointer) unsafe.Pointer {
	return unsafe.Pointer((uintptr(p) + 7) &^ 7)
}

// Printed integers never become pointers.
func Printed(n *node) string {
	u := uintptr(unsafe.Pointer(n))
	work()
	return fmt.Sprintf("%#x", u)
}

// Aligned only tests.
func Aligned(b []byte) bool {
	u := uintptr(unsafe.Pointer(unsafe.SliceData(b)))
	work()
	return u%8 == 0
}

// Offset uses low bits of an address, which hold none.
func Offset(b []byte) *byte {
	misaligned := uintptr(unsafe.Pointer(&b[0])) & 7
	work()
	return (*byte)(unsafe.Pointer(uintptr(unsafe.Pointer(&b[0])) + 8 - misaligned))
}

// Distance of two addresses is not one.
func Distance(n *node) unsafe.Pointer {
	d := uintptr(unsafe.Pointer(&n.next)) - uintptr(unsafe.Pointer(n))
	work()
	return unsafe.Pointer(uintptr(unsafe.Pointer(n)) + d)
}

// Reflected: the call is in the same expression.
func Reflected(v any) unsafe.Pointer {
	return unsafe.Pointer(reflect.ValueOf(v).Pointer())
}

// HeaderData: the field is read in the same expression.
func HeaderData(s string) byte {
	h := (*reflect.StringHeader)(unsafe.Pointer(&s))
	work()
	return *(*byte)(unsafe.Pointer(h.Data))
}

// Mapped memory is not Go's to move.
func Mapped(fd int) (byte, error) {
	addr, _, errno := syscall.Syscall6(syscall.SYS_MMAP, 0, 4096, 1, 1, uintptr(fd), 0)
	if errno != 0 {
		return 0, errno
	}
	work()
	return *(*byte)(unsafe.Pointer(addr)), nil
}

// MappedSlice goes through a slice over mapped memory.
func MappedSlice(fd int) (byte, error) {
	b, err := syscall.Mmap(fd, 0, 4096, 1, 1)
	if err != nil {
		return 0, err
	}
	u := uintptr(unsafe.Pointer(&b[0]))
	work()
	return *(*byte)(unsafe.Pointer(u + 1)), nil
}

var table [16]node

// Static memory is neither moved nor freed.
func Static() *node {
	u := uintptr(unsafe.Pointer(&table[3]))
	work()
	return (*node)(unsafe.Pointer(u))
}

func hide(p unsafe.Pointer) unsafe.Pointer {
	x := uintptr(p)
	return unsafe.Pointer(x ^ 0)
}

// Hidden: the result of the identity does not outlive the variable.
func Hidden() int {
	x := 7
	return *(*int)(hide(unsafe.Pointer(&x)))
}

// escapes keeps its callers' objects in place while it runs.
//
//go:uintptrescapes
func escapes(u uintptr) int { return *(*int)(unsafe.Pointer(u)) }

// Escapes passes the address in the argument list.
func Escapes(n *node) int { return escapes(uintptr(unsafe.Pointer(n))) }

func round(u uintptr) uintptr { return (u + 15) &^ 15 }

// Rounded and Mapped2 share a helper; only one has an address to round.
func Rounded(n *node) bool { return round(uintptr(unsafe.Pointer(n))) == 0 }

// Mapped2 rounds an address that is not Go's.
func Mapped2(fd int) unsafe.Pointer {
	addr, _, _ := syscall.Syscall6(syscall.SYS_MMAP, 0, 4096, 1, 1, uintptr(fd), 0)
	return unsafe.Pointer(round(addr))
}

// Silenced is a hazard that somebody answers for.
func Silenced(n *node) *node {
	u := uintptr(unsafe.Pointer(n))
	work()
	//moho:ignore uintptr-roundtrip n is kept alive by its caller's arena
	return (*node)(unsafe.Pointer(u))
}

func work() { sink = append(sink, make([]byte, 32)) }

var sink [][]byte
