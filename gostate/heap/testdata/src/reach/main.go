// Reach makes objects that are kept and others that are not, prints where they
// are, and dies. It never collects garbage, so that what is not kept is there.
package main

import (
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"sync"
	"time"
	"unsafe"
)

type node struct {
	next *node
	c    chan int
	pad  [6]int
}

type said struct {
	name string
	addr uintptr // inverted: a pointer that nobody should take for one
	want string
}

//go:noinline
func newNode() *node { return &node{} }

//go:noinline
func withNext(n *node) *node { return &node{next: n} }

var (
	kept  *node
	chain *node
	list  [64]said
	count int
	mu    sync.Mutex
)

//go:noinline
func say(name string, p unsafe.Pointer, want string) {
	mu.Lock()
	list[count] = said{name, ^uintptr(p), want}
	count++
	mu.Unlock()
}

// away runs f on a stack that is gone afterwards.
func away(f func()) {
	done := make(chan bool)
	go func() {
		f()
		done <- true
	}()
	<-done
	time.Sleep(10 * time.Millisecond)
}

//go:noinline
func leak(held bool) {
	n := &node{c: make(chan int)}
	if held {
		kept.next.next = n
		say("held", unsafe.Pointer(n), "reached")
	} else {
		say("leaked", unsafe.Pointer(n), "unreached")
		say("leakedchan", *(*unsafe.Pointer)(unsafe.Pointer(&n.c)), "unreached")
	}
	go func() {
		own := newNode()
		say("own", unsafe.Pointer(own), map[bool]string{true: "reached", false: "unreached"}[held])
		defer func() { fmt.Println(own.pad) }()
		<-n.c
		fmt.Println(own.next, n.next)
	}()
	time.Sleep(10 * time.Millisecond)
}

//go:noinline
func long() {
	var head *node
	for i := 0; i < 100000; i++ {
		head = &node{next: head}
	}
	last := head
	for last.next != nil {
		last = last.next
	}
	chain = head.next
	say("head", unsafe.Pointer(head), "unreached")
	say("second", unsafe.Pointer(head.next), "reached")
	say("last", unsafe.Pointer(last), "reached")
}

//go:noinline
func finalized() {
	n := withNext(newNode())
	runtime.SetFinalizer(n, func(n *node) { fmt.Println(n) })
	say("finalized", unsafe.Pointer(n), "unreached")
	say("offinalized", unsafe.Pointer(n.next), "reached")
}

//go:noinline
func hidden() {
	n := newNode()
	hide := new([100]uintptr)
	hide[50] = uintptr(unsafe.Pointer(n))
	box <- hide
	say("hidden", unsafe.Pointer(n), "unreached")
	say("hiding", unsafe.Pointer(hide), "reached")
}

var box = make(chan *[100]uintptr, 1)

func main() {
	debug.SetGCPercent(-1)
	kept = withNext(newNode())
	say("kept", unsafe.Pointer(kept), "reached")
	away(finalized)
	away(hidden)
	away(func() { leak(false) })
	away(func() { leak(true) })
	away(func() {
		n := newNode()
		go func() { // asleep: it can still run
			time.Sleep(time.Hour)
			fmt.Println(n.next)
		}()
		say("asleep", unsafe.Pointer(n), "reached")
	})
	away(long)
	away(func() {
		for _, s := range list[:count] {
			fmt.Printf("%s %#x %s\n", s.name, ^s.addr, s.want)
		}
		fmt.Println("done 0 done")
	})
	if len(os.Args) > 1 {
		fmt.Println("ready")
		time.Sleep(time.Hour)
	}
	panic("done")
}
