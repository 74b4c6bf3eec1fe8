// Command lots has a goroutine for every way to wait and says, before it dies,
// which waits for what: the manifest that tests compare with.
package main

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"runtime"
	"strconv"
	"sync"
	"syscall"
	"time"
	"unsafe"
)

var (
	out   sync.Mutex
	lines bytes.Buffer
	ready sync.WaitGroup
)

func say(format string, args ...any) {
	out.Lock()
	fmt.Fprintf(&lines, format+"\n", args...)
	out.Unlock()
}

// id returns the number of the calling goroutine, as its traceback has it.
func id() int {
	var b [64]byte
	f := bytes.Fields(b[:runtime.Stack(b[:], false)])
	n, err := strconv.Atoi(string(f[1]))
	if err != nil {
		panic(err)
	}
	return n
}

// start runs f on a goroutine that announces what it is about to wait for.
func start(kind, op string, object unsafe.Pointer, f func()) {
	ready.Add(1)
	go func() {
		say("wait %d %s %s %p", id(), kind, op, object)
		ready.Done()
		f()
	}()
}

type element struct{ a, b, c int64 }

type pool struct {
	name string
	mu   sync.Mutex
	rw   sync.RWMutex
}

var global pool

//go:noinline
func (p *pool) get() {
	p.mu.Lock()
	defer p.mu.Unlock()
	never()
}

func word(c any) unsafe.Pointer { return (*[2]unsafe.Pointer)(unsafe.Pointer(&c))[1] }

var keep []any // what is in here is reachable

func never() { <-keep[0].(chan bool) }

func channels() {
	c := make(chan element, 3)
	keep = append(keep, c)
	for i := 0; i < 3; i++ {
		start("channel", "receive", word(c), func() { <-c })
	}
	full := make(chan string, 1)
	full <- "x"
	keep = append(keep, full)
	start("channel", "send", word(full), func() { full <- "y" })
	start("channel", "send", word(full), func() { full <- "z" })
	start("never", "receive", nil, func() { var c chan int; <-c })
	start("never", "send", nil, func() { var c chan int; c <- 1 })
	start("never", "select", nil, func() { select {} })
	d := make(chan int)
	keep = append(keep, d)
	ready.Add(1)
	go func() {
		say("wait %d channel receive %p", id(), word(c))
		say("wait %d channel send %p", id(), word(full))
		say("wait %d channel receive %p", id(), word(d))
		ready.Done()
		select {
		case <-c:
		case full <- "s":
		case <-d:
		}
	}()
}

func locks() {
	mu := new(sync.Mutex)
	mu.Lock()
	say("object mutex %p locked", mu)
	keep = append(keep, mu)
	for i := 0; i < 4; i++ {
		start("mutex", "lock", unsafe.Pointer(mu), mu.Lock)
	}

	held := new(pool)
	keep = append(keep, held)
	owned := make(chan bool)
	go func() {
		held.mu.Lock()
		defer held.mu.Unlock()
		say("holder %d %p strong", id(), &held.mu)
		owned <- true
		never()
	}()
	<-owned
	start("mutex", "lock", unsafe.Pointer(&held.mu), held.get)

	between := new(pool)
	keep = append(keep, between)
	go func() {
		between.mu.Lock()
		say("holder %d %p weak", id(), &between.mu)
		owned <- true
		never()
		between.mu.Unlock()
	}()
	<-owned
	start("mutex", "lock", unsafe.Pointer(&between.mu), between.get)

	read := new(sync.RWMutex)
	keep = append(keep, read)
	go func() {
		read.RLock()
		defer read.RUnlock()
		say("holder %d %p strong", id(), read)
		owned <- true
		never()
	}()
	<-owned
	start("rwmutex", "lock", unsafe.Pointer(read), read.Lock)
	time.Sleep(20 * time.Millisecond) // the readers come behind the writer
	start("rwmutex", "rlock", unsafe.Pointer(read), read.RLock)
	start("rwmutex", "lock", unsafe.Pointer(read), read.Lock)

	global.rw.Lock()
	start("rwmutex", "rlock", unsafe.Pointer(&global.rw), global.rw.RLock)

	once := new(sync.Once)
	keep = append(keep, once)
	go once.Do(func() {
		say("holder %d %p strong", id(), once)
		owned <- true
		never()
	})
	<-owned
	start("once", "wait", unsafe.Pointer(once), func() { once.Do(func() {}) })

	wg := new(sync.WaitGroup)
	keep = append(keep, wg)
	wg.Add(5)
	start("waitgroup", "wait", unsafe.Pointer(wg), wg.Wait)
	start("waitgroup", "wait", unsafe.Pointer(wg), wg.Wait)

	cond := sync.NewCond(new(sync.Mutex))
	keep = append(keep, cond)
	for i := 0; i < 3; i++ {
		start("cond", "wait", unsafe.Pointer(cond), func() { cond.L.Lock(); cond.Wait() })
	}
}

