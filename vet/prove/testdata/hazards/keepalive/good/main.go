// The owner is kept alive until C is done.
package main

/*
#include <stdlib.h>
#include <string.h>
typedef struct { int len; char text[64]; } doc;
static doc *doc_new(const char *s) { doc *d = malloc(sizeof *d); d->len = strlen(s); strncpy(d->text, s, 63); return d; }
static void doc_free(doc *d) { free(d); }
static int doc_len(doc *d) { return d->len; }
*/
import "C"

import (
	"fmt"
	"runtime"
	"unsafe"
)

type doc struct{ c *C.doc }

func newDoc(s string) *doc {
	cs := C.CString(s)
	defer C.free(unsafe.Pointer(cs))
	d := &doc{C.doc_new(cs)}
	runtime.SetFinalizer(d, func(d *doc) { C.doc_free(d.c) })
	return d
}

func (d *doc) length() int {
	n := int(C.doc_len(d.c))
	runtime.KeepAlive(d)
	return n
}

//go:noinline
func last(s string) int {
	d := newDoc(s)
	return d.length()
}

func main() {
	fmt.Println(last("some text"))
}
