// Command frames stops goroutines in functions with all sorts of arguments and
// variables, prints what those are, and dies.
package main

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"
)

type (
	point struct{ X, Y int }
	deep  struct {
		a struct {
			b struct {
				c struct{ d struct{ e struct{ f int } } }
			}
		}
	}
	huge  struct{ words [40]int }
	tiny  struct{ a, b, c int8 }
	none  struct{}
	shape interface{ Area(scale int) int }
	node  struct {
		next *node
		text string
	}
	stack[T any] struct{ items []T }
	number       interface{ ~int | ~float64 }
)

var (
	mu      sync.Mutex
	started sync.WaitGroup
	lines   []string
	sink    any
)

// say notes what a variable of the caller's is.
func say(fn, name, want string) {
	mu.Lock()
	defer mu.Unlock()
	lines = append(lines, fn+"\t"+name+"\t"+want)
}

//go:noinline
func park() {
	started.Done()
	select {}
}

//go:noinline
func use(v ...any) { sink = v }

//go:noinline
func numbers(a int, b int8, c uint16, d bool, e float64, f float32, g complex128) {
	say("main.numbers", "a", "-1")
	say("main.numbers", "b", "-2")
	say("main.numbers", "c", "3")
	say("main.numbers", "d", "true")
	say("main.numbers", "e", "1.5")
	say("main.numbers", "f", "-0.25")
	say("main.numbers", "g", "(1+2i)")
	park()
	use(a, b, c, d, e, f, g)
}

//go:noinline
func texts(s string, b []byte, list []string, empty string) (n int, err error) {
	say("main.texts", "s", `"hello"`)
	say("main.texts", "b", `[]uint8("bytes")`)
	say("main.texts", "list", `[]string{"x", "y"}`)
	say("main.texts", "empty", `""`)
	park()
	use(s, b, list, empty)
	return len(s), nil
}

//go:noinline
func structs(p point, d deep, h huge, t tiny, z none, last int) {
	say("main.structs", "p", "main.point{X:1, Y:2}")
	say("main.structs", "t", "main.tiny{a:1, b:-2, c:3}")
	say("main.structs", "last", "77")
	park()
	use(p, d, h, t, z, last)
}

//go:noinline
func many(a, b, c, d, e, f, g, h, i, j, k, l int) int {
	say("main.many", "a", "1")
	say("main.many", "l", "12")
	park()
	use(a, b, c, d, e, f, g, h, i, j, k, l)
	return l
}

//go:noinline
func variadic(prefix string, rest ...any) {
	say("main.variadic", "rest", `[]interface {}{1, "two", interface {}(nil)}`)
	park()
	use(prefix, rest)
}

//go:noinline
func references(m map[string]int, c chan int, i shape, e error, f func(int) int, p **point, a any) {
	say("main.references", "m", `map[string]int{"a":1, "b":2}`)
	say("main.references", "i", "main.point{X:3, Y:4}")
	say("main.references", "e", `&errors.errorString{s:"an error"}`)
	say("main.references", "f", "main.square")
	say("main.references", "p", "&&main.point{X:5, Y:6}")
	say("main.references", "a", "2.5")
	park()
	use(m, c, i, e, f, p, a)
}

//go:noinline
func locals(n int) {
	sum := 0
	for i := 0; i < n; i++ {
		sum += i
	}
	text := strings.Repeat("ab", n)
	escapes := n * 2
	keep := &escapes
	list := &node{&node{nil, "second"}, "first"}
	x := 1
	if n > 2 {
		x := "inner"
		say("main.locals", "sum", "6")
		say("main.locals", "text", `"abababab"`)
		say("main.locals", "escapes", "8")
		say("main.locals", "list", `&main.node{next:&main.node{next:(*main.node)(nil), text:"second"}, text:"first"}`)
		say("main.locals", "x", `"inner"`)
		sink = keep
		park()
		use(x, sum, text, keep, list)
	}
	later := x + 1
	use(x, later)
}

var stop bool

// spins is locals, stopped where it has registers.
//
//go:noinline
func spins(n int) {
	sum := 0
	for i := 0; i < n; i++ {
		sum += i
	}
	text := strings.Repeat("ab", n)
	escapes := n * 2
	keep := &escapes
	list := &node{&node{nil, "second"}, "first"}
	x := 1
	if n > 2 {
		x := "inner"
		say("main.spins", "sum", "6")
		say("main.spins", "text", `"abababab"`)
		say("main.spins", "escapes", "8")
		say("main.spins", "x", `"inner"`)
		sink = keep
		started.Done()
		for !stop {
		}
		use(x, sum, text, keep, list)
	}
	later := x + 1
	use(x, later)
}

