//go:build linux

// Package good takes addresses as such, or numbers that are none.
package good

import (
	"syscall"
	"unsafe"
)

// Ioctl takes a pointer.
func Ioctl(fd, request uintptr, arg unsafe.Pointer) error {
	_, _, e := syscall.Syscall(syscall.SYS_IOCTL, fd, request, uintptr(arg))
	if e != 0 {
		return e
	}
	return nil
}

// Marked tells the compiler.
//
//go:uintptrescapes
func Marked(fd, request, arg uintptr) error {
	_, _, e := syscall.Syscall(syscall.SYS_IOCTL, fd, request, arg)
	if e != 0 {
		return e
	}
	return nil
}

// Control passes a number, which is what this request takes.
func Control(fd uintptr, on bool) error {
	v := uintptr(0)
	if on {
		v = 1
	}
	return Marked(fd, 0x541b, v)
}

func ioctl(fd, request, arg uintptr) error {
	_, _, e := syscall.Syscall(syscall.SYS_IOCTL, fd, request, arg)
	if e != 0 {
		return e
	}
	return nil
}

// Reset passes no address.
func Reset(fd uintptr) error { return ioctl(fd, 0x5514, 0) }

// Seek takes numbers.
func Seek(fd, off, whence uintptr) {
	syscall.Syscall(syscall.SYS_LSEEK, fd, off, whence)
}

// Unmap takes an address that the kernel gave out.
func Unmap(addr, size uintptr) {
	syscall.Syscall(syscall.SYS_MUNMAP, addr, size, 0)
}

// Peek is for addresses of the kernel's and of C's.
func Peek(at uintptr) byte { return *(*byte)(unsafe.Pointer(at)) }

// Mapped is how it is used.
func Mapped() byte {
	addr, _, e := syscall.Syscall6(syscall.SYS_MMAP, 0, 4096, 3, 0x22, ^uintptr(0), 0)
	if e != 0 {
		return 0
	}
	return Peek(addr)
}
