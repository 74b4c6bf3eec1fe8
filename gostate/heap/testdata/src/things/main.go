// Things makes objects of every kind, prints where they are, and dies.
package main

import (
	"fmt"
	"os"
	"reflect"
	"runtime"
	"time"
	"unsafe"
)

type small struct {
	next *small
	n    int
	s    string
}

type medium struct {
	ptrs [70]*small
	n    [8]int
}

type huge struct {
	ptrs [10000]*small
}

var (
	data   = 12345
	bss    [100]int
	keep   []any
	global *small
)

// say prints a line of the manifest: a name, an address, a size.
func say(name string, p unsafe.Pointer, size uintptr) {
	fmt.Printf("%s %#x %d\n", name, uintptr(p), size)
}

func hold[T any](name string, p *T) {
	keep = append(keep, p)
	say(name, unsafe.Pointer(p), unsafe.Sizeof(*p))
}

var sink *[3000]byte

//go:noinline
func free(n int) (list []uintptr) {
	for i := 0; i < n; i++ {
		sink = new([3000]byte)
		list = append(list, uintptr(unsafe.Pointer(sink)))
	}
	sink = nil
	return list
}

//go:noinline
func touch(p *[8]uintptr) { p[7]++ }

// parked says where a variable of its is, each time that it is asked, and waits.
//
//go:noinline
func parked(depth int, c chan int, where chan uintptr) {
	var local [8]uintptr
	if depth > 0 {
		parked(depth-1, c, where)
	} else {
		for {
			where <- uintptr(unsafe.Pointer(&local))
			n := <-c
			if n == 0 {
				break
			}
			touch(&local)
		}
	}
	touch(&local)
}

// ask asks a few times: a stack may move when it grows.
func ask(c chan int, where chan uintptr) (at uintptr) {
	for i := 0; i < 10; i++ {
		at = <-where
		if i < 9 {
			c <- 1
		}
	}
	return at
}

func main() {
	hold("small", &small{n: 1})
	hold("noscan", new([5]int))
	hold("medium", &medium{})
	hold("huge", &huge{})
	hold("bytes", new([300000]byte))
	hold("byte", new(uint8))
	hold("word", new(int))
	hold("at512", new([64]*int))
	hold("over512", new([65]*int))

	m := make([]medium, 10)
	keep = append(keep, m)
	say("slice", unsafe.Pointer(&m[3]), unsafe.Sizeof(m[0]))
	f := func() { fmt.Println(m) }
	keep = append(keep, f)
	say("closure", *(*unsafe.Pointer)(unsafe.Pointer(&f)), 32)

	fin := &small{n: 2}
	runtime.SetFinalizer(fin, func(s *small) { fmt.Println(s.n) })
	keep = append(keep, fin)
	say("finalizer", unsafe.Pointer(fin), unsafe.Sizeof(*fin))

	say("data", unsafe.Pointer(&data), 8)
	say("bss", unsafe.Pointer(&bss[50]), 8)
	fmt.Printf("func %#x 1\n", reflect.ValueOf(main).Pointer())
	s := "a string that is nowhere else"
	say("string", *(*unsafe.Pointer)(unsafe.Pointer(&s)), uintptr(len(s)))

	c, d, where := make(chan int), make(chan int, 5), make(chan uintptr)
	keep = append(keep, c, d)
	say("chan", *(*unsafe.Pointer)(unsafe.Pointer(&c)), 96)
	say("bufchan", *(*unsafe.Pointer)(unsafe.Pointer(&d)), 96+5*8)

	go parked(3, c, where)
	fmt.Printf("parked %#x 8\n", ask(c, where))
	go parked(2000, d, where)
	fmt.Printf("deep %#x 8\n", ask(d, where))
	list := free(50)
	runtime.GC()
	runtime.GC()
	for _, p := range list {
		fmt.Printf("freed %#x 3000\n", p)
	}
	fmt.Println("done 0 0")
	if len(os.Args) > 1 { // wait to be taken
		fmt.Println("ready")
		time.Sleep(time.Hour)
	}
	panic("done")
}
