// Command toy has the shapes that tables describe differently: inlined calls
// several levels deep, closures, generics, methods, defers, large frames.
//
// It answers questions about itself with what the runtime says, so that tests
// have a second opinion: "lookup" reads addresses from stdin and prints the
// innermost call at each, "stacks" prints call stacks.
package main

import (
	"bufio"
	"fmt"
	"os"
	"reflect"
	"runtime"
	"strconv"
)

type shape interface{ area() int }

type square struct{ side int }

//go:noinline
func (s square) area() int { return outer(s.side) }

func outer(n int) int  { return middle(n) + 1 }
func middle(n int) int { return inner(n) * 2 }
func inner(n int) int {
	if n > 40 {
		stack()
	}
	return n - 1
}

//go:noinline
func huge(n int) int {
	var buf [5000]int
	for i := range buf {
		buf[i] = n * i
	}
	if n > 3 {
		stack()
	}
	return buf[n] + buf[len(buf)-1-n]
}

//go:noinline
func deferred(n int) (out int) {
	defer func() {
		out += inner(41)
		recover()
	}()
	defer huge(n)
	if n > 100 {
		panic("n is too large")
	}
	return n
}

//go:noinline
func big(a, b, c, d, e, f, g, h, i, j, k int) int {
	return a*b + c*d + e*f + g*h + i*j + k + inner(a)
}

type pair struct {
	n int
	p *int
}

//go:noinline
func (x *pair) set(p *int) { x.p, x.n = p, *p }

// taken has variables whose address is taken and that stay in the frame.
//
//go:noinline
func taken(a [2]int, n int) int {
	var one pair
	var two [3]pair
	one.set(&a[1])
	two[2].set(&n)
	return one.n + *two[2].p + a[0]
}

var global = 1

// holds has a pointer and a number that live while others are called.
//
//go:noinline
func holds(n int) int {
	number := n * 3
	pointer := &global
	n = inner(number)
	n += middle(*pointer)
	return n + number + *pointer
}

// stack prints the logical frames of its callers, each with the address that
// the runtime looked up and whether the call was inlined.
//
//go:noinline
func stack() {
	pcs := make([]uintptr, 100)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(2, pcs)])
	fmt.Println("stack")
	for {
		f, more := frames.Next()
		fmt.Printf("frame %#x %t %s:%d %s\n", f.PC, f.Func == nil, f.File, f.Line, f.Function)
		if !more {
			break
		}
	}
	fmt.Println("end")
}

func lookup() {
	in := bufio.NewScanner(os.Stdin)
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	for in.Scan() {
		pc, err := strconv.ParseUint(in.Text(), 0, 64)
		if err != nil {
			panic(err)
		}
		f, _ := runtime.CallersFrames([]uintptr{uintptr(pc) + 1}).Next()
		fmt.Fprintf(out, "%#x %s:%d %s\n", pc, f.File, f.Line, f.Function)
	}
}

func main() {
	fmt.Printf("main %#x\n", reflect.ValueOf(main).Pointer())
	if len(os.Args) > 1 && os.Args[1] == "lookup" {
		lookup()
		return
	}
	var s shape = square{side: 42}
	n := s.area()
	generics(&n)
	n += deferred(4) + deferred(101) + big(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, n)
	n += taken([2]int{1, n}, 2) + holds(n)
	for i := 0; i < 2; i++ {
		n += huge(i)
	}
	fmt.Println("done", n)
}
