//go:build linux

package bad

import (
	"syscall"
	"unsafe"
)

type attribute struct {
	size uint32
	addr uint64
}

type vector struct{ base, length uintptr }

func submit(fd int, t *transfer) error {
	return control(fd, 0xc0105500, unsafe.Pointer(t))
}

func attach(fd int, a *attribute) { control(fd, 0xc0105501, unsafe.Pointer(a)) }

func control(fd int, request uintptr, arg unsafe.Pointer) error {
	_, _, e := syscall.Syscall(syscall.SYS_IOCTL, uintptr(fd), request, uintptr(arg))
	if e != 0 {
		return e
	}
	return nil
}
