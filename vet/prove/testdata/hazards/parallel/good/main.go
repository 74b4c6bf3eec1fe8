// Two goroutines are in C at once, and callbacks make stacks grow below C.
package main

/*
#include <stdlib.h>
#include <unistd.h>

extern int goDeep(int);

static char *slow_alloc(int n) { usleep(100); char *p = malloc(n); usleep(100); return p; }
static void slow_free(void *p) { usleep(100); free(p); usleep(100); }
static int back(int n) { char *p = malloc(8); int r = goDeep(n); char *q = malloc(8); free(p); free(q); return r; }
*/
import "C"

import (
	"fmt"
	"sync"
	"unsafe"
)

//export goDeep
func goDeep(n C.int) C.int {
	if n == 0 {
		p := C.slow_alloc(16)
		C.slow_free(unsafe.Pointer(p))
		return 0
	}
	var room [2048]byte
	room[n] = 1
	return goDeep(n-1) + C.int(room[n])
}

func main() {
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 10 {
				p := C.slow_alloc(40)
				C.slow_free(unsafe.Pointer(p))
				if C.back(30) != 30 {
					panic("back")
				}
			}
		})
	}
	wg.Wait()
	fmt.Println("done")
}
