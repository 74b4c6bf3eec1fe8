// The same conversions as rules allow them.
package main

import (
	"fmt"
	"runtime"
	"unsafe"
)

type header struct {
	kind, flags uint16
}

type packet struct {
	header
	body [32]byte
}

type list[T any] struct {
	items []T
}

var table [8]uint16

var sink any

//go:noinline
func (h *header) packet() *packet {
	return (*packet)(unsafe.Pointer(h))
}

//go:noinline
func (l *list[T]) as(n int) []uint64 {
	return unsafe.Slice((*uint64)(unsafe.Pointer(unsafe.SliceData(l.items))), n)
}

//go:noinline
func wide(p *uint16) *[8]uint16 {
	return (*[8]uint16)(unsafe.Pointer(p))
}

//go:noinline
func next(p *[5]int32, n int) *int32 {
	return (*int32)(unsafe.Add(unsafe.Pointer(p), n*4))
}

// past is where a loop ends: the pointer is compared, not followed.
//
//go:noinline
func past(p *[5]int32) unsafe.Pointer {
	return unsafe.Add(unsafe.Pointer(p), unsafe.Sizeof(*p))
}

type ref struct{ p unsafe.Pointer }

//go:noinline
func remember(p *packet) ref { return ref{unsafe.Pointer(p)} }

//go:noinline
func (r ref) get() *packet { return (*packet)(r.p) }

//go:noinline
func field(p *packet) *uint16 {
	return (*uint16)(unsafe.Pointer(uintptr(unsafe.Pointer(p)) + unsafe.Offsetof(p.flags)))
}

func main() {
	whole := &packet{header: header{kind: 1}}
	sink = whole
	fmt.Println(whole.header.packet().kind)

	l := &list[byte]{items: make([]byte, 24)}
	fmt.Println(len(l.as(3)))

	fmt.Println(wide(&table[0])[1])

	a := new([5]int32)
	sink = a
	fmt.Println(next(a, 4) != nil, past(a) != nil)

	p := new(packet)
	sink = p
	r := remember(p)
	runtime.GC()
	fmt.Println(r.get().flags, *field(p))

	fmt.Println(unsafe.Pointer(uintptr(0)) == nil)
}
