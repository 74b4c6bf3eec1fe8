// The same without a rule broken.
package main

import (
	"fmt"
	"reflect"
	"runtime"
	"strings"
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

//go:noinline
func grow(n int) []uint32 {
	s := make([]uint32, 4, 16)
	h := (*header)(unsafe.Pointer(&s))
	h.len = n
	return s
}

//go:noinline
func (b *buf) stretch() {
	b.h = (*reflect.SliceHeader)(unsafe.Pointer(&b.b))
	if len(b.b) > 3 {
		b.h.Len -= 2
		b.h.Cap -= 2
	}
}

// The length is wrong for a moment, and nobody looks.
//
//go:noinline
func cut(s []uint64) (b []byte) {
	h := (*reflect.SliceHeader)(unsafe.Pointer(&b))
	h.Data = (*reflect.SliceHeader)(unsafe.Pointer(&s)).Data
	n := len(s) * 8
	h.Len = n
	runtime.KeepAlive(&s)
	if n > 0 {
		h.Len = n - 1
	}
	h.Cap = n
	return b
}

//go:noinline
func shorten(s string) string {
	(*reflect.StringHeader)(unsafe.Pointer(&s)).Len--
	return s
}

func raw(fd int, b []byte) syscall.Errno {
	_, _, err := syscall.Syscall(syscall.SYS_WRITE, uintptr(fd), uintptr(unsafe.Pointer(&b[0])), uintptr(len(b)))
	return err
}

//go:uintptrescapes
//go:noinline
func call(fd int, addr, n uintptr) syscall.Errno {
	_, _, err := syscall.Syscall(syscall.SYS_WRITE, uintptr(fd), addr, n)
	return err
}

type box struct{ word unsafe.Pointer }

//go:noinline
func (b *box) open() *int { return *(**int)(unsafe.Pointer(&b.word)) }

//go:noinline
func bits(f float64) uint64 { return *(*uint64)(unsafe.Pointer(&f)) }

type pool struct{ free []byte }

var names []string

func (p *pool) read(s string) string {
	p.free = append(p.free[:0], s...)
	return unsafe.String(unsafe.SliceData(p.free), len(p.free))
}

func fill(b []byte, c byte) {
	for i := range b {
		b[i] = c
	}
}

type counter struct {
	flag byte
	n    [2]uint64
	at   atomic.Int64
}

func main() {
	fmt.Println(len(grow(9)))
	b := &buf{b: make([]byte, 8)}
	b.stretch()
	fmt.Println(len(b.b), len(cut(make([]uint64, 3))))
	fmt.Println(len(shorten(string(make([]byte, 10)))))

	raw(-1, make([]byte, 9)[:3])
	n := make([]byte, 4)
	call(-1, uintptr(unsafe.Pointer(&n[0])), 4)
	x := &box{unsafe.Pointer(new(int))}
	fmt.Println(x.open() != nil, bits(1))

	// Views that are used up or cloned before the buffer changes.
	p := &pool{free: make([]byte, 0, 32)}
	count := map[string]int{}
	for _, s := range []string{"alpha", "bravo", "alpha"} {
		names = append(names, strings.Clone(p.read(s)))
		if v := p.read(s); v == "bravo" {
			count["b"]++
		}
	}
	buf := make([]byte, 24)
	view := *(*string)(unsafe.Pointer(&buf))
	fmt.Println(names, len(view))
	fill(buf, 'x')

	c := new(counter)
	atomic.AddUint64((*uint64)(unsafe.Pointer(&c.n)), 1)
	(*atomic.Int64)(unsafe.Pointer(&c.n[1])).Add(1)
	c.at.Add(1)
	fmt.Println(c.n[0])
}
