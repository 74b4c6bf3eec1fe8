// The same with pointers that stay pointers.
package main

import (
	"fmt"
	"unsafe"
)

type sliceHeader struct {
	data     unsafe.Pointer
	len, cap int
}

//go:noinline
func halves(b []byte) []uint16 {
	h := *(*sliceHeader)(unsafe.Pointer(&b))
	h.len /= 2
	h.cap /= 2
	return *(*[]uint16)(unsafe.Pointer(&h))
}

//go:noinline
func text(p *[4]byte, n int) string {
	h := struct {
		p unsafe.Pointer
		n int
	}{unsafe.Pointer(p), n}
	return *(*string)(unsafe.Pointer(&h))
}

type node struct {
	next *node
	v    int
}

//go:noinline
func pack(buf []node, n node) {
	*(*node)(unsafe.Pointer(&buf[0])) = n
}

// Values without pointers, and nil pointers, hide nothing.
//
//go:noinline
func plain(buf []byte, n node) {
	*(*node)(unsafe.Pointer(&buf[0])) = n
	*(*[2]uint64)(unsafe.Pointer(&buf[16])) = [2]uint64{1, 2}
}

type visitor func(unsafe.Pointer) *int

//go:noinline
func visit(v visitor, p *int) *int { return v(unsafe.Pointer(p)) }

// An address that is a key only.
//
//go:noinline
func id(p *int) string { return fmt.Sprint(uintptr(unsafe.Pointer(p)) != 0) }

var sink any

func main() {
	fmt.Println(len(halves(make([]byte, 12))))
	four := new([4]byte)
	sink = four
	fmt.Println(len(text(four, 4)))
	n := &node{v: 1}
	sink = n
	pack(make([]node, 2), node{next: n})
	plain(make([]byte, 32), node{v: 1})
	x := new(int)
	sink = x
	fmt.Println(visit(func(p unsafe.Pointer) *int { return (*int)(p) }, x) == x, id(x))
}
