// Two goroutines are in C at once: each block belongs to who asked for it.
package main

/*
#include <stdlib.h>
#include <unistd.h>

static char *slow_alloc(int n) { usleep(300); char *p = malloc(n); usleep(300); return p; }
static void slow_free(void *p) { usleep(300); free(p); usleep(300); }
static int get(char *p) { usleep(300); return p[0]; }
*/
import "C"

import (
	"fmt"
	"sync"
	"unsafe"
)

//go:noinline
func noise(stop chan bool) {
	for {
		select {
		case <-stop:
			return
		default:
		}
		p := C.slow_alloc(40)
		C.slow_free(unsafe.Pointer(p))
	}
}

//go:noinline
func create() *C.char {
	return C.slow_alloc(24) // HISTORY: c-uaf
}

//go:noinline
func destroy(p *C.char) {
	C.slow_free(unsafe.Pointer(p)) // HISTORY: c-uaf
}

//go:noinline
func use(p *C.char) int {
	return int(C.get(p)) // HAZARD: c-uaf
}

func main() {
	stop := make(chan bool)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() { noise(stop) })
	}
	p := create()
	ready := make(chan *C.char)
	go func() {
		destroy(p)
		ready <- p
	}()
	fmt.Println(use(<-ready))
	close(stop)
	wg.Wait()
}
