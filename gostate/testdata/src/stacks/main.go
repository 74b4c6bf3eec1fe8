// Command stacks has goroutines whose stacks are hard to walk, and crashes on
// one that is: as its first argument says, behind a nil dereference, a stack
// overflow, a callback, a fatal error of the runtime, a call from another package.
package main

import (
	"os"
	"runtime"
	"runtime/debug"
	"sort"
	"sync"
	"sync/atomic"
	"time"
)

var (
	never   = make(chan int)
	started atomic.Int32
)

// leaf has no frame.
//
//go:noinline
func leaf(n *int) {
	for *n >= 0 {
	}
}

//go:noinline
func growing(n int) int {
	var pad [50]int
	if n == 0 {
		started.Add(1)
		<-never
	}
	return growing(n-1) + pad[n%50]
}

type method struct{ c chan int }

func (m method) wait() {
	started.Add(1)
	<-m.c
}

func recovering() {
	defer func() {
		recover()
		started.Add(1)
		<-never
	}()
	var p *int
	*p = 1
}

//go:noinline
func crash(p *int) { *p = 1 }

//go:noinline
func endless(n int) int {
	var pad [20]int
	return endless(n+1) + pad[n%20]
}

//go:noinline
func unlock() { new(sync.Mutex).Unlock() }

type list []int

func (l list) Len() int           { return len(l) }
func (l list) Swap(i, j int)      { l[i], l[j] = l[j], l[i] }
func (l list) Less(i, j int) bool { crash(nil); return l[i] < l[j] }

func main() {
	debug.SetMaxStack(1 << 20)
	for i := 0; i < runtime.GOMAXPROCS(0)+2; i++ {
		go func() {
			started.Add(1)
			leaf(new(int))
		}()
	}
	go growing(100)
	go recovering()
	f := method{never}.wait
	go f()
	go runtime.Callers(0, nil)
	for started.Load() < int32(runtime.GOMAXPROCS(0)+2+3) {
		time.Sleep(10 * time.Millisecond)
	}
	time.Sleep(100 * time.Millisecond)
	switch os.Args[1] {
	case "nil":
		crash(nil)
	case "overflow":
		endless(0)
	case "callback":
		var once sync.Once
		once.Do(func() { crash(nil) })
	case "throw":
		unlock()
	case "sort":
		sort.Sort(list{3, 2, 1})
	}
}
