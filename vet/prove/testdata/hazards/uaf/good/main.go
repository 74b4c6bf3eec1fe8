// Memory of C is given back when nobody uses it any more.
package main

/*
#include <stdlib.h>
typedef struct { int n; int *v; } vec;
static vec *vec_new(int n) { vec *v = malloc(sizeof *v); v->n = n; v->v = calloc(n, sizeof(int)); return v; }
static void vec_free(vec *v) { free(v->v); free(v); }
*/
import "C"

import (
	"fmt"
	"unsafe"
)

type vec struct {
	c     *C.vec
	items []C.int
}

func newVec(n int) *vec {
	c := C.vec_new(C.int(n))
	return &vec{c, unsafe.Slice((*C.int)(unsafe.Pointer(c.v)), n)}
}

func (v *vec) release() { C.vec_free(v.c) }

func sum(items []C.int) (n int) {
	for i := range items {
		n += int(items[i])
	}
	return n
}

func main() {
	v := newVec(8)
	fmt.Println(sum(v.items))
	v.release()
}
