// Package pipe reads from file descriptors.
package pipe

import "syscall"

//go:noinline
func grow(n int) int {
	var space [4096]byte
	if n == 0 {
		return int(space[7])
	}
	return grow(n-1) + int(space[n])
}

// Read reads n bytes to the address p.
func Read(fd, p, n uintptr) { // HAZARD: wrapper-uintptr
	grow(50) // the caller's stack moves, p stays
	syscall.Syscall(syscall.SYS_READ, fd, p, n)
}
