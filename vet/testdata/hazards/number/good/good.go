// Package good keeps numbers as numbers, or does not keep them.
package good

import (
	"runtime/cgo"
	"syscall"
	"unsafe"
)

type slot struct {
	name string
	data unsafe.Pointer
	id   uintptr
}

// Handle keeps the address of a variable that holds the handle.
func Handle(v any) *slot {
	h := cgo.NewHandle(v)
	return &slot{name: "handle", data: unsafe.Pointer(&h)}
}

// Number keeps a number.
func Number(v any) *slot { return &slot{name: "number", id: uintptr(cgo.NewHandle(v))} }

var none slot

// Deleted compares with an address.
func Deleted(s *slot) bool { return s == &none }

// Failed compares with the constant that mmap gives.
func Failed(p unsafe.Pointer) bool { return p == unsafe.Pointer(^uintptr(0)) }

// Compared with a number, never kept.
func Compared(p unsafe.Pointer) bool { return p == unsafe.Pointer(uintptr(1)) }

// Nil is no number.
func Nil() unsafe.Pointer { return unsafe.Pointer(uintptr(0)) }

// Register reads a device at a fixed address.
func Register() uint32 { return *(*uint32)(unsafe.Pointer(uintptr(0x40021000))) }

type port struct{ control, status uint32 }

// Status reads one of its fields.
func Status() uint32 { return (*port)(unsafe.Pointer(uintptr(0x40021000))).status }

// Offset adds numbers to an address.
func Offset(p *[64]byte, i int) unsafe.Pointer {
	return unsafe.Pointer(uintptr(unsafe.Pointer(p)) + uintptr(i))
}

// Bits: a tag in the bits that alignment leaves free stays inside the object.
func Bits(s *slot) unsafe.Pointer { return unsafe.Pointer(uintptr(unsafe.Pointer(s)) | 1) }

// Foreign addresses come from a system call.
func Foreign() unsafe.Pointer {
	addr, _, _ := syscall.Syscall6(syscall.SYS_MMAP, 0, 4096, 3, 0x22, ^uintptr(0), 0)
	return unsafe.Pointer(addr)
}

// Parameter may be an address.
func Parameter(lparam uintptr) unsafe.Pointer { return unsafe.Pointer(lparam) }

// Argument of a system call is a number in the end.
func Argument(fd int) {
	syscall.Syscall(syscall.SYS_FCNTL, uintptr(fd), 1, uintptr(unsafe.Pointer(uintptr(3))))
}
