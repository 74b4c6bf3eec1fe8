// Package pipe reads from file descriptors.
package pipe

import (
	"syscall"
	"unsafe"
)

//go:noinline
func grow(n int) int {
	var space [4096]byte
	if n == 0 {
		return int(space[7])
	}
	return grow(n-1) + int(space[n])
}

// Read reads n bytes to p.
func Read(fd uintptr, p unsafe.Pointer, n uintptr) {
	grow(50)
	syscall.Syscall(syscall.SYS_READ, fd, uintptr(p), n)
}
