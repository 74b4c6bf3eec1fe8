// Conversions that break rules and let the program go on.
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

var table [6]uint16

var sink any

//go:noinline
func (h *header) packet() *packet {
	return (*packet)(unsafe.Pointer(h)) // HAZARD: view-overrun
}

//go:noinline
func (l *list[T]) as(n int) []uint64 {
	return unsafe.Slice((*uint64)(unsafe.Pointer(unsafe.SliceData(l.items))), n) // HAZARD: view-overrun
}

//go:noinline
func wide(p *uint16) *[8]uint16 {
	return (*[8]uint16)(unsafe.Pointer(p)) // HAZARD: view-overrun
}

//go:noinline
func next(p *[5]int32, n int) *int32 {
	return (*int32)(unsafe.Add(unsafe.Pointer(p), n*4)) // HAZARD: add-past-object
}

type ref struct{ addr uintptr }

//go:noinline
func remember(p *packet) ref {
	r := ref{}
	r.addr = uintptr(unsafe.Pointer(p))
	return r
}

//go:noinline
func (r ref) get() *packet {
	return (*packet)(unsafe.Pointer(r.addr)) // HAZARD: uintptr-roundtrip
}

//go:noinline
func onStack() uintptr {
	var local [64]byte
	local[3] = 7
	return uintptr(unsafe.Pointer(&local))
}

func main() {
	h := &header{kind: 1}
	sink = h
	fmt.Println(h.packet().kind)

	l := &list[byte]{items: make([]byte, 20)}
	fmt.Println(len(l.as(3)))

	fmt.Println(wide(&table[0])[1])

	a := new([5]int32)
	sink = a
	fmt.Println(next(a, 40) != nil)

	p := new(packet)
	sink = p
	r := remember(p)
	runtime.GC()
	fmt.Println(r.get().flags)

	u := onStack()
	func() {
		q := unsafe.Pointer(u + 3) // HAZARD: uintptr-roundtrip
		fmt.Println(q != nil)
	}()

	bogus := unsafe.Pointer(uintptr(len(l.items))) // HAZARD: int-as-pointer
	fmt.Println(bogus != nil)
}
