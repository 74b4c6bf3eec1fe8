// Command matrix puts goroutines into states that it knows, says what they are,
// and is then frozen where it stands ("abort"), or lets all go on and says in
// which order their deferred calls ran ("run").
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"runtime"
	"runtime/pprof"
	"sort"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"
)

// A claim is what the program says of one goroutine.
type claim struct {
	Name   string   `json:"name"`
	ID     uint64   `json:"id"`
	Status string   `json:"status"`           // as tracebacks have it
	Top    []string `json:"top"`              // the program's own functions, innermost first
	Kinds  []string `json:"kinds,omitempty"`  // of the deferred calls that have not begun
	Object string   `json:"object,omitempty"` // what it waits on
	Panics []string `json:"panics,omitempty"` // type and value, innermost first
	Label  string   `json:"label,omitempty"`
	Holder string   `json:"holder,omitempty"` // name of who holds the object, by a pending Unlock
	Leaked bool     `json:"leaked,omitempty"` // nobody can ever wake it
	Order  []int    `json:"order,omitempty"`  // lines of the deferred calls, as they ran
}

var (
	mu     sync.Mutex
	claims []*claim
	ready  int32
	order  = map[uint64][]int{}
	wait   sync.WaitGroup
	ended  = os.Args[1] == "run"
	stops  []chan int // keep all of them within reach
	sent   chan int
)

// start runs f in a goroutine that c is about. f takes what it blocks on.
func start(c claim, f func(chan int)) chan int {
	stop := make(chan int)
	if c.Object == "chan" {
		c.Object = fmt.Sprintf("%p", stop)
	}
	atomic.AddInt32(&ready, 1)
	wait.Add(1)
	go enter(&c, f, stop)
	return stop
}

func enter(c *claim, f func(chan int), stop chan int) {
	c.ID = self()
	mu.Lock()
	claims = append(claims, c)
	mu.Unlock()
	atomic.AddInt32(&ready, -1)
	f(stop)
	wait.Done()
}

// self returns the id of the goroutine.
func self() uint64 {
	var buf [64]byte
	id, err := strconv.ParseUint(strings.Fields(string(buf[:runtime.Stack(buf[:], false)]))[1], 10, 64)
	if err != nil {
		panic(err)
	}
	return id
}

// ran notes the line of a deferred call.
func ran() {
	_, _, line, _ := runtime.Caller(1)
	ranLine(line)
}

func ranLine(line int) {
	id := self()
	mu.Lock()
	order[id] = append(order[id], line)
	mu.Unlock()
}

func line() int {
	_, _, n, _ := runtime.Caller(1)
	return n
}

//go:noinline
func openCoded(c chan int) {
	defer func() { ran() }()
	defer ranLine(line())
	if len(os.Args) > 100 {
		defer func() { ran() }()
	} else {
		defer func() { ran() }()
	}
	<-c
}

//go:noinline
func loopDefers(c chan int) {
	for i := 0; i < 3; i++ {
		defer func() { _ = i; ran() }()
	}
	<-c
}

//go:noinline
func mixed(c chan int) {
	defer func() { ran() }()
	for i := 0; i < 2; i++ {
		defer func() { _ = i; ran() }()
	}
	defer func() { ran() }()
	<-c
}

//go:noinline
func twoFrames(c chan int) {
	defer func() { ran() }()
	openCoded(c)
}

//go:noinline
func returning(c chan int) {
	defer func() { ran() }()
	defer func() { <-c; ran() }()
}

//go:noinline
func returningLoop(c chan int) {
	for i := 0; i < 2; i++ {
		defer func() { _ = i; ran() }()
	}
	defer func() { <-c; ran() }()
}

// E is an error with a number in it.
type E struct{ Code int }

func (e *E) Error() string { return fmt.Sprintf("E%d", e.Code) }

//go:noinline
func nested(c chan int) {
	defer func() { recover(); ran() }()
	defer func() { ran() }()
	defer func() { defer func() { <-c; ran() }(); panic("nested") }()
	panic(&E{42})
}

