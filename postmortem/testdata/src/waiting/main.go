// Command waiting is what gostate's zoo is, in the Go of 1.21: goroutines that
// wait in different ways, a deep recursion, and a death.
package main

import (
	"errors"
	"net"
	"os"
	"sync"
	"time"
)

type number interface{ ~int | ~string }

//go:noinline
func receive[T number](c chan T) T { return <-c }

type server struct {
	mu sync.Mutex
	rw sync.RWMutex
	wg sync.WaitGroup
	on *sync.Cond
}

func (s *server) lock()  { s.mu.Lock(); s.mu.Unlock() }
func (s *server) read()  { s.rw.RLock(); s.rw.RUnlock() }
func (s *server) write() { s.rw.Lock(); s.rw.Unlock() }

func (s *server) watch() {
	s.on.L.Lock()
	s.on.Wait()
}

//go:noinline
func deep(n int, c chan int) int {
	if n == 0 {
		return <-c
	}
	return deep(n-1, c) + 1
}

//go:noinline
func die(p *int) int { return *p }

func main() {
	s := new(server)
	s.on = sync.NewCond(new(sync.Mutex))
	s.mu.Lock()
	s.rw.Lock()
	s.wg.Add(1)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	for range [3]int{} {
		go receive(make(chan int))
		go receive(make(chan string))
		go s.lock()
		go s.read()
		go s.write()
		go s.watch()
		go s.wg.Wait()
		go func() { <-(chan int)(nil) }()
		go func() { select {} }()
		go func() { make(chan int) <- 1 }()
		go func() {
			select {
			case <-time.After(time.Hour):
			case <-make(chan int):
			}
		}()
		go time.Sleep(time.Hour)
		go l.Accept()
		go deep(150, make(chan int))
	}
	time.Sleep(200 * time.Millisecond)
	defer func() {
		if len(os.Args) > 2 {
			panic(errors.New("again"))
		}
	}()
	if os.Args[1] == "panic" {
		panic(errors.New("boom\nsecond line"))
	}
	die(nil)
}
