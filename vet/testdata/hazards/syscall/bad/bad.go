//go:build linux

// Package bad makes addresses for system calls into numbers too early.
package bad

import (
	"runtime"
	"syscall"
	"unsafe"
)

type winsize struct{ rows, cols, x, y uint16 }

// Variable: the conversion is a statement of its own.
func Variable(fd int) (w winsize) {
	p := uintptr(unsafe.Pointer(&w))
	work()
	syscall.Syscall(syscall.SYS_IOCTL, uintptr(fd), syscall.TIOCGWINSZ, p) // HAZARD: syscall-split
	return w
}

// Conditional: the usual way to cope with an empty slice.
func Conditional(fd int, b []byte) int {
	var p uintptr
	if len(b) > 0 {
		p = uintptr(unsafe.Pointer(&b[0]))
	}
	n, _, _ := syscall.Syscall(syscall.SYS_READ, uintptr(fd), p, uintptr(len(b))) // HAZARD: syscall-split
	return int(n)
}

func ioctl(fd, request, arg uintptr) error {
	_, _, e := syscall.Syscall(syscall.SYS_IOCTL, fd, request, arg)
	if e != 0 {
		return e
	}
	return nil
}

// Wrapper: ioctl is not marked go:uintptrescapes.
func Wrapper(fd int) (w winsize, err error) {
	err = ioctl(uintptr(fd), syscall.TIOCGWINSZ, uintptr(unsafe.Pointer(&w))) // HAZARD: syscall-split
	return w, err
}

type device struct{ fd uintptr }

func (d *device) control(request, arg uintptr) error { return ioctl(d.fd, request, arg) }

// Method goes through two of them.
func (d *device) Method() (w winsize) {
	d.control(syscall.TIOCGWINSZ, uintptr(unsafe.Pointer(&w))) // HAZARD: syscall-split
	return w
}

func pointer[T any](v *T) uintptr { return uintptr(unsafe.Pointer(v)) }

// Helper: the conversion happens in a function that the argument list calls.
func Helper(fd int) (w winsize) {
	syscall.RawSyscall(syscall.SYS_IOCTL, uintptr(fd), syscall.TIOCGWINSZ, pointer(&w)) // HAZARD: syscall-split
	return w
}

// A transfer is laid out like a structure of the kernel's.
type transfer struct {
	kind   uint32
	length uint32
	buffer uintptr
}

// Field: the kernel follows an address that lies in a field.
func Field(fd int, data []byte) error {
	t := transfer{kind: 3, length: uint32(len(data))}
	t.buffer = uintptr(unsafe.Pointer(&data[0])) // HAZARD: syscall-split
	return submit(fd, &t)
}

// Literal is the same in a literal, through a 64-bit field.
func Literal(fd int) (value uint64) {
	a := &attribute{size: 8, addr: uint64(uintptr(unsafe.Pointer(&value)))} // HAZARD: syscall-split
	attach(fd, a)
	return value
}

// Nested: the struct is an element of a slice.
func Nested(fd int, head, body []byte) {
	list := []vector{
		{uintptr(unsafe.Pointer(&head[0])), uintptr(len(head))},              // HAZARD: syscall-split
		{base: uintptr(unsafe.Pointer(unsafe.SliceData(body))), length: 100}, // HAZARD: syscall-split
	}
	syscall.Syscall(syscall.SYS_WRITEV, uintptr(fd), uintptr(unsafe.Pointer(&list[0])), uintptr(len(list)))
}

// List: the arguments are a slice that was filled before.
func List(fd int) (w winsize) {
	args := []uintptr{uintptr(fd), syscall.TIOCGWINSZ}
	args = append(args, uintptr(unsafe.Pointer(&w)))
	syscall.Syscall(syscall.SYS_IOCTL, args[0], args[1], args[2]) // HAZARD: syscall-split
	return w
}

// Queue: the number waits in a channel.
func Queue(fd int, jobs chan uintptr) {
	b := make([]byte, 64)
	jobs <- uintptr(unsafe.Pointer(&b[0]))
	work()
	syscall.Syscall(syscall.SYS_READ, uintptr(fd), <-jobs, 64) // HAZARD: syscall-split
}

// Deferred: the arguments are evaluated now, the call happens later.
func Deferred(fd int) (w winsize) {
	p := uintptr(unsafe.Pointer(&w))
	defer syscall.Syscall(syscall.SYS_IOCTL, uintptr(fd), syscall.TIOCGWINSZ, p) // HAZARD: syscall-split
	work()
	return
}

// Literals capture the number.
func Literals(fd int, n int) []byte {
	b := make([]byte, n)
	p := uintptr(unsafe.Pointer(&b[0]))
	read := func() { syscall.Syscall(syscall.SYS_READ, uintptr(fd), p, uintptr(n)) } // HAZARD: syscall-split
	read()
	return b
}

// Kept alive is not kept in place.
func Kept(fd int) (w winsize) {
	p := uintptr(unsafe.Pointer(&w))
	work()
	syscall.Syscall(syscall.SYS_IOCTL, uintptr(fd), syscall.TIOCGWINSZ, p) // HAZARD: syscall-split
	runtime.KeepAlive(&w)
	return w
}

// Early returns do not matter.
func Early(fd int, b []byte) int {
	if len(b) == 0 {
		return 0
	}
	at := uintptr(unsafe.Pointer(&b[0]))
	for off := 0; off < len(b); {
		n, _, e := syscall.Syscall(syscall.SYS_WRITE, uintptr(fd), at+uintptr(off), uintptr(len(b)-off)) // HAZARD: syscall-split
		if e != 0 {
			return off
		}
		off += int(n)
	}
	return len(b)
}

type request struct {
	op  uint32
	arg any
}

// Boxed: the number travels in an interface.
func Boxed(fd int) (w winsize) {
	r := request{op: syscall.TIOCGWINSZ, arg: uintptr(unsafe.Pointer(&w))}
	send(fd, r)
	return w
}

func send(fd int, r request) {
	p, ok := r.arg.(uintptr)
	if !ok {
		return
	}
	syscall.Syscall(syscall.SYS_IOCTL, uintptr(fd), uintptr(r.op), p) // HAZARD: syscall-split
}

func work() { sink = append(sink, make([]byte, 32)) }

var sink [][]byte
