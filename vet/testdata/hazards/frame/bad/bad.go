// Package bad lets addresses of local variables leave their frames as numbers.
package bad

import (
	"sync/atomic"
	"time"
	"unsafe"
)

type point struct{ x, y int }

func addressOf() uintptr {
	p := point{1, 2}
	return uintptr(unsafe.Pointer(&p.y))
}

// Returned: the frame of addressOf is gone.
func Returned() int {
	u := addressOf()
	work()
	return *(*int)(unsafe.Pointer(u)) // HAZARD: uintptr-escapes-frame, uintptr-roundtrip
}

func both() (uintptr, error) {
	var buf [8]byte
	return uintptr(unsafe.Pointer(&buf)) + 4, nil
}

// Second result of a call.
func Second() byte {
	u, err := both()
	if err != nil {
		return 0
	}
	return *(*byte)(unsafe.Pointer(u)) // HAZARD: uintptr-escapes-frame, uintptr-roundtrip
}

// Literal: the function literal is returned.
func Literal() func() int {
	x := 5
	u := uintptr(unsafe.Pointer(&x))
	f := func() int {
		return *(*int)(unsafe.Pointer(u)) // HAZARD: uintptr-escapes-frame, uintptr-roundtrip
	}
	work()
	return f
}

type job struct {
	run func() int
	at  uintptr
}

// Kept: the literal is stored in what the caller owns.
func (j *job) Kept(n int) {
	count := n
	u := uintptr(unsafe.Pointer(&count))
	j.run = func() int {
		return *(*int)(unsafe.Pointer(u)) // HAZARD: uintptr-escapes-frame, uintptr-roundtrip
	}
}

// Field: the number is stored in what the caller owns.
func (j *job) Field(n int) {
	count := n
	j.at = uintptr(unsafe.Pointer(&count))
}

// Result is the other half of Field.
func (j *job) Result() int {
	return *(*int)(unsafe.Pointer(j.at)) // HAZARD: uintptr-escapes-frame, uintptr-roundtrip
}

var last uintptr

// Global keeps the number in a package variable.
func Global() {
	var scratch [64]byte
	last = uintptr(unsafe.Pointer(&scratch[0]))
}

// Restore is the other half of Global.
func Restore() byte {
	return *(*byte)(unsafe.Pointer(last)) // HAZARD: uintptr-escapes-frame, uintptr-roundtrip
}

var current atomic.Uintptr

// Atomic is Global with an atomic variable.
func Atomic() {
	var v point
	current.Store(uintptr(unsafe.Pointer(&v)))
}

// Current is the other half of Atomic.
func Current() int {
	u := current.Load()
	return (*point)(unsafe.Pointer(u)).x // HAZARD: uintptr-escapes-frame, uintptr-roundtrip
}

// Sent: another goroutine reads it when it likes.
func Sent(ch chan uintptr) {
	x := time.Now().Unix()
	ch <- uintptr(unsafe.Pointer(&x))
	work()
}

// Received is the other half of Sent.
func Received() int64 {
	ch := make(chan uintptr, 1)
	go Sent(ch)
	return *(*int64)(unsafe.Pointer(<-ch)) // HAZARD: uintptr-escapes-frame, uintptr-roundtrip
}

// Started: the goroutine has a stack of its own, this one moves.
func Started() {
	x := 1
	go func(u uintptr) {
		*(*int)(unsafe.Pointer(u)) = 2 // HAZARD: uintptr-escapes-frame, uintptr-roundtrip
	}(uintptr(unsafe.Pointer(&x)))
	work()
}

// Deferred: all of work lies between the two conversions.
func Deferred() {
	x := 1
	u := uintptr(unsafe.Pointer(&x))
	defer func() {
		*(*int)(unsafe.Pointer(u)) = 2 // HAZARD: uintptr-escapes-frame, uintptr-roundtrip
	}()
	work()
}

func generic[T any](v T) uintptr { return uintptr(unsafe.Pointer(&v)) }

// Generic: the parameter is a variable of the frame.
func Generic() string {
	u := generic("text")
	work()
	return *(*string)(unsafe.Pointer(u)) // HAZARD: uintptr-escapes-frame, uintptr-roundtrip
}

type registry map[string]uintptr

// Put keeps it in a map of the caller's.
func (r registry) Put(name string) {
	v := len(name)
	r[name] = uintptr(unsafe.Pointer(&v))
}

// Take is the other half of Put.
func (r registry) Take(name string) int {
	return *(*int)(unsafe.Pointer(r[name])) // HAZARD: uintptr-escapes-frame, uintptr-roundtrip
}

func work() { sink = append(sink, make([]byte, 32)) }

var sink [][]byte
