// C uses Go memory during the call only, and Go sees what C did to it.
package main

/*
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static unsigned char kept[64];
static void keep(unsigned char *p, int n) { memcpy(kept, p, n); }
static int first(void) { return kept[0]; }
static uint64_t low(uint64_t n) { return n & 7; }
static void upper(char *p, int n) { for (int i = 0; i < n; i++) p[i] -= 32; }
static void move(char *to, const char *from, int n) { memmove(to, from, n); }
static char *find(char *p, char c) { return strchr(p, c); }
static long number(const char *s, const char **end) { return strtol(s, (char **)end, 10); }
*/
import "C"

import (
	"fmt"
	"os"
	"runtime"
	"unsafe"
)

func ptr(b []byte) *C.char { return (*C.char)(unsafe.Pointer(&b[0])) }

func main() {
	b := make([]byte, 40)
	C.keep((*C.uchar)(&b[0]), C.int(len(b)))
	fmt.Println(C.first(), C.low(12))

	copy(b, "some text")
	C.upper(ptr(b[5:]), 4)
	C.move(ptr(b[1:]), ptr(b), 9)
	f := C.find(ptr(b), 'X')
	if string(b[:10]) != "ssome TEXT" || unsafe.Pointer(f) != unsafe.Pointer(&b[8]) {
		fmt.Println(string(b[:10]), f, &b[8])
		os.Exit(1)
	}

	n := append([]byte("1234 rest"), 0)
	end := new(*C.char)
	var pin runtime.Pinner
	pin.Pin(&n[0])
	if C.number(ptr(n), end); unsafe.Pointer(*end) != unsafe.Pointer(&n[4]) {
		fmt.Println("pinned", *end, &n[4])
		os.Exit(1)
	}
	*end = nil
	pin.Unpin()
	for i := range 200 {
		n := append([]byte("12 rest"), 0)
		*end = nil
		C.number(ptr(n), end)
		if unsafe.Pointer(*end) != unsafe.Pointer(&n[2]) {
			fmt.Println("lent", i, *end, &n[2])
			os.Exit(1)
		}
	}
}
