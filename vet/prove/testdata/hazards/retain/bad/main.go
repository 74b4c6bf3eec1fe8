// C keeps what it was lent, reads beyond it, or gets it as a number.
package main

/*
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static unsigned char *kept;
static void keep(unsigned char *p, int n) { kept = p; }
static int first(void) { return kept[0]; }
static uint64_t low(uint64_t addr) { return addr & 7; }
*/
import "C"

import (
	"fmt"
	"unsafe"
)

type ctx struct{ in []byte }

func (c *ctx) number() C.uint64_t {
	return C.low(C.uint64_t(uintptr(unsafe.Pointer(&c.in[0])))) // HAZARD: go-ptr-as-cint
}

func (c *ctx) give() {
	C.keep((*C.uchar)(&c.in[0]), C.int(len(c.in))) // HAZARD: c-retains-go
}

func main() {
	c := &ctx{make([]byte, 40)}
	fmt.Println(c.number())
	c.give()
	fmt.Println(C.first())
}
