//go:build linux

// Package bad takes addresses as numbers.
package bad

import "syscall"

// Ioctl passes any argument on.
func Ioctl(
	fd, request uintptr,
	arg uintptr, // HAZARD: wrapper-uintptr
) error {
	_, _, e := syscall.Syscall(syscall.SYS_IOCTL, fd, request, arg)
	if e != 0 {
		return e
	}
	return nil
}

// A Device is open.
type Device struct{ fd uintptr }

// Control is a method that goes through another function.
func (d *Device) Control(
	request int,
	arg uintptr, // HAZARD: wrapper-uintptr
) error {
	return control(d.fd, uintptr(request), arg)
}

func control(fd, request, arg uintptr) error {
	_, _, e := syscall.RawSyscall(syscall.SYS_IOCTL, fd, request, arg)
	if e != 0 {
		return e
	}
	return nil
}

// Read reads.
func Read(
	fd int,
	buf uintptr, // HAZARD: wrapper-uintptr
	n int,
) int {
	got, _, _ := syscall.Syscall(syscall.SYS_READ, uintptr(fd), buf, uintptr(n))
	return int(got)
}
