// Command zoo parks goroutines in every way there is and then dies the way its
// first argument says.
package main

import (
	"errors"
	"fmt"
	"iter"
	"net"
	"os"
	"runtime"
	"sync"
	"syscall"
	"time"
	"unsafe"
)

type node struct {
	next  *node
	value int
}

// leaf is inlined into its callers, where its nil dereference shows.
func (n *node) leaf() int { return n.next.value }

func (n *node) wait(c chan int) { c <- n.value }

type waiter interface{ wait(chan int) }

type wrapped struct{ *node }

type pair[K comparable, V any] struct {
	k K
	v chan V
}

func (p *pair[K, V]) get() V { return <-p.v }

func receive[K comparable, V any](m map[K]V, c chan V) V { return <-c }

//go:noinline
func deep(n int, f func()) int {
	if n == 0 {
		f()
		return 0
	}
	return deep(n-1, f) + 1
}

func middle(c chan int) int { return inner(c) + 1 }
func inner(c chan int) int  { return innermost(c) + 1 }

func innermost(c chan int) int { return <-c }

func numbers(n int) iter.Seq[int] {
	return func(yield func(int) bool) {
		for i := range n {
			if !yield(i) {
				return
			}
		}
	}
}

//go:noinline
func overFunc(c chan int) {
	for i := range numbers(3) {
		defer func() { _ = i }()
		if i == 1 {
			<-c
		}
	}
}

//go:noinline
func deferred(c chan int) {
	defer func() {
		recover()
		<-c // blocked while panicking
	}()
	panic("in flight")
}

//go:noinline
func spin(stop *bool) {
	for !*stop {
	}
}

func park() {
	c := make(chan int)
	var mu sync.Mutex
	var rw sync.RWMutex
	var wg sync.WaitGroup
	cond := sync.NewCond(&mu)
	mu.Lock()
	rw.Lock()
	wg.Add(1)

	go func() { <-c }()
	go func() { c <- 1 }() // meets one of the receivers
	go middle(c)
	go deep(20, func() { <-c })
	go deep(150, func() { select {} })
	go func() {
		select {
		case <-c:
		case <-time.After(time.Hour):
		}
	}()
	go func() { var never chan int; <-never }()
	go func() { mu.Lock() }()
	go func() { rw.RLock() }()
	go func() { wg.Wait() }()
	go func() { m := new(sync.Mutex); k := sync.NewCond(m); m.Lock(); k.Wait() }()
	go func() { time.Sleep(time.Hour) }()
	go receive(map[string]int{}, c)
	go receive(map[int][]byte{}, make(chan []byte))
	go (&pair[string, [2]int]{v: make(chan [2]int)}).get()
	go overFunc(c)
	go deferred(c)
	full := make(chan int)
	go (&node{value: 1}).wait(full)
	f := (&node{value: 2}).wait // a method value
	go f(full)
	var w waiter = wrapped{&node{value: 3}} // through a wrapper
	go w.wait(full)
	go func() {
		runtime.LockOSThread()
		select {}
	}()
	go func() {
		next, stop := iter.Pull(numbers(10))
		defer stop()
		next()
		<-c
	}()
	var stop bool
	for range 3 {
		go spin(&stop)
	}
	var fds [2]int
	if err := syscall.Pipe(fds[:]); err != nil {
		panic(err)
	}
	go func() { // in a system call for good
		var b [1]byte
		syscall.Read(fds[0], b[:])
	}()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	go l.Accept()
	_ = cond
}

type custom struct{ code int }

type text string

func (c custom) Error() string { return fmt.Sprintf("custom error %d", c.code) }

var sink int

func main() {
	how := os.Args[1]
	if how != "deadlock" {
		park()
		time.Sleep(150 * time.Millisecond)
	}
	end(how)
}

//go:noinline
func end(how string) {
	var n = &node{}
	switch how {
	case "nil":
		sink = n.leaf()
	case "nilfunc":
		var f func()
		f()
	case "wild":
		sink = *(*int)(unsafe.Pointer(uintptr(0xdead0000)))
	case "panic":
		panic("a string\nof two lines")
	case "error":
		panic(fmt.Errorf("wrapped: %w", errors.New("inner")))
	case "custom":
		panic(custom{7})
	case "pointer":
		panic(&node{})
	case "text":
		panic(text("named"))
	case "int":
		panic(-42)
	case "float":
		panic(2.5)
	case "index":
		s := make([]int, 3)
		i := len(how)
		sink = s[i]
	case "nested":
		defer func() { panic("second") }()
		panic("first")
	case "repanic":
		defer func() { panic(recover()) }()
		sink = n.leaf()
	case "deadlock":
		select {}
	case "overflow":
		sink = deep(1<<40, func() {})
	case "maps":
		m := map[int]int{}
		for i := range 4 {
			go func() {
				for j := 0; ; j++ {
					m[j%7+i] = j
				}
			}()
		}
		time.Sleep(time.Hour)
	case "unlock":
		var mu sync.Mutex
		mu.Unlock()
	case "block":
		<-make(chan int)
	case "goroutine":
		go func() { sink = n.leaf() }()
		time.Sleep(time.Hour)
	}
}
