// Command defers stops goroutines in every state that deferred calls can be in.
// Told to abort it dies there; told to release it lets one after the other go
// on, and every deferred call prints which it is when it runs.
package main

import (
	"fmt"
	"os"
	"runtime"
	"slices"
	"sync/atomic"
	"syscall"
	"time"
)

type scenario struct {
	name string
	run  func(*scenario)
	c    chan bool
	stop int32
	done chan bool
}

var scenarios = []*scenario{
	{name: "openCoded", run: openCoded},
	{name: "openTop", run: openTop},
	{name: "openSpin", run: openSpin},
	{name: "loop", run: loop},
	{name: "onStack", run: onStack},
	{name: "exitOpen", run: exitOpen},
	{name: "exitPlain", run: exitPlain},
	{name: "exitLoop", run: exitLoop},
	{name: "exitStack", run: exitStack},
	{name: "panicOpen", run: panicOpen},
	{name: "panicLoop", run: panicLoop},
	{name: "nested", run: nested},
	{name: "nestedLoop", run: nestedLoop},
	{name: "recovered", run: recovered},
	{name: "recoveredRest", run: recoveredRest},
	{name: "goexit", run: goexit},
	{name: "goexitPanic", run: goexitPanic},
	{name: "faulted", run: faulted},
	{name: "deep", run: func(s *scenario) { deep(s, 40) }},
	{name: "values", run: values},
	{name: "none", run: none},
}

// id is the line that it is called on, times 100.
func id() int {
	_, _, line, _ := runtime.Caller(1)
	return line * 100
}

//go:noinline
func ran(n int) { fmt.Println("ran", n) }

type thing struct{ n int }

func (t thing) ran()            { ran(t.n) }
func (t *thing) ranByPtr()      { ran(t.n) }
func (t *thing) Close() error   { ran(t.n); return nil }
func plain()                    { fmt.Println("ran main.plain") }
func generic[T any](n int, v T) { ran(n) }

type closer interface{ Close() error }

func (s *scenario) block() { <-s.c }

func start(s *scenario) {
	defer func() {
		recover()
		close(s.done)
	}()
	s.run(s)
}

//go:noinline
func openCoded(s *scenario) {
	n := id()
	defer func() { ran(n + 100) }()
	defer ran(id())
	if s.c == nil {
		defer ran(id())
	} else {
		defer plain()
	}
	t := &thing{id()}
	t.n += 200
	defer t.ranByPtr()
	s.block()
}

//go:noinline
func openTop(s *scenario) {
	n := id()
	defer func() { ran(n + 100) }()
	s.block()
}

// openSpin runs on its processor after a defer statement, without any call.
//
//go:noinline
func openSpin(s *scenario) {
	defer plain()
	for atomic.LoadInt32(&s.stop) == 0 {
	}
}

//go:noinline
func loop(s *scenario) {
	for i := range make([]int, 3) {
		defer ran(id() + i)
	}
	s.block()
}

//go:noinline
func onStack(s *scenario) {
	defer ran(id())
	defer ran(id())
	defer ran(id())
	defer ran(id())
	defer ran(id())
	defer ran(id())
	defer ran(id())
	defer ran(id())
	n := id()
	defer func() { ran(n + 100) }()
	s.block()
}

//go:noinline
func exitOpen(s *scenario) {
	defer ran(id())
	n := id()
	defer func() {
		s.block()
		ran(n + 100)
	}()
	defer ran(id())
}

// exitPlain is left by way of a deferred call of a function by its name.
//
//go:noinline
func exitPlain(s *scenario) {
	current = s
	defer ran(id())
	defer blockPlain()
	defer ran(id())
}

var current *scenario

func blockPlain() {
	current.block()
	fmt.Println("ran main.blockPlain")
}

func exitLoop(s *scenario) {
	for i := range make([]int, 4) {
		i, n := i, id()+i
		defer func() {
			if i == 2 {
				s.block()
			}
			ran(n + 100)
		}()
	}
}

