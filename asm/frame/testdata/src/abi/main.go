// Command abi prints what docs/ABI.md says of running programs.
package main

import (
	"fmt"
	"runtime/debug"
	"unsafe"
)

// stack returns the bounds and the guard of the goroutine's stack.
func stack() (lo, hi, guard uintptr)

// Sizes of frames that an assembler rounds.
func s8()
func s16()
func s24()
func s32()

//go:noinline
func twelve(a, b, c, d, e, f, g, h, i, j, k, l int) int {
	return a ^ b<<1 ^ c<<2 ^ d<<3 ^ e<<4 ^ f<<5 ^ g<<6 ^ h<<7 ^ i<<8 ^ j<<9 ^ k<<10 ^ l<<11
}

//go:noinline
func seventeen(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q int) int {
	return twelve(a, b, c, d, e, f, g, h, i, j, k, l) + m ^ n<<1 ^ o<<2 ^ p<<3 ^ q<<4
}

//go:noinline
func floats(a, b, c float64) float64 { return a - b/c }

// leaf has a frame, calls nothing, and says nothing about NOSPLIT.
//
//go:noinline
func leaf(n int) int {
	var b [4]int
	b[n&3] = n
	return b[(n+1)&3]
}

// deep needs more stack than a goroutine starts with.
//
//go:noinline
func deep(n int) byte {
	var b [512]byte
	b[n%512] = byte(n)
	if n > 0 {
		return deep(n-1) + b[n%512]
	}
	return b[0]
}

// moved compares addresses of two variables before and after the stack grows.
//
//go:noinline
func moved() (moved, sameDistance, stale bool) {
	var a, b [4]int
	pa, pb := uintptr(unsafe.Pointer(&a)), uintptr(unsafe.Pointer(&b))
	deep(100)
	qa, qb := uintptr(unsafe.Pointer(&a)), uintptr(unsafe.Pointer(&b))
	return pa != qa, pa-pb == qa-qb, pa != uintptr(unsafe.Pointer(&a))
}

// recovered panics and recovers; a program that does it goes on at deferreturn.
//
//go:noinline
func recovered(n int) (out string) {
	defer func() {
		if r := recover(); r != nil {
			out = "recovered"
		}
	}()
	for i := range make([]struct{}, n) {
		defer func() { _ = i }() // in a loop: not open-coded
	}
	panic("once")
}

//go:noinline
func openCoded(n int) (out string) {
	defer func() {
		if r := recover(); r != nil {
			out = "recovered"
		}
	}()
	if n >= 0 {
		panic("once")
	}
	return "not reached"
}

func main() {
	done := make(chan struct{})
	go func() {
		lo, hi, guard := stack()
		fmt.Println("start", hi-lo, "guard", guard-lo)
		close(done)
	}()
	<-done
	done = make(chan struct{})
	go func() {
		m, d, s := moved()
		fmt.Println("moved", m, "distance", d, "stale", s)
		close(done)
	}()
	<-done
	fmt.Println(recovered(2), openCoded(1))
	fmt.Println("limit", debug.SetMaxStack(1<<20))
	s8()
	s16()
	s24()
	s32()
	fmt.Println(twelve(101, 102, 103, 104, 105, 106, 107, 108, 109, 110, 111, 112) > 0, floats(1, 2, 3), leaf(4),
		seventeen(201, 202, 203, 204, 205, 206, 207, 208, 209, 210, 211, 212, 213, 214, 215, 216, 217) > 0)
}
