// Command traps has the locks that are easy to get wrong: it says who holds each
// of them, and the test whether the analysis claims more.
package main

import (
	"bytes"
	"fmt"
	"os"
	"runtime"
	"sync"
	"time"
)

var (
	out   sync.Mutex
	lines bytes.Buffer
	block = make(chan bool) // nobody sends
)

func say(format string, args ...any) {
	out.Lock()
	fmt.Fprintf(&lines, format+"\n", args...)
	out.Unlock()
}

func id() (n int) {
	var b [64]byte
	fmt.Sscanf(string(b[:runtime.Stack(b[:], false)]), "goroutine %d", &n)
	return n
}

type store struct {
	name string
	mu   sync.Mutex
	cond *sync.Cond
	list []int
}

// waits has a deferred Unlock, and does not hold the mutex: Wait unlocks it.
//
//go:noinline
func (s *store) waits() {
	s.mu.Lock()
	defer s.mu.Unlock()
	say("innocent %d %p", id(), &s.mu)
	for len(s.list) == 0 {
		s.cond.Wait()
	}
}

// pauses has a deferred Unlock and has unlocked by hand.
//
//go:noinline
func (s *store) pauses() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.list = nil
	s.mu.Unlock()
	say("innocent %d %p", id(), &s.mu)
	<-block
	s.mu.Lock()
}

// closes unlocks in a closure that captures the structure.
//
//go:noinline
func (s *store) closes() {
	s.mu.Lock()
	defer func() {
		s.list = append(s.list, 1)
		s.mu.Unlock()
	}()
	say("strong %d %p", id(), &s.mu)
	<-block
}

// again locks what it holds, through another function.
//
//go:noinline
func (s *store) again() {
	s.mu.Lock()
	defer s.mu.Unlock()
	say("self %d %p", id(), &s.mu)
	s.inner()
}

//go:noinline
func (s *store) inner() {
	s.mu.Lock()
	s.list = nil
	s.mu.Unlock()
}

// forgets locks what it holds, with no deferred call to prove it.
//
//go:noinline
func (s *store) forgets() {
	s.mu.Lock()
	say("selfweak %d %p", id(), &s.mu)
	s.inner()
	s.mu.Unlock()
}

// loops defers in a loop: the records are in the heap.
//
//go:noinline
func loops(list []*store) {
	for _, s := range list {
		s.mu.Lock()
		defer s.mu.Unlock()
		say("strong %d %p", id(), &s.mu)
	}
	<-block
}

var global struct {
	before int
	mu     sync.Mutex
	rw     sync.RWMutex
}

// static has nothing captured: the mutex is a variable of the program.
//
//go:noinline
func static() {
	global.mu.Lock()
	defer global.mu.Unlock()
	say("strong %d %p", id(), &global.mu)
	<-block
}

var plain sync.Mutex

// variable unlocks by hand what is a variable of the program.
//
//go:noinline
func variable() {
	plain.Lock()
	say("between %d %p", id(), &plain)
	<-block
	plain.Unlock()
}

// field unlocks by hand what is a field.
//
//go:noinline
func (s *store) field() {
	s.mu.Lock()
	say("between %d %p", id(), &s.mu)
	<-block
	s.mu.Unlock()
}

// rereads reads, a writer comes, and reads again.
//
//go:noinline
func rereads(rw *sync.RWMutex, wait chan bool) {
	rw.RLock()
	defer rw.RUnlock()
	say("reread %d %p", id(), rw)
	wait <- true
	time.Sleep(50 * time.Millisecond)
	rereads2(rw)
}

//go:noinline
func rereads2(rw *sync.RWMutex) {
	rw.RLock()
	defer rw.RUnlock()
}

//go:noinline
func writes(rw *sync.RWMutex) {
	rw.Lock()
	defer rw.Unlock()
}

// method has the Unlock as a method value.
//
//go:noinline
func method(mu *sync.Mutex) {
	mu.Lock()
	f := mu.Unlock
	if len(os.Args) > 5 {
		f = func() {}
	}
	defer f()
	say("strong %d %p", id(), mu)
	<-block
}

// locker has it as an interface.
//
//go:noinline
func locker(l sync.Locker, mu *sync.Mutex) {
	l.Lock()
	defer l.Unlock()
	say("holds %d %p", id(), mu)
	<-block
}

//go:noinline
func want(mu *sync.Mutex) {
	mu.Lock()
	mu.Unlock()
}

func main() {
	s := make([]*store, 9)
	for i := range s {
		s[i] = &store{name: "s"}
		s[i].cond = sync.NewCond(&s[i].mu)
	}
	go s[0].waits()
	go s[1].pauses()
	time.Sleep(20 * time.Millisecond)
	s[0].mu.Lock() // held by main, who has no deferred call
	s[1].mu.Lock()
	go s[2].closes()
	go s[3].again()
	go s[4].forgets()
	go loops(s[5:7])
	go static()
	go variable()
	go s[8].field()
	wait := make(chan bool)
	go rereads(&global.rw, wait)
	<-wait
	go writes(&global.rw)
	m := new(sync.Mutex)
	go method(m)
	go locker(&s[7].mu, &s[7].mu)
	time.Sleep(100 * time.Millisecond)
	for _, x := range s {
		go want(&x.mu)
	}
	go want(&global.mu)
	go want(&plain)
	go want(m)
	time.Sleep(100 * time.Millisecond)
	os.Stdout.Write(lines.Bytes())
	var p *store
	p.list = s[0].list
	runtime.KeepAlive(s)
}
