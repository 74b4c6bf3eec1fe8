// Command fields has goroutines with labels, with a chain of creators, wired to
// their threads, and that have waited for different times. Then it crashes.
package main

import (
	"context"
	"runtime"
	"runtime/pprof"
	"strconv"
	"time"
)

func wait() { <-make(chan int) }

func labelled(n int) {
	var args []string
	for i := 0; i < n; i++ {
		args = append(args, "key"+strconv.Itoa(i), "value "+strconv.Itoa(i))
	}
	pprof.Do(context.Background(), pprof.Labels(args...), func(context.Context) { wait() })
}

func grandparent() {
	go parent()
	wait()
}

func parent() {
	go child()
	wait()
}

func child() { wait() }

func gone() { go orphan() }

func orphan() { wait() }

func locked() {
	runtime.LockOSThread()
	wait()
}

func early() { wait() }

func late() { wait() }

func deep(n int) int {
	var pad [100]int
	if n == 0 {
		wait()
	}
	return deep(n-1) + pad[n%100]
}

//go:noinline
func crash(p *int) { *p = 1 }

func main() {
	runtime.GC()
	go labelled(1)
	go labelled(20)
	go grandparent()
	go gone()
	go locked()
	go early()
	go deep(1000)
	time.Sleep(1100 * time.Millisecond)
	runtime.GC() // stamps those that wait, with when it ran last
	go late()
	time.Sleep(50 * time.Millisecond)
	runtime.GC()
	time.Sleep(50 * time.Millisecond)
	crash(nil)
}