//go:noinline
func goexit(c chan int) {
	defer func() { ran(); wait.Done() }()
	defer func() { <-c; ran() }()
	runtime.Goexit()
}

//go:noinline
func recovered(c chan int) {
	defer func() { ran() }()
	defer func() { recover(); <-c; ran() }()
	panic(1.5)
}

//go:noinline
func send(c chan int) { c <- 1 }

//go:noinline
func twoCases(c chan int) {
	var never chan string
	select {
	case <-c:
	case s := <-never:
		println(s)
	}
}

var (
	held   sync.Mutex
	rw     sync.RWMutex
	group  sync.WaitGroup
	broken = sync.NewCond(new(sync.Mutex))
	pair   [2]sync.Mutex
	locked sync.WaitGroup
)

//go:noinline
func holds(c chan int) {
	held.Lock()
	defer held.Unlock()
	group.Done()
	<-c
}

//go:noinline
func waitsFor(chan int) { held.Lock(); held.Unlock() }

//go:noinline
func crossed(i int) {
	pair[i].Lock()
	defer pair[i].Unlock()
	locked.Done()
	locked.Wait()
	pair[1-i].Lock()
	pair[1-i].Unlock()
}

//go:noinline
func labelled(c chan int) {
	pprof.Do(context.Background(), pprof.Labels("shard", "seven"), func(context.Context) { <-c })
}

//go:noinline
func wired(c chan int) {
	runtime.LockOSThread()
	<-c
}

//go:noinline
func leak() {
	go enter(&claim{Name: "leaked", Status: "chan receive", Top: []string{"main.receive"}, Leaked: true}, receive, make(chan int))
}

//go:noinline
func receive(c chan int) { <-c }

//go:noinline
func spin(stop *int32) {
	for i := 0; *stop == 0; i++ {
	}
}

func start2(name string, f func(chan int), status string, kinds ...string) chan int {
	return start(claim{Name: name, Status: status, Top: []string{"main." + name}, Kinds: kinds, Object: "chan"}, f)
}

