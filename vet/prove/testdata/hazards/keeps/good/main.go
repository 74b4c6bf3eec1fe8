// C keeps what is its own, or pinned.
package main

/*
#include <stdlib.h>
typedef struct item { struct item *next; int v; } item;
static item *head;
static void push(item *i) { i->v++; i->next = head; head = i; }
static item *top(void) { return head; }
static void fill(item *i) { i->next = head; i->v = 9; }
*/
import "C"

import (
	"fmt"
	"runtime"
	"unsafe"
)

func main() {
	own := (*C.item)(C.calloc(1, C.sizeof_item))
	C.push(own)
	var pin runtime.Pinner
	i := &C.item{v: 4}
	pin.Pin(i)
	C.push(i)
	fmt.Println(C.top().v)
	pin.Unpin()

	// C writes a pointer of its own into an object of Go.
	j := new(C.item)
	C.fill(j)
	if j.next != i || j.v != 9 {
		panic(fmt.Sprint("lost: ", j.next, j.v))
	}
	C.free(unsafe.Pointer(own))
}
