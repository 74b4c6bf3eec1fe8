// Command name has a hazard in every kind of function that the linker names.
// The test looks for each finding's symbol in the binary.
package main

import (
	"iter"
	"os"
	"unsafe"

	"place.test/dotted.name/lib.x"
)

type value struct{ p *int }

type generic[T any] struct{ p *T }

//go:noinline
func pass(u uintptr) uintptr {
	if len(os.Args) > 99 {
		return 0
	}
	return u
}

//go:noinline
func (v value) Value() *int {
	u := pass(uintptr(unsafe.Pointer(v.p)))
	return (*int)(unsafe.Pointer(u)) // SYMBOL: main.value.Value
}

//go:noinline
func (v *value) Pointer() *int {
	u := pass(uintptr(unsafe.Pointer(v.p)))
	return (*int)(unsafe.Pointer(u)) // SYMBOL: main.(*value).Pointer
}

//go:noinline
func (g *generic[T]) Method() *T {
	u := pass(uintptr(unsafe.Pointer(g.p)))
	return (*T)(unsafe.Pointer(u)) // SYMBOL: main.(*generic).Method
}

//go:noinline
func literals(p *int) (fs []func() *int) {
	fs = append(fs, func() *int { return p })
	fs = append(fs, func() *int {
		inner := func() *int {
			u := pass(uintptr(unsafe.Pointer(p)))
			return (*int)(unsafe.Pointer(u)) // SYMBOL: main.literals.func2.1
		}
		fs[0] = inner
		u := pass(uintptr(unsafe.Pointer(p)))
		return (*int)(unsafe.Pointer(u)) // SYMBOL: main.literals.func2
	})
	return fs
}

//go:noinline
func ranges(p *int, seq iter.Seq[int]) (out *int) {
	for range seq {
		for range seq {
			u := pass(uintptr(unsafe.Pointer(p)))
			out = (*int)(unsafe.Pointer(u)) // SYMBOL: main.ranges-range2
			f := func() *int {
				u := pass(uintptr(unsafe.Pointer(p)))
				return (*int)(unsafe.Pointer(u)) // SYMBOL: main.ranges.func1
			}
			hold = f
		}
	}
	for range seq {
		u := pass(uintptr(unsafe.Pointer(p)))
		out = (*int)(unsafe.Pointer(u)) // SYMBOL: main.ranges-range3
	}
	return out
}

var hold func() *int

var cell = new(int)

var initialiser = func() *int {
	u := pass(uintptr(unsafe.Pointer(cell)))
	return (*int)(unsafe.Pointer(u)) // SYMBOL: main.init.func1
}

func init() { hold = initialiser }

func init() {
	u := pass(uintptr(unsafe.Pointer(cell)))
	cell = (*int)(unsafe.Pointer(u)) // SYMBOL: main.init.1
}

func main() {
	x := new(int)
	v := value{x}
	g := &generic[int]{x}
	_ = append(literals(x), v.Value, v.Pointer, g.Method, lib.Dotted(x))
	ranges(x, func(yield func(int) bool) { _ = yield(1) && yield(2) })
	hold()
}
