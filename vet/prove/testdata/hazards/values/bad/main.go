// Headers that are values, values that are copied where the collector does not look,
// addresses that leave through function values and interfaces.
package main

import (
	"fmt"
	"reflect"
	"unsafe"
)

type sliceHeader struct {
	data     uintptr
	len, cap int
}

type textHeader struct {
	p unsafe.Pointer
	n int
}

//go:noinline
func halves(b []byte) []uint16 {
	h := *(*sliceHeader)(unsafe.Pointer(&b))
	h.len /= 2
	h.cap /= 2
	return *(*[]uint16)(unsafe.Pointer(&h)) // HAZARD: header-literal
}

//go:noinline
func reflected(s string) []byte {
	h := *(*reflect.StringHeader)(unsafe.Pointer(&s))
	b := reflect.SliceHeader{h.Data, h.Len, h.Len} // HAZARD: header-literal
	return *(*[]byte)(unsafe.Pointer(&b))
}

//go:noinline
func text(p *[4]byte, n int) string {
	h := textHeader{unsafe.Pointer(p), n}
	return *(*string)(unsafe.Pointer(&h)) // HAZARD: header-overgrow
}

type node struct {
	next *node
	v    int
}

//go:noinline
func pack(buf []byte, n node) {
	*(*node)(unsafe.Pointer(&buf[0])) = n // HAZARD: ptr-in-noscan
}

//go:noinline
func packAll(buf []uint64, list []node) {
	copy(unsafe.Slice((*node)(unsafe.Pointer(&buf[0])), len(list)), list) // HAZARD: ptr-in-noscan
}

type visitor func(uintptr) *int

//go:noinline
func visit(v visitor, p *int) *int {
	return v(uintptr(unsafe.Pointer(p))) // HISTORY: uintptr-roundtrip
}

type key struct{ a any }

//go:noinline
func box(p *int) key { return key{uintptr(unsafe.Pointer(p))} } // HISTORY: uintptr-roundtrip

//go:noinline
func (k key) open() *int {
	return (*int)(unsafe.Pointer(k.a.(uintptr))) // HAZARD: uintptr-roundtrip
}

var sink any

func main() {
	fmt.Println(len(halves(make([]byte, 12))), len(reflected(fmt.Sprint(12345678))))
	four := new([4]byte)
	sink = four
	fmt.Println(len(text(four, 9)))

	n := &node{v: 1}
	sink = n
	pack(make([]byte, 32), node{next: n})
	packAll(make([]uint64, 8), []node{{next: n}, {v: 2}})

	x := new(int)
	sink = x
	fmt.Println(visit(func(u uintptr) *int {
		return (*int)(unsafe.Pointer(u)) // HAZARD: uintptr-roundtrip
	}, x) == x, box(x).open() == x)
}
