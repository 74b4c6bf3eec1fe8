// Command toy has one function for each kind of frame.
package main

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"sync/atomic"
)

//go:noinline
func Spill(p *int, s string, n int) (int, error) {
	t := Sum10(n, 1, 2, 3, 4, 5, 6, 7, 8, 9)
	var buf [2]int
	fill(buf[:], t)
	if p == nil {
		return t, errors.New(s)
	}
	return *p + buf[0] + buf[1] + len(s), nil
}

//go:noinline
func Sum10(a, b, c, d, e, f, g, h, i, j int) int { return a + b + c + d + e + f + g + h + i + j }

//go:noinline
func fill(b []int, v int) {
	for i := range b {
		b[i] = v
	}
}

//go:noinline
func Huge(n int) int {
	var big [40000]byte
	touch(big[:], n)
	return int(big[n%len(big)])
}

//go:noinline
func Medium(n int) int {
	var b [1000]byte
	touch(b[:], n)
	return int(b[n%len(b)])
}

//go:noinline
func touch(b []byte, n int) { b[n%len(b)] = byte(n) }

//go:noinline
func WithDefer(name string, n int) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%s: %v", name, r)
		}
	}()
	if n > 2 {
		defer fmt.Fprintln(os.Stderr, "deferred", name)
	}
	os.Stdout.WriteString(name + "\n")
	return nil
}

//go:noinline
func Closure(n int) func() int {
	return func() int { return n * 2 }
}

//go:noinline
func Floats(a, b float64, c float32) (float64, bool) { return a*b + float64(c), a < b }

type Point struct{ X, Y int }

//go:noinline
func (p Point) Add(q Point) Point { return Point{p.X + q.X, p.Y + q.Y} }

//go:noinline
func (p *Point) Scale(k int) { p.X, p.Y = p.X*k, p.Y*k }

type adder interface{ Add(Point) Point }

//go:noinline
func Generic[T int | float64](a []T) (sum T) {
	for _, x := range a {
		sum += x
	}
	return sum
}

func inlined(n int) int {
	if n > 10 {
		return helper(n)
	}
	return n + 1
}

//go:noinline
func helper(n int) int { return n ^ 0x55 }

//go:noinline
func Caller(n int) int { return inlined(n) + inlined(n*3) }

//go:nosplit
//go:noinline
func ns1(n int) int {
	var b [1]int
	b[n&0] = n
	return ns2(b[0]) + b[0]
}

//go:nosplit
//go:noinline
func ns2(n int) int {
	var b [8]int
	b[n&7] = n
	return int(ns3(int64(n))) + b[(n+1)&7]
}

//go:nosplit
//go:noinline
func ns3(n int64) int64 {
	var b [3]int64
	b[n&1] = n
	return asmAdd(n, b[1], 1, 2) + b[0]
}

var counter int64

func main() {
	n := len(os.Args)
	if n > 1 {
		n, _ = strconv.Atoi(os.Args[1])
	}
	x := 3
	a, err := Spill(&x, "toy", n)
	fmt.Println(a, err, Huge(n), Medium(n), WithDefer("x", n), Closure(n)(), ns1(n))
	f, ok := Floats(1.5, float64(n), 2)
	p := Point{1, n}
	p.Scale(2)
	var i adder = &p
	atomic.AddInt64(&counter, int64(n))
	fmt.Println(f, ok, i.Add(Point{3, 4}), Generic([]int{1, n}), Generic([]float64{1, 2.5}), Caller(n), counter)
}
