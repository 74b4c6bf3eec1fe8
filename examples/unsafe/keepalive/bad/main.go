// Shown by: go run .
// It says: harm: lost
// Seen by: -asan
package main

/*
#include <stdlib.h>
struct box { long n; };
static struct box *box_new(long n) { struct box *b = malloc(sizeof *b); b->n = n; return b; }
static long box_get(struct box *b) { return b->n; }
*/
import "C"

import (
	"fmt"
	"runtime"
	"time"
	"unsafe"
)

type box struct{ p *C.struct_box }

func newBox() *box {
	b := &box{C.box_new(7)}
	runtime.SetFinalizer(b, func(b *box) { C.free(unsafe.Pointer(b.p)) })
	return b
}

//go:noinline
func (b *box) get() C.long {
	p := b.p     // the last use of b
	runtime.GC() // b goes, and its finalizer frees p
	time.Sleep(10 * time.Millisecond)
	return C.box_get(p) // HAZARD: keepalive
}

func main() {
	for range 10 {
		if newBox().get() != 7 {
			fmt.Println("harm: lost")
			return
		}
	}
}
