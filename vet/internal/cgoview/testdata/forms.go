package main

/*
#include <stdlib.h>
#include <errno.h>
typedef struct { void *ptr; int n; char type; } wrapper;
typedef int (*cb)(void *);
static int use(wrapper *w) { return w->ptr != 0; }
static void vd(void *w, int n) { }
static int two(void *a, const char *b) { return 0; }
static int glob;
#define K 12
#define S "abc"
static cb getcb(void) { return 0; }
static void setcb(cb c, void *u) {}
enum e { A, B };
static wrapper *mkp(void) { return 0; }
static wrapper mk(void) { wrapper w = {0}; return w; }
*/
import "C"

import (
	"fmt"
	"unsafe"
)

type T struct{ p *C.wrapper }

//export goFn
func goFn(p unsafe.Pointer) C.int { return 0 }

func main() {
	cs := C.CString("x")
	defer C.free(unsafe.Pointer(cs))
	w := &C.wrapper{ptr: unsafe.Pointer(new(int))}
	fmt.Println(C.use(w), C.K, C.S)
	n, err := C.use(w)
	_, err = C.vd(unsafe.Pointer(w), 3)
	if _, err := C.vd(unsafe.Pointer(&w), 3); err != nil {
	}
	fmt.Println(n, err)
	b := make([]byte, 10)
	C.two(unsafe.Pointer(&b[0]), (*C.char)(unsafe.Pointer(&b[3])))
	go C.vd(unsafe.Pointer(cs), 1)
	C.glob = 4
	p := C.malloc(4)
	x := C.GoString(cs)
	y := C.GoBytes(p, C.int(C.glob))
	_ = x
	_ = y
	var e C.enum_e = C.A
	_ = e
	w._type = 3
	if C.use(C.mkp()) > 0 && C.use(&C.wrapper{ptr: p}) == 1 {
	}
	f := C.getcb()
	C.setcb(f, unsafe.Pointer(&T{}))
	C.setcb(C.cb(C.getcb()), nil)
	defer C.two(unsafe.Pointer(&b[0]), cs)
	t := T{w}
	C.use(t.p)
	func() { C.use(t.p) }()
	C.use((*C.wrapper)(C.malloc(C.sizeof_wrapper)))
	q := C.mk()
	C.use(&q)
	_ = h2()
}

func h2() int { return 0 }