func main() {
	runtime.GOMAXPROCS(4) // spinning goroutines must not keep everybody else from running
	add := func(c chan int) { stops = append(stops, c) }
	add(start2("openCoded", openCoded, "chan receive", "open", "open", "open"))
	add(start2("loopDefers", loopDefers, "chan receive", "heap", "heap", "heap"))
	add(start2("mixed", mixed, "chan receive", "stack", "heap", "heap", "stack"))
	add(start(claim{Name: "twoFrames", Status: "chan receive", Top: []string{"main.openCoded", "main.twoFrames"}, Object: "chan",
		Kinds: []string{"open", "open", "open", "open"}}, twoFrames))
	add(start(claim{Name: "returning", Status: "chan receive", Top: []string{"main.returning.func2", "main.returning"}, Object: "chan", Kinds: []string{"open"}}, returning))
	add(start(claim{Name: "returningLoop", Status: "chan receive", Object: "chan", Kinds: []string{"heap", "heap"}}, returningLoop))
	add(start(claim{Name: "nested", Status: "chan receive", Object: "chan", Kinds: []string{"open", "open"},
		Panics: []string{"string nested", "*main.E E42"}}, nested))
	add(start(claim{Name: "goexit", Status: "chan receive", Object: "chan", Kinds: []string{"open"}, Panics: []string{"goexit"}}, goexit))
	add(start(claim{Name: "recovered", Status: "chan receive", Object: "chan", Kinds: []string{"open"}, Panics: []string{"float64 1.5"}}, recovered))
	if rangeFunc != nil {
		add(start(claim{Name: "rangeFunc", Status: "chan receive", Object: "chan", Kinds: []string{"rangefunc", "rangefunc"}}, rangeFunc))
	}
	sent = start2("send", send, "chan send")
	add(start2("twoCases", twoCases, "select"))
	group.Add(1)
	add(start(claim{Name: "holds", Status: "chan receive", Top: []string{"main.holds"}, Object: "chan", Kinds: []string{"open"}}, holds))
	group.Wait()
	start(claim{Name: "waitsFor", Status: "sync.Mutex.Lock", Top: []string{"main.waitsFor"}, Object: fmt.Sprintf("%p", &held), Holder: "holds"}, waitsFor)
	add(start2("labelled", labelled, "chan receive"))
	claimsLabel("labelled", "shard=seven")
	add(start2("wired", wired, "chan receive"))
	rw.RLock()
	start(claim{Name: "rlock", Status: "sync.RWMutex.Lock", Object: fmt.Sprintf("%p", &rw)}, func(chan int) { rw.Lock(); rw.Unlock() })
	group.Add(1)
	start(claim{Name: "group", Status: "sync.WaitGroup.Wait", Object: fmt.Sprintf("%p", &group)}, func(chan int) { group.Wait() })
	start(claim{Name: "cond", Status: "sync.Cond.Wait", Object: fmt.Sprintf("%p", broken)}, func(chan int) { broken.L.Lock(); broken.Wait(); broken.L.Unlock() })
	if !ended {
		locked.Add(2)
		start(claim{Name: "crossed0", Status: "sync.Mutex.Lock", Top: []string{"main.crossed"}, Object: fmt.Sprintf("%p", &pair[1]), Holder: "crossed1"}, func(chan int) { crossed(0) })
		start(claim{Name: "crossed1", Status: "sync.Mutex.Lock", Top: []string{"main.crossed"}, Object: fmt.Sprintf("%p", &pair[0]), Holder: "crossed0"}, func(chan int) { crossed(1) })
		start(claim{Name: "sleep", Status: "sleep"}, func(chan int) { time.Sleep(time.Hour) })
		leak()
		var fds [2]int
		if err := syscall.Pipe(fds[:]); err != nil {
			panic(err)
		}
		start(claim{Name: "read", Status: "syscall"}, func(chan int) {
			var b [1]byte
			syscall.Read(fds[0], b[:])
		})
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			panic(err)
		}
		start(claim{Name: "accept", Status: "IO wait"}, func(chan int) { l.Accept() })
	}
	var stop int32
	for i := 0; i < 2; i++ {
		start(claim{Name: "spin", Top: []string{"main.spin"}}, func(chan int) { spin(&stop) })
	}
	for atomic.LoadInt32(&ready) > 0 {
		time.Sleep(time.Millisecond)
	}
	time.Sleep(300 * time.Millisecond)
	if ended {
		for _, c := range stops {
			close(c)
		}
		<-sent
		rw.RUnlock()
		group.Done()
		broken.Broadcast()
		atomic.StoreInt32(&stop, 1)
		wait.Wait()
	}
	say()
	if !ended {
		abort()
	}
}

func claimsLabel(name, label string) {
	for atomic.LoadInt32(&ready) > 0 {
		time.Sleep(time.Millisecond)
	}
	mu.Lock()
	for _, c := range claims {
		if c.Name == name {
			c.Label = label
		}
	}
	mu.Unlock()
}

func say() {
	mu.Lock()
	defer mu.Unlock()
	sort.Slice(claims, func(i, j int) bool { return claims[i].ID < claims[j].ID })
	for _, c := range claims {
		c.Order = order[c.ID]
		b, err := json.Marshal(c)
		if err != nil {
			panic(err)
		}
		fmt.Println(string(b))
	}
}

// abort dies of SIGABRT as a C program would: no handler runs, so that every
// thread is where it was.
func abort() {
	var action [152]byte // struct sigaction of zeros: SIG_DFL
	if _, _, e := syscall.RawSyscall6(syscall.SYS_RT_SIGACTION, uintptr(syscall.SIGABRT), uintptr(unsafe.Pointer(&action)), 0, 8, 0, 0); e != 0 {
		panic(e)
	}
	syscall.Kill(syscall.Getpid(), syscall.SIGABRT)
	select {}
}
