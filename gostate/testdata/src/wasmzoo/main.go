// Wasmzoo parks twenty goroutines, prints what the runtime says of them, and then
// does what its argument says.
package main

import (
	"os"
	"runtime"
	"strings"
	"sync"
	"time"
	"unsafe"
)

var (
	never  chan int
	locked sync.Mutex
	held   sync.RWMutex
	group  sync.WaitGroup
	cond   = sync.NewCond(new(sync.Mutex))
	sink   int
)

//go:noinline
func leaf(n int) {
	switch n % 8 {
	case 0:
		<-never
	case 1:
		select {
		case x := <-never:
			sink = x
		case y := <-make(chan int):
			sink = y
		}
	case 2:
		locked.Lock()
	case 3:
		time.Sleep(time.Hour)
	case 4:
		group.Wait()
	case 5:
		cond.L.Lock()
		cond.Wait()
	case 6:
		held.RLock()
	case 7:
		select {}
	}
}

//go:noinline
func mid(n int) {
	defer func() { sink++ }()
	leaf(n)
	sink += n
}

func spawn(n int) { go func() { mid(n) }() }

type node struct{ next *node }

//go:noinline
func (n *node) last() int { return n.next.last() }

//go:noinline
func load(at uintptr) int { return *(*int)(unsafe.Pointer(at)) }

//go:noinline
func stop(how string) {
	switch how {
	case "wait":
		time.Sleep(time.Hour)
	case "panic":
		panic("zoo " + how)
	case "nil":
		sink = new(node).last()
	case "trap":
		sink = load(0x7fff0000)
	case "exit":
		os.Exit(3)
	case "idle":
		wake := make(chan int)
		time.AfterFunc(time.Hour, func() { wake <- 1 })
		<-wake
	}
}

func main() {
	locked.Lock()
	held.Lock()
	group.Add(1)
	for i := 0; i < 20; i++ {
		spawn(i)
	}
	buf := make([]byte, 1<<20)
	text := ""
	for ok := false; !ok; ok = strings.Count(text, "[runn") == 1 { // but for this one all are parked
		time.Sleep(time.Millisecond)
		text = string(buf[:runtime.Stack(buf, true)])
	}
	print(text)
	print("\n\nlook\n")
	stop(os.Args[1])
}
