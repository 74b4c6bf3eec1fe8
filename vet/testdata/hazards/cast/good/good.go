// Package good gives pointers types that fit what they point into.
package good

import (
	"syscall"
	"unsafe"
)

type small struct{ a, b uint32 }

type large struct{ x, y, z uint64 }

// Prefix is no larger.
func Prefix(l *large) uint32 { return (*small)(unsafe.Pointer(l)).b }

// Bits is as large.
func Bits(f float64) uint64 { return *(*uint64)(unsafe.Pointer(&f)) }

// Header reads the first words of a slice.
func Header(b []byte) string { return *(*string)(unsafe.Pointer(&b)) }

// WithCap has its capacity behind it.
func WithCap(s string) []byte {
	return *(*[]byte)(unsafe.Pointer(&struct {
		string
		Cap int
	}{s, len(s)}))
}

type node struct {
	kind uint8
	next *node
}

type leaf struct {
	node
	value uint64
}

// Down goes from the header to the struct that begins with it.
func Down(n *node) uint64 {
	if n.kind != 1 {
		return 0
	}
	return (*leaf)(unsafe.Pointer(n)).value
}

// Two fields are read as one.
func Two(s *small) uint64 { return *(*uint64)(unsafe.Pointer(&s.a)) }

// Guarded looks first.
func Guarded(b []byte) uint64 {
	if len(b) < 8 {
		return 0
	}
	return *(*uint64)(unsafe.Pointer(&b[0]))
}

// Hinted touches the last byte first.
func Hinted(b []byte) uint64 {
	_ = b[7]
	return *(*uint64)(unsafe.Pointer(&b[0]))
}

// Loop leaves the rest.
func Loop(b []byte) (sum uint64) {
	for ; len(b) >= 8; b = b[8:] {
		sum += *(*uint64)(unsafe.Pointer(&b[0]))
	}
	return sum
}

// Made is large enough.
func Made() uint64 {
	b := make([]byte, 8)
	return *(*uint64)(unsafe.Pointer(&b[0]))
}

// Computed is as long as somebody worked out.
func Computed(n int) uint32 {
	b := make([]byte, int(unsafe.Sizeof(large{}))*n)
	return (*small)(unsafe.Pointer(&b[0])).a
}

// Told is a system call that takes the size along.
func Told(fd int, addr [16]byte) error {
	_, _, errno := syscall.Syscall(syscall.SYS_CONNECT, uintptr(fd), uintptr(unsafe.Pointer((*large)(unsafe.Pointer(&addr)))), 16)
	return errno
}

// OnlyFirst looks at what is there.
func OnlyFirst() uint64 {
	var v uint64
	return (*large)(unsafe.Pointer(&v)).x
}

// Choice fits the one that it is used for.
func Choice(wide bool) uint64 {
	var a uint32
	var b uint64
	p := unsafe.Pointer(&a)
	if wide {
		p = unsafe.Pointer(&b)
	}
	if wide {
		return *(*uint64)(p)
	}
	return uint64(*(*uint32)(p))
}

// Opaque is a contract with the caller.
func Opaque(p unsafe.Pointer) large { return *(*large)(p) }

// Number is the first of who knows how many.
func Number(p *uint32) uint64 { return *(*uint64)(unsafe.Pointer(p)) }

type module struct {
	opaque []byte
	first  *byte
}

// place stands for memory whose size is known where the program runs.
var place func() []byte

func newModule() *module {
	m := &module{opaque: place()}
	m.first = &m.opaque[0]
	return m
}

// double is a module that nobody looks behind the first byte of.
func double() *module {
	m := &module{opaque: []byte{1, 2, 3}}
	m.first = &m.opaque[0]
	return m
}

// Owner reads what modules begin with. A field that has small memory in one
// place and memory of unknown size in another tells nothing of this one.
func Owner() (*module, byte) {
	return *(**module)(unsafe.Pointer(newModule().first)), *double().first
}
