// What goes wrong with C memory without an end to the program.
package main

/*
#include <stdlib.h>
#include <string.h>

typedef struct node { struct node *next; char name[20]; } node;

static node *make_node(const char *s) {
	node *n = malloc(sizeof *n);
	n->next = 0;
	strncpy(n->name, s, sizeof n->name);
	return n;
}
static void drop(void *p) { free(p); }
static int length(const char *s) { return strlen(s); }
*/
import "C"

import (
	"fmt"
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
	C.drop(unsafe.Pointer(h.n)) // HAZARD: c-double-free
}

//go:noinline
func leak(names []string) (n int) {
	for _, s := range names {
		cs := C.CString(s) // HAZARD: c-leak
		n += int(C.length(cs))
	}
	return n
}

//go:noinline
func buffer(n int) []byte {
	p := C.malloc(C.size_t(n)) // HAZARD: c-leak
	b := unsafe.Slice((*byte)(p), n)
	b[0] = 1
	return b
}

var keep *handle

type slot struct{ p *int }

func main() {
	fmt.Println(leak([]string{"one", "two", "three"}), len(buffer(100)))

	h := open("a")
	h.close()
	h.close()

	x := new([16]byte)
	C.drop(unsafe.Pointer(x)) // HAZARD: free-go-memory

	keep = open("kept")
	s := (*slot)(unsafe.Pointer(keep.n))
	s.p = new(int) // HAZARD: go-ptr-in-c
	fmt.Println(*s.p)
	s.p = nil
	runtime.KeepAlive(x)
}
