// Command regs has goroutines whose registers are known: two that spin in
// assembly, four that spin in Go with all their arguments in registers, and
// some that are parked or in a system call. It dies the way its first argument
// says.
package main

import (
	"fmt"
	"os"
	"runtime"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"
)

func spinning()

// started counts those that are on their way.
var started atomic.Int32

func start(f func()) {
	go func() {
		started.Add(1)
		f()
	}()
}

//go:noinline
func nine(a, b, c, d, e, f, g, h, i uint64, x, y, z float64) (uint64, float64) {
	for n := 0; ; n++ {
		if n == -1 {
			return a + b*2 + c*3 + d*5 + e*7 + f*11 + g*13 + h*17 + i*19, x + y*2 + z*3
		}
	}
}

// leaf has no frame: on arm64 its return address is in the link register alone.
//
//go:noinline
func leaf(n *int) {
	for *n >= 0 {
	}
}

func parked(c chan int) { <-c }

func reading(fd int) {
	var b [1]byte
	syscall.Read(fd, b[:])
}

// sigaction puts the signal's default back, which os/signal does not for those
// that the runtime wants for itself.
func sigaction(sig int) {
	var sa [4]uint64
	syscall.RawSyscall6(syscall.SYS_RT_SIGACTION, uintptr(sig), uintptr(unsafe.Pointer(&sa)), 0, 8, 0, 0)
}

func wait(n int32) {
	for started.Load() < n {
		time.Sleep(10 * time.Millisecond)
	}
}

//go:noinline
func crash(p *int) { *p = 1 }

func main() {
	runtime.GOMAXPROCS(6)
	var p [2]int
	if err := syscall.Pipe(p[:]); err != nil {
		panic(err)
	}
	go parked(make(chan int))
	go reading(p[0])
	for i := 0; i < 2; i++ {
		start(spinning)
	}
	wait(2) // while there are idle processors: what waits behind them waits forever
	for i := uint64(0); i < 4; i++ {
		const k = 0x0900_0000_0000_0000
		id := k + i
		start(func() {
			nine(id+1<<8, id+2<<8, id+3<<8, id+4<<8, id+5<<8, id+6<<8, id+7<<8, id+8<<8, id+9<<8, 1.5, 2.5, 3.5)
		})
	}
	for i := 0; i < 3; i++ {
		start(func() { leaf(new(int)) })
	}
	wait(2 + 4 + 3)
	time.Sleep(100 * time.Millisecond)
	fmt.Println("ready")
	if len(os.Args) < 2 {
		for {
			time.Sleep(time.Hour)
		}
	}
	switch os.Args[1] {
	case "abort":
		sigaction(int(syscall.SIGABRT))
		syscall.Kill(syscall.Getpid(), syscall.SIGABRT)
	case "quit":
		syscall.Kill(syscall.Getpid(), syscall.SIGQUIT)
	case "crash":
		crash(nil)
	}
	select {}
}
