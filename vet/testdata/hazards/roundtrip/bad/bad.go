// Package bad keeps addresses of Go memory in integers.
package bad

import (
	"reflect"
	"unsafe"
)

type node struct {
	val  int
	next *node
}

// Statement: the arithmetic happens in a statement of its own.
func Statement(buf []byte) byte {
	u := uintptr(unsafe.Pointer(&buf[0]))
	u += 3
	return *(*byte)(unsafe.Pointer(u)) // HAZARD: uintptr-roundtrip
}

func address() uintptr {
	n := &node{val: 42}
	return uintptr(unsafe.Pointer(n))
}

// Returned: nothing refers to the node while the integer travels.
func Returned() int {
	u := address()
	work()
	return (*node)(unsafe.Pointer(u)).val // HAZARD: uintptr-roundtrip
}

func read(u uintptr) int {
	return *(*int)(unsafe.Pointer(u)) // HAZARD: uintptr-escapes-frame, uintptr-roundtrip
}

// DeferArgument: the stack may move before the deferred call runs.
func DeferArgument() (got int) {
	x := 7
	defer func(u uintptr) { got = read(u) }(uintptr(unsafe.Pointer(&x)))
	work()
	return 0
}

// Captured: the closure outlives the frame of x.
func Captured() func() int {
	x := 7
	u := uintptr(unsafe.Pointer(&x))
	return func() int {
		return *(*int)(unsafe.Pointer(u)) // HAZARD: uintptr-escapes-frame, uintptr-roundtrip
	}
}

func hide(p unsafe.Pointer) unsafe.Pointer {
	x := uintptr(p)
	return unsafe.Pointer(x ^ 0) // HAZARD: uintptr-roundtrip
}

// Laundered: the frame of x is gone when the caller reads it.
func Laundered() *int {
	x := 7
	return (*int)(hide(unsafe.Pointer(&x)))
}

// Loop: the integer walks over the slice.
func Loop(words []uint64) (sum uint64) {
	p := uintptr(unsafe.Pointer(&words[0]))
	end := p + uintptr(len(words))*8
	for ; p < end; p += 8 {
		sum += *(*uint64)(unsafe.Pointer(p)) // HAZARD: uintptr-roundtrip
	}
	return sum
}

type cursor struct{ at uintptr }

func (c *cursor) start(b []byte) { c.at = uintptr(unsafe.Pointer(unsafe.SliceData(b))) }

func (c *cursor) get() byte {
	return *(*byte)(unsafe.Pointer(c.at)) // HAZARD: uintptr-roundtrip
}

// Field: the only reference is a field of type uintptr.
func Field() byte {
	var c cursor
	c.start(make([]byte, 64))
	work()
	return c.get()
}

var saved uintptr

// Global: as Field, with a package variable.
func Global(n *node) {
	saved = uintptr(unsafe.Pointer(n))
}

// Restore is the other half of Global.
func Restore() *node {
	return (*node)(unsafe.Pointer(saved)) // HAZARD: uintptr-roundtrip
}

// Reflected: rule (5) wants the call in the same expression.
func Reflected(v any) unsafe.Pointer {
	u := reflect.ValueOf(v).Pointer()
	work()
	return unsafe.Pointer(u) // HAZARD: uintptr-roundtrip
}

// HeaderData: so does rule (6).
func HeaderData(s string) byte {
	h := (*reflect.StringHeader)(unsafe.Pointer(&s))
	d := h.Data
	work()
	return *(*byte)(unsafe.Pointer(d)) // HAZARD: uintptr-roundtrip
}

// Forged: a pointer with bits of an integer in it.
func Forged(n *node) (p unsafe.Pointer) {
	tag := uintptr(unsafe.Pointer(n))&^0xffff | 0x123
	work()
	*(*unsafe.Pointer)(unsafe.Pointer(&p)) = unsafe.Pointer(tag) // HAZARD: int-as-pointer, uintptr-roundtrip
	return p
}

// Generic: the same in a generic function.
func Generic[T any](p *T) *T {
	u := uintptr(unsafe.Pointer(p))
	work()
	return (*T)(unsafe.Pointer(u)) // HAZARD: uintptr-roundtrip
}

func work() { sink = append(sink, make([]byte, 32)) }

var sink [][]byte