func exitStack(s *scenario) {
	defer ran(id())
	defer ran(id())
	defer ran(id())
	defer ran(id())
	defer ran(id())
	defer ran(id())
	n := id()
	defer func() {
		s.block()
		ran(n + 100)
	}()
	defer ran(id())
	defer ran(id())
}

//go:noinline
func thrower(v any) {
	defer ran(id())
	panic(v)
}

// E is an error that no package but this one knows.
type E struct {
	code int
	name string
}

func (e *E) Error() string { return fmt.Sprint(e.code) }

//go:noinline
func panicOpen(s *scenario) {
	defer func() { recover(); ran(id()) }()
	defer ran(id())
	n := id()
	defer func() {
		s.block()
		ran(n + 100)
	}()
	defer ran(id())
	thrower(&E{42, "name"})
}

func panicLoop(s *scenario) {
	for i := range make([]int, 4) {
		i, n := i, id()+i
		defer func() {
			if i == 2 {
				s.block()
			}
			ran(n + 100)
		}()
	}
	thrower(fmt.Errorf("wrapped: %w", syscall.ENOENT))
}

//go:noinline
func nested(s *scenario) {
	defer ran(id())
	n := id()
	defer func() {
		s.block()
		ran(n + 100)
	}()
	defer func() {
		defer ran(id())
		panic("nested")
	}()
	thrower(&E{42, "outer"})
}

func nestedLoop(s *scenario) {
	for i := range make([]int, 4) {
		i, n := i, id()+i
		defer func() {
			switch i {
			case 1:
				s.block()
			case 2:
				panic(n)
			}
			ran(n + 100)
		}()
	}
	thrower("outer")
}

//go:noinline
func recovered(s *scenario) {
	defer ran(id())
	n := id()
	defer func() {
		recover()
		s.block()
		ran(n + 100)
	}()
	thrower(1.5)
}

// recoveredRest has recovered, and what is left runs as if it returned.
//
//go:noinline
func recoveredRest(s *scenario) {
	defer ran(id())
	n := id()
	defer func() {
		s.block()
		ran(n + 100)
	}()
	defer func() { recover() }()
	thrower(uint8(7))
}

//go:noinline
func goexit(s *scenario) {
	defer ran(id())
	n := id()
	defer func() {
		s.block()
		ran(n + 100)
	}()
	runtime.Goexit()
}

//go:noinline
func goexitPanic(s *scenario) {
	defer ran(id())
	n := id()
	defer func() {
		recover()
		s.block()
		ran(n + 100)
	}()
	defer func() { panic(thing{5}) }()
	runtime.Goexit()
}

var null *thing

//go:noinline
func faulted(s *scenario) {
	defer ran(id())
	n := id()
	defer func() {
		s.block()
		ran(n + 100)
	}()
	null.n++
}

//go:noinline
func deep(s *scenario, n int) {
	defer ran(id() + n)
	if n == 0 {
		s.block()
		return
	}
	deep(s, n-1)
}

//go:noinline
func values(s *scenario) {
	t := thing{id()}
	f := t.ran
	if s.c == nil {
		f = plain
	}
	defer f()
	var c closer = &thing{id() + 100}
	defer c.Close()
	defer generic(id(), "x")
	s.block()
}

//go:noinline
func none(s *scenario) {
	if s.c == nil {
		defer ran(id())
	}
	s.block()
}

func main() {
	if runtime.GOARCH == "wasm" { // whose one thread nothing takes from who spins
		scenarios = slices.DeleteFunc(scenarios, func(s *scenario) bool { return s.name == "openSpin" })
	}
	for _, s := range scenarios {
		s.c, s.done = make(chan bool), make(chan bool)
		go start(s)
	}
	println("look") // for who takes the memory of an instance
	time.Sleep(200 * time.Millisecond)
	if os.Args[1] == "abort" {
		abort()
	}
	for _, s := range scenarios {
		fmt.Println("scenario", s.name)
		atomic.StoreInt32(&s.stop, 1)
		close(s.c)
		<-s.done
	}
}