func others() {
	ready.Add(1)
	go func() {
		say("sleep %d", id())
		ready.Done()
		time.Sleep(time.Hour)
	}()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	keep = append(keep, l)
	ready.Add(1)
	go func() {
		f, err := l.(*net.TCPListener).SyscallConn()
		if err != nil {
			panic(err)
		}
		f.Control(func(fd uintptr) { say("fd %d read %d", id(), fd) })
		ready.Done()
		l.Accept()
	}()
	var fds [2]int
	if err := syscall.Pipe(fds[:]); err != nil {
		panic(err)
	}
	ready.Add(1)
	go func() {
		var b [1]byte
		say("syscall %d read %d", id(), fds[0])
		ready.Done()
		syscall.Read(fds[0], b[:])
	}()
	p := make(chan int)
	start("channel", "receive", word(p), func() {
		select {
		case <-p:
		case <-time.After(time.Hour):
		}
	})
	keep = append(keep, p)
}

type account struct {
	mu      sync.Mutex
	balance int
}

//go:noinline
func transfer(from, to *account, both *sync.WaitGroup, name string) {
	from.mu.Lock()
	defer from.mu.Unlock()
	say("%s %d %p %p", name, id(), &from.mu, &to.mu)
	both.Done()
	both.Wait()
	to.mu.Lock()
	defer to.mu.Unlock()
	from.balance--
	to.balance++
}

// ring lets n goroutines each lock one account and then want the next one's.
func ring(n int) {
	accounts := make([]*account, n)
	for i := range accounts {
		accounts[i] = new(account)
	}
	keep = append(keep, accounts)
	both := new(sync.WaitGroup)
	both.Add(n)
	for i := range accounts {
		go transfer(accounts[i], accounts[(i+1)%n], both, fmt.Sprintf("ring%d", n))
	}
	both.Wait()
}

//go:noinline
func leaks() {
	c := make(chan int)
	for i := 0; i < 3; i++ {
		ready.Add(1)
		go func() {
			say("leaked %d", id())
			ready.Done()
			<-c
		}()
	}
	// The second one is reachable, but only from a goroutine that leaks.
	a, b := make(chan int), make(chan int)
	ready.Add(2)
	go func() {
		say("leaked %d", id())
		ready.Done()
		<-a
		b <- 1
	}()
	go func() {
		say("leaked %d", id())
		ready.Done()
		<-b
	}()
	mu := new(sync.Mutex)
	mu.Lock()
	ready.Add(1)
	go func() {
		say("leaked %d", id())
		ready.Done()
		mu.Lock()
	}()
	// These are reachable: from a variable, and from one that sleeps.
	kept, slept := make(chan int), make(chan int)
	keep = append(keep, kept)
	ready.Add(2)
	go func() {
		say("alive %d", id())
		ready.Done()
		<-kept
	}()
	go func() {
		say("alive %d", id())
		ready.Done()
		<-slept
	}()
	go func() {
		time.Sleep(time.Hour)
		slept <- 1
	}()
}

// clobber overwrites what the stack of the caller has left below itself.
//
//go:noinline
func clobber() (b [4096]byte) {
	for i := range b {
		b[i] = 1
	}
	return b
}

func main() {
	keep = append(keep, make(chan bool))
	channels()
	locks()
	others()
	more()
	ring(2)
	ring(3)
	leaks()
	clobber()
	ready.Wait()
	time.Sleep(200 * time.Millisecond)
	runtime.GC() // which drops what sudogs of old remember
	profile()
	out.Lock()
	os.Stdout.Write(lines.Bytes())
	out.Unlock()
	if len(os.Args) > 1 {
		os.Stdout.WriteString("ready\n")
		time.Sleep(time.Hour)
	}
	var p *element
	p.a = 1
}
