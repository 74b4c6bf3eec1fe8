// Command crash ends in the way its argument says, with memory that a test can
// recognise, goroutines that wait and threads that spin.
package main

import (
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"syscall"
	"time"
	"unsafe"
)

// pattern is data; zeros is bss that stays untouched but for its first page.
var (
	pattern [5 * 4096]byte
	zeros   [64 << 20]byte
)

//go:noinline
func spin() {
	for {
	}
}

// reset gives a signal its default action. signal.Reset does not: the
// runtime keeps its own handler.
func reset(sig syscall.Signal) {
	var act [4]uint64
	_, _, e := syscall.RawSyscall6(syscall.SYS_RT_SIGACTION, uintptr(sig), uintptr(unsafe.Pointer(&act)), 0, 8, 0, 0)
	if e != 0 {
		panic(e)
	}
}

func main() {
	for i := range pattern {
		pattern[i] = byte(i * 7)
	}
	heap := make([]byte, 3*4096)
	for i := range heap {
		heap[i] = byte(i*11 + 1)
	}
	zeros[0] = 1
	fmt.Printf("pid %d\n", os.Getpid())
	fmt.Printf("pattern %#x\nheap %#x\nzeros %#x\n", &pattern[0], &heap[0], &zeros[0])
	for range 100 {
		go func() { select {} }()
	}
	go spin()
	go func() { // a thread in a system call
		var b [1]byte
		r, _, _ := os.Pipe()
		r.Read(b[:])
		syscall.Read(0, b[:])
	}()
	time.Sleep(20 * time.Millisecond)
	switch os.Args[1] {
	case "nil":
		var p *int
		*p = 1
	case "abort":
		reset(syscall.SIGABRT)
		syscall.Kill(syscall.Getpid(), syscall.SIGABRT)
	case "fault": // no handler: the thread dies where it stands
		reset(syscall.SIGSEGV)
		*(*int)(unsafe.Pointer(uintptr(0x1234))) = 1
	case "many": // signals that must not disturb it, then the end
		n := 0
		c := make(chan os.Signal, 1000)
		signal.Notify(c, syscall.SIGUSR1, syscall.SIGQUIT)
		signal.Ignore(syscall.SIGXFSZ)
		syscall.Kill(syscall.Getpid(), syscall.SIGXFSZ)
		for range 50 {
			syscall.Kill(syscall.Getpid(), syscall.SIGUSR1)
			<-c
			n++
			func() {
				defer func() {
					if recover() != nil {
						n++
					}
				}()
				var p *int
				*p = 1
			}()
			runtime.GC()
		}
		syscall.Kill(syscall.Getpid(), syscall.SIGQUIT)
		<-c
		fmt.Println("counted", n)
		os.Exit(7)
	case "churn": // threads and processes come and go at the very moment
		for range 4 {
			go func() {
				for {
					done := make(chan bool)
					go func() {
						runtime.LockOSThread() // the thread ends with this goroutine
						close(done)
					}()
					<-done
				}
			}()
			go func() {
				for {
					exec.Command("/bin/true").Run()
				}
			}()
		}
		time.Sleep(50 * time.Millisecond)
		reset(syscall.SIGSEGV)
		*(*int)(unsafe.Pointer(uintptr(0x1234))) = 1
	case "term":
		reset(syscall.SIGTERM)
		syscall.Kill(syscall.Getpid(), syscall.SIGTERM)
	case "wait":
		// The kernel ignores SIGTSTP in a process group whose parents all are of
		// another session, as under a CI without a terminal. A group of its own,
		// whose parent is the test, is none of those.
		syscall.Setpgid(0, 0)
		fmt.Println("ready")
	case "exit":
		os.Exit(7)
	}
	select {}
}
