// The same with everything given back, or still in use.
package main

/*
#include <stdlib.h>
#include <string.h>

typedef struct node { struct node *next; char name[20]; } node;

static node *cache;

static node *make_node(const char *s) {
	node *n = malloc(sizeof *n);
	n->next = 0;
	strncpy(n->name, s, sizeof n->name);
	return n;
}
static void drop(void *p) { free(p); }
static int length(const char *s) { return strlen(s); }
static void remember(node *n) { n->next = cache; cache = n; }
*/
import "C"

import (
	"fmt"
	"os"
	"runtime"
	"unsafe"
)

type handle struct{ n *C.node }

func open(name string) *handle {
	cs := C.CString(name)
	defer C.free(unsafe.Pointer(cs))
	return &handle{C.make_node(cs)}
}

func (h *handle) close() {
	C.drop(unsafe.Pointer(h.n))
	h.n = nil
}

//go:noinline
func count(names []string) (n int) {
	for _, s := range names {
		cs := C.CString(s)
		n += int(C.length(cs))
		C.free(unsafe.Pointer(cs))
	}
	return n
}

// A block that a cleanup frees.
type buffer struct{ p unsafe.Pointer }

func newBuffer(n int) *buffer {
	b := &buffer{C.malloc(C.size_t(n))}
	runtime.AddCleanup(b, func(p unsafe.Pointer) { C.free(p) }, b.p)
	return b
}

var name = C.CString("for ever")

type slot struct{ p *int }

func main() {
	fmt.Println(count([]string{"one", "two", "three"}))
	h := open("a")
	h.close()
	h.close()

	b := newBuffer(100)
	*(*byte)(b.p) = 1
	runtime.KeepAlive(b)

	// C keeps these in a list of its own.
	for range 40 {
		C.remember((*C.node)(C.calloc(1, C.sizeof_node)))
	}
	k := open("kept")
	var pin runtime.Pinner
	v := new(int)
	pin.Pin(v)
	(*slot)(unsafe.Pointer(k.n)).p = v
	(*slot)(unsafe.Pointer(k.n)).p = nil
	pin.Unpin()
	k.close()
	p := C.realloc(C.malloc(10), 5000)
	C.free(p)
	fmt.Println(C.GoString(name))
	os.Exit(0)
}
