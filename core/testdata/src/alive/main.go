// Command alive lives until its input ends. It answers every SIGUSR1 with a
// line, and states first what a look at its memory must find.
//
//	alive N    N goroutines wait on a channel
package main

import (
	"bufio"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"strconv"
	"syscall"
	"time"
	"unsafe"
)

var marker = [4]uint64{0x6d6f686f, 0x1122334455667788, 0, 0xfeedfacecafebeef}

var heap *[4]uint64 // else it would be on the stack

//go:noinline
func parked(c chan int) { <-c }

//go:noinline
func spin(x *uint64) {
	for {
		*x++
	}
}

func main() {
	n, _ := strconv.Atoi(os.Args[1])
	runtime.GOMAXPROCS(2)
	c := make(chan int)
	for i := 0; i < n; i++ {
		go parked(c)
	}
	for i := 0; i < 3; i++ { // threads in a system call
		go func() {
			runtime.LockOSThread()
			var fds [2]int
			syscall.Pipe(fds[:])
			syscall.Read(fds[0], make([]byte, 1))
		}()
	}
	if len(os.Args) > 2 {
		go spin(new(uint64))
	}
	sig := make(chan os.Signal, 100)
	signal.Notify(sig, syscall.SIGUSR1)
	heap = new([4]uint64)
	*heap = marker
	time.Sleep(100 * time.Millisecond)
	fmt.Printf("marker %#x heap %#x pid %d\nready\n", uintptr(unsafe.Pointer(&marker)), uintptr(unsafe.Pointer(heap)), os.Getpid())
	go func() {
		bufio.NewReader(os.Stdin).ReadString(0)
		os.Exit(0)
	}()
	for range sig {
		fmt.Println("got")
	}
}
