// Command deaths parks 14 goroutines, 5 in recv, 4 in pick, 3 in lock and 2 in nap,
// and tells of them in the way that its argument says.
package main

import (
	"context"
	"errors"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/pprof"
	"sync"
	"syscall"
	"time"
)

//go:noinline
func recv(c chan int) { <-c }

//go:noinline
func pick(a, b chan int) {
	select {
	case <-a:
	case b <- 1:
	}
}

//go:noinline
func lock(mu *sync.Mutex) { mu.Lock() }

//go:noinline
func nap() { time.Sleep(time.Hour) }

//go:noinline
func fault(p *int) int { return *p }

//go:noinline
func endless(n int) int { return endless(n+1) + n }

var m = map[int]int{}

func racer() {
	for {
		m[1]++
	}
}

func main() {
	var mu sync.Mutex
	mu.Lock()
	pprof.Do(context.Background(), pprof.Labels("user", "7", "a b", `"c"`), func(context.Context) {
		for range [5]int{} {
			go recv(make(chan int))
		}
	})
	for range [4]int{} {
		go pick(make(chan int), make(chan int))
	}
	for range [3]int{} {
		go lock(&mu)
	}
	if os.Args[1] != "deadlock" { // a timer keeps a program alive
		for range [2]int{} {
			go nap()
		}
	}
	time.Sleep(100 * time.Millisecond)
	switch os.Args[1] {
	case "panic":
		panic(errors.New("boom\n\nafter an empty line"))
	case "nil":
		fault(nil)
	case "nested":
		defer func() { panic("again") }()
		panic("first")
	case "maps":
		go racer()
		go racer()
		racer()
	case "overflow":
		endless(0)
	case "deadlock":
		mu.Lock()
	case "quit":
		syscall.Kill(os.Getpid(), syscall.SIGQUIT)
		time.Sleep(time.Minute)
	case "goexit":
		go func() { time.Sleep(10 * time.Millisecond); panic("from a goroutine") }()
		runtime.Goexit()
	case "one":
		os.Stdout.Write(debug.Stack())
	case "stacks":
		buf := make([]byte, 1<<20)
		os.Stdout.Write(buf[:runtime.Stack(buf, true)])
	case "0", "1", "2":
		pprof.Lookup("goroutine").WriteTo(os.Stdout, int(os.Args[1][0]-'0'))
	}
}
