// What only a rewritten package shows: headers, integers that leave, views, misaligned
// atomics.
package main

import (
	"fmt"
	"reflect"
	"sync/atomic"
	"syscall"
	"unsafe"
)

type header struct {
	data     unsafe.Pointer
	len, cap int
}

type buf struct {
	b []byte
	h *reflect.SliceHeader
}

// Headers that grow.

//go:noinline
func grow(n int) []uint32 {
	s := make([]uint32, 4)
	h := (*header)(unsafe.Pointer(&s))
	h.cap = n
	h.len = n // HAZARD: header-overgrow
	return s
}

//go:noinline
func (b *buf) stretch() {
	b.h = (*reflect.SliceHeader)(unsafe.Pointer(&b.b))
	if len(b.b) > 3 {
		b.h.Len += 60
		b.h.Cap += 60 // HAZARD: header-overgrow
	}
}

//go:noinline
func lengthen(s string) string {
	(*reflect.StringHeader)(unsafe.Pointer(&s)).Len++ // HAZARD: header-overgrow
	return s
}

// Headers that are built.

//go:noinline
func words(s []byte) []uint16 {
	var h reflect.SliceHeader
	p := (*reflect.SliceHeader)(unsafe.Pointer(&s))
	h.Data = p.Data // HAZARD: header-literal
	h.Len, h.Cap = len(s)/2, len(s)/2
	return *(*[]uint16)(unsafe.Pointer(&h))
}

//go:noinline
func str(b []byte) string {
	return *(*string)(unsafe.Pointer(&reflect.StringHeader{
		Data: (*reflect.SliceHeader)(unsafe.Pointer(&b)).Data, // HAZARD: header-literal
		Len:  len(b),
	}))
}

// Integers.

type request struct {
	addr uintptr
	n    uintptr
}

func prepare(b []byte) request {
	return request{uintptr(unsafe.Pointer(&b[0])), uintptr(len(b))} // HAZARD: syscall-split
}

func (r request) write(fd int) syscall.Errno {
	_, _, err := syscall.Syscall(syscall.SYS_WRITE, uintptr(fd), r.addr, r.n)
	return err
}

type box struct{ word uintptr }

//go:noinline
func (b *box) open() *int {
	return *(**int)(unsafe.Pointer(&b.word)) // HAZARD: pun-uintptr-load
}

// Views.

type pool struct{ free []byte }

var names []string

func (p *pool) read(s string) string {
	p.free = append(p.free[:0], s...) // HAZARD: string-view-reuse
	return unsafe.String(unsafe.SliceData(p.free), len(p.free))
}

func fill(b []byte, c byte) {
	for i := range b {
		b[i] = c // HAZARD: string-view-reuse
	}
}

type counter struct {
	flag byte
	n    [12]byte
}

func main() {
	fmt.Println(len(grow(9)))
	b := &buf{b: make([]byte, 8)}
	b.stretch()
	fmt.Println(len(b.b))
	fmt.Println(len(lengthen(string(make([]byte, 10)))))
	fmt.Println(len(words(make([]byte, 20))))
	fmt.Println(str([]byte("some text")))

	prepare(make([]byte, 0, 9)[:3]).write(-1)
	x := &box{}
	x.word = uintptr(unsafe.Pointer(new(int)))
	fmt.Println(x.open() != nil)

	p := &pool{free: make([]byte, 0, 32)}
	for _, s := range []string{"alpha", "bravo"} {
		names = append(names, p.read(s))
	}
	raw := make([]byte, 24)
	view := *(*string)(unsafe.Pointer(&raw))
	fill(raw, 'x')
	fmt.Println(names, view)

	c := new(counter)
	atomic.AddUint64((*uint64)(unsafe.Pointer(&c.n)), 1) // HAZARD: cast-align
	(*atomic.Int64)(unsafe.Pointer(&c.n[2])).Add(1)      // HAZARD: cast-align
	fmt.Println(c.n[0])
}