// holds calls nothing: its arguments stay in registers.
//
//go:noinline
func holds(a int, b int16, s string, f float64) int {
	for !stop {
	}
	return a + int(b) + len(s) + int(f)
}

func (p point) Area(scale int) int {
	say("main.point.Area", "p", "main.point{X:7, Y:8}")
	say("main.point.Area", "scale", "9")
	park()
	use(p, scale)
	return p.X * p.Y * scale
}

//go:noinline
func (n *node) method(x int) {
	say("main.(*node).method", "n", `&main.node{next:(*main.node)(nil), text:"self"}`)
	park()
	use(n, x)
}

//go:noinline
func (s *stack[T]) push(v T) int {
	park()
	s.items = append(s.items, v)
	return len(s.items)
}

//go:noinline
func largest[T number](a, b T) T {
	park()
	use(a, b)
	return max2(a, b)
}

func max2[T number](a, b T) T {
	if a > b {
		return a
	}
	return b
}

// outer has a call inlined into it, which has one inlined into it.
//
//go:noinline
func outer(a int) int {
	own := a + 1
	r := middle(own * 2)
	use(own)
	return r
}

func middle(b int) int {
	half := b / 2
	r := inner(half + 10)
	use(half)
	return r
}

func inner(c int) int {
	say("main.inner", "c", "15")
	say("main.middle", "half", "5")
	say("main.outer", "own", "5")
	park()
	use(c)
	return c
}

//go:noinline
func closures(n int) {
	by, ref := "value", 1
	func(arg string) {
		defer use(arg)
		ref++
		say("main.closures.func1", "arg", `"arg"`)
		say("main.closures.func1", "by", `"value"`)
		say("main.closures.func1", "ref", "2")
		park()
		use(by, ref)
	}("arg")
	use(by, ref, n)
}

//go:noinline
func spin(count, limit int) {
	started.Done()
	for i := count; ; i++ {
		if i == limit {
			i = count
		}
	}
}

func run(f func()) {
	started.Add(1)
	go f()
}

func main() {
	p := &point{5, 6}
	run(func() { numbers(-1, -2, 3, true, 1.5, -0.25, 1+2i) })
	run(func() { texts("hello", []byte("bytes"), []string{"x", "y"}, "") })
	run(func() { structs(point{1, 2}, deep{}, huge{}, tiny{1, -2, 3}, none{}, 77) })
	run(func() { many(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12) })
	run(func() { variadic("p", 1, "two", nil) })
	run(func() { references(map[string]int{"a": 1, "b": 2}, make(chan int, 1), point{3, 4}, errors.New("an error"), square, &p, 2.5) })
	run(func() { locals(4) })
	run(func() { spins(4) })
	say("main.holds", "a", "11")
	say("main.holds", "b", "-22")
	say("main.holds", "s", `"in registers"`)
	say("main.holds", "f", "-1e+10")
	go holds(11, -22, "in registers", -1e10)
	var s shape = &point{7, 8}
	run(func() { s.Area(9) }) // through a wrapper
	run(func() { (&node{nil, "self"}).method(1) })
	run(func() { (&stack[string]{}).push("generic") })
	run(func() { largest(1.5, 2.5) })
	run(func() { outer(4) })
	run(func() { closures(1) })
	go spin(5, 100)
	started.Add(1)
	started.Wait()
	time.Sleep(50 * time.Millisecond)
	die(nil, "last words", 3)
}

//go:noinline
func die(n *node, why string, code int) {
	sum := 0
	for i := 0; i < code; i++ {
		sum += i
	}
	text := strings.Repeat("ab", code)
	local := code + 1
	use(local)
	say("main.die", "n", "(*main.node)(nil)")
	say("main.die", "why", `"last words"`)
	say("main.die", "code", "3")
	say("main.die", "sum", "3")
	say("main.die", "text", `"ababab"`)
	half := local / 2
	say("main.die", "half", "2")
	for _, l := range lines {
		fmt.Println(l)
	}
	os.Stdout.Sync()
	use(n.text, why, code, sum, text, half)
}

func square(x int) int { return x * x }
