// Package good does what package bad does with pointers, or uses numbers as numbers.
package good

import (
	"fmt"
	"unsafe"
)

type point struct{ x, y int }

func address() unsafe.Pointer {
	p := point{1, 2}
	return unsafe.Pointer(&p.y)
}

// Returned: the compiler moves p to the heap.
func Returned() int {
	p := address()
	work()
	return *(*int)(p)
}

// depth is a number that nobody follows.
func depth() uintptr {
	var mark byte
	return uintptr(unsafe.Pointer(&mark))
}

// Growing compares two places of the stack.
func Growing() bool {
	var mark byte
	return uintptr(unsafe.Pointer(&mark)) < depth()
}

// Shown prints one.
func Shown() string { return fmt.Sprintf("%#x", depth()) }

// Literal captures a pointer.
func Literal() func() int {
	x := 5
	p := unsafe.Pointer(&x)
	return func() int { return *(*int)(p) }
}

// Deferred: the pointer moves with the stack.
func Deferred() {
	x := 1
	p := unsafe.Pointer(&x)
	defer func() { *(*int)(p) = 2 }()
	work()
}

// Started passes the pointer.
func Started() {
	x := 1
	go func(p unsafe.Pointer) { *(*int)(p) = 2 }(unsafe.Pointer(&x))
	work()
}

type job struct{ at unsafe.Pointer }

// Field keeps the pointer.
func (j *job) Field(n int) {
	count := n
	j.at = unsafe.Pointer(&count)
}

// Result is the other half of Field.
func (j *job) Result() int { return *(*int)(j.at) }

// Expression does arithmetic in one.
func Expression() int {
	p := point{1, 2}
	f := func() int {
		return *(*int)(unsafe.Pointer(uintptr(unsafe.Pointer(&p)) + unsafe.Offsetof(p.y)))
	}
	work()
	return f()
}

var seen = map[uintptr]bool{}

// Visited uses the address as a key.
func Visited(p *point) bool {
	u := uintptr(unsafe.Pointer(p))
	old := seen[u]
	seen[u] = true
	return old
}

var table [4]point

func element(i int) uintptr { return uintptr(unsafe.Pointer(&table[i])) }

// Static: package variables have no frame.
func Static() int {
	u := element(2)
	work()
	return (*point)(unsafe.Pointer(u)).x
}

func work() { sink = append(sink, make([]byte, 32)) }

var sink [][]byte
