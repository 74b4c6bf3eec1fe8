//go:build linux

// Package good does what package bad does, within the rules.
package good

import (
	"fmt"
	"runtime"
	"syscall"
	"unsafe"
)

type winsize struct{ rows, cols, x, y uint16 }

// Argument: the conversion stands in the argument list.
func Argument(fd int) (w winsize) {
	work()
	syscall.Syscall(syscall.SYS_IOCTL, uintptr(fd), syscall.TIOCGWINSZ, uintptr(unsafe.Pointer(&w)))
	return w
}

// Conditional keeps a pointer for the empty slice.
func Conditional(fd int, b []byte) int {
	var p unsafe.Pointer
	if len(b) > 0 {
		p = unsafe.Pointer(&b[0])
	}
	n, _, _ := syscall.Syscall(syscall.SYS_READ, uintptr(fd), uintptr(p), uintptr(len(b)))
	return int(n)
}

func ioctlPtr(fd, request uintptr, arg unsafe.Pointer) error {
	_, _, e := syscall.Syscall(syscall.SYS_IOCTL, fd, request, uintptr(arg))
	if e != 0 {
		return e
	}
	return nil
}

// Wrapper passes a pointer on.
func Wrapper(fd int) (w winsize, err error) {
	err = ioctlPtr(uintptr(fd), syscall.TIOCGWINSZ, unsafe.Pointer(&w))
	return w, err
}

// ioctl keeps what its callers convert.
//
//go:uintptrescapes
func ioctl(fd, request, arg uintptr) error {
	_, _, e := syscall.Syscall(syscall.SYS_IOCTL, fd, request, arg)
	if e != 0 {
		return e
	}
	return nil
}

// Marked: the wrapper is marked.
func Marked(fd int) (w winsize) {
	ioctl(uintptr(fd), syscall.TIOCGWINSZ, uintptr(unsafe.Pointer(&w)))
	return w
}

// Offset does arithmetic in the argument list.
func Offset(fd int, b []byte, n int) {
	syscall.Syscall(syscall.SYS_READ, uintptr(fd), uintptr(unsafe.Pointer(&b[0]))+uintptr(n), uintptr(len(b)-n))
}

// A transfer holds a pointer as one.
type transfer struct {
	kind   uint32
	length uint32
	buffer unsafe.Pointer
}

// Field: the garbage collector and stacks follow the field.
func Field(fd int, data []byte) error {
	t := &transfer{kind: 3, length: uint32(len(data)), buffer: unsafe.Pointer(&data[0])}
	return ioctlPtr(uintptr(fd), 0xc0105500, unsafe.Pointer(t))
}

type attribute struct {
	size uint32
	addr uint64
}

// Pinned: what is pinned neither moves nor dies.
func Pinned(fd int) uint64 {
	value := new(uint64)
	var pin runtime.Pinner
	pin.Pin(value)
	defer pin.Unpin()
	a := attribute{size: 8, addr: uint64(uintptr(unsafe.Pointer(value)))}
	ioctlPtr(uintptr(fd), 0xc0105501, unsafe.Pointer(&a))
	return *value
}

// Mapped memory is the kernel's.
func Mapped(fd int) error {
	b, err := syscall.Mmap(-1, 0, 4096, 3, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		return err
	}
	defer syscall.Munmap(b)
	a := attribute{size: 4096}
	a.addr = uint64(uintptr(unsafe.Pointer(&b[0])))
	work()
	p := uintptr(unsafe.Pointer(&b[8]))
	work()
	syscall.Syscall(syscall.SYS_READ, uintptr(fd), p, 8)
	return ioctlPtr(uintptr(fd), 0xc0105501, unsafe.Pointer(&a))
}

// RawMapped keeps an address that the kernel gave.
func RawMapped() {
	addr, _, e := syscall.Syscall6(syscall.SYS_MMAP, 0, 4096, 3, syscall.MAP_ANON|syscall.MAP_PRIVATE, ^uintptr(0), 0)
	if e != 0 {
		return
	}
	work()
	syscall.Syscall(syscall.SYS_MUNMAP, addr, 4096, 0)
}

var shared [64]byte

// Static memory stays.
func Static(fd int) {
	p := uintptr(unsafe.Pointer(&shared[0]))
	work()
	syscall.Syscall(syscall.SYS_READ, uintptr(fd), p, 64)
}

// Length: a distance between addresses is none.
func Length(fd int, b []byte) {
	n := uintptr(unsafe.Pointer(&b[len(b)-1])) - uintptr(unsafe.Pointer(&b[0]))
	work()
	syscall.Syscall(syscall.SYS_READ, uintptr(fd), uintptr(unsafe.Pointer(&b[0])), n)
}

// Printed numbers go to no system call.
func Printed(fd int, b []byte) string {
	u := uintptr(unsafe.Pointer(&b[0]))
	syscall.Syscall(syscall.SYS_READ, uintptr(fd), uintptr(unsafe.Pointer(&b[0])), uintptr(len(b)))
	return fmt.Sprintf("%#x", u)
}

// Numbers are no addresses.
func Numbers(fd int, whence uintptr) {
	off := uintptr(0)
	work()
	syscall.Syscall(syscall.SYS_LSEEK, uintptr(fd), off, whence)
}

func work() { sink = append(sink, make([]byte, 32)) }

var sink [][]byte

func shmdt(addr uintptr) error {
	if _, _, e := syscall.Syscall(syscall.SYS_SHMDT, addr, 0, 0); e != 0 {
		return e
	}
	return nil
}

// Detach takes what was attached: no memory of Go's is detached.
func Detach(data []byte) error {
	work()
	return shmdt(uintptr(unsafe.Pointer(&data[0])))
}

// Near maps at the place that is asked for.
func Near(addr unsafe.Pointer, size uintptr) uintptr {
	hint := uintptr(addr)
	work()
	p, _, _ := syscall.Syscall6(syscall.SYS_MMAP, hint, size, syscall.PROT_READ, syscall.MAP_ANON|syscall.MAP_PRIVATE, 0, 0)
	return p
}

type unmapper struct{ munmap func(addr, length uintptr) error }

// Through a function value.
func (u *unmapper) Through(data []byte) error {
	return u.munmap(uintptr(unsafe.Pointer(&data[0])), uintptr(len(data)))
}

// NewUnmapper has the system's.
var NewUnmapper = &unmapper{munmap: func(addr, length uintptr) error {
	_, _, e := syscall.Syscall(syscall.SYS_MUNMAP, addr, length, 0)
	if e != 0 {
		return e
	}
	return nil
}}
