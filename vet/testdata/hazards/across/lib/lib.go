//go:build linux

// Package lib passes addresses as numbers on behalf of its callers.
package lib

import (
	"syscall"
	"unsafe"
)

// Node is a node.
type Node struct{ Val int }

// Address gives out the address of a new node.
func Address() uintptr {
	return uintptr(unsafe.Pointer(&Node{1}))
}

// Local gives out the address of its variable.
func Local() uintptr {
	n := Node{1}
	return uintptr(unsafe.Pointer(&n))
}

// Of is the address of its argument.
func Of(n *Node) uintptr { return uintptr(unsafe.Pointer(n)) }

// Next moves a number.
func Next(u uintptr) uintptr { return u + unsafe.Sizeof(Node{}) }

// Peek makes a pointer.
func Peek(u uintptr) int { return (*Node)(unsafe.Pointer(u)).Val }

// Marked keeps what its callers convert.
//
//go:uintptrescapes
func Marked(u uintptr) int { return (*Node)(unsafe.Pointer(u)).Val }

// Control is for any request that takes a number.
func Control(fd, request, arg uintptr) error {
	_, _, e := syscall.Syscall(16, fd, request, arg)
	if e != 0 {
		return e
	}
	return nil
}

// Map gives out memory of the kernel's.
func Map() uintptr {
	addr, _, _ := syscall.Syscall6(syscall.SYS_MMAP, 0, 4096, 3, 0x22, ^uintptr(0), 0)
	return addr
}
