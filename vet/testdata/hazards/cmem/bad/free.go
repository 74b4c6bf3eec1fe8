// Package bad uses C memory after giving it back, gives it back twice, or not
// at all.
package bad

/*
#include <stdlib.h>
#include <string.h>
typedef struct { int n; char *name; } item;
static int sum(const char *s) { int n = 0; while (*s) n += *s++; return n; }
static item *item_new(void) { return calloc(1, sizeof(item)); }
static void item_free(item *i) { free(i); }
*/
import "C"

import (
	"errors"
	"fmt"
	"unsafe"
)

var errBad = errors.New("bad")

// A String is returned from freed memory.
func copied(s string) string {
	cs := C.CString(s)
	C.free(unsafe.Pointer(cs))
	return C.GoString(cs) // HAZARD: c-uaf
}

// A view is not a copy.
func viewed(s string) string {
	cs := C.CString(s)
	defer C.free(unsafe.Pointer(cs))
	return unsafe.String((*byte)(unsafe.Pointer(cs)), len(s)) // HAZARD: c-uaf
}

func viewedBefore(n int) []byte {
	p := C.malloc(C.size_t(n))
	b := (*[1 << 20]byte)(p)[:n:n]
	C.memset(p, 0, C.size_t(n))
	C.free(p)
	return b // HAZARD: c-uaf
}

type header struct{ n, m int32 }

func written(i int32) {
	p := C.malloc(8)
	h := (*header)(p)
	h.n = i
	if i > 3 {
		C.free(p)
	}
	h.m = i // HAZARD: c-uaf
	if i <= 3 {
		C.free(p)
	}
}

// The struct holds the pointer.
type buffer struct {
	data unsafe.Pointer
	size int
}

func held(n int) byte {
	var b buffer
	b.data = C.malloc(C.size_t(n))
	b.size = n
	*(*byte)(b.data) = 1
	C.free(b.data)
	return *(*byte)(b.data) // HAZARD: c-uaf
}

func (b *buffer) Close() {
	C.free(b.data)
}

func (b *buffer) First() byte { return *(*byte)(b.data) }

func closed(b *buffer) byte {
	b.Close()
	return b.First() // HAZARD: c-uaf
}

func closedTwice(b *buffer) {
	b.Close()
	fmt.Println("closed")
	b.Close() // HAZARD: c-double-free
}

// A closure frees what another uses.
func captured(s string) int {
	cs := C.CString(s)
	done := func() { C.free(unsafe.Pointer(cs)) }
	n := int(C.sum(cs))
	done()
	n += int(C.sum(cs)) // HAZARD: c-uaf
	return n
}

func library() int {
	i := C.item_new()
	i.n = 4
	C.item_free(i)
	return int(i.n) // HAZARD: c-uaf
}

// release frees for others.
func release(p *C.char) { C.free(unsafe.Pointer(p)) }

func released(s string) int {
	cs := C.CString(s)
	release(cs)
	return int(C.strlen(cs)) // HAZARD: c-uaf
}

func loop(list []string) {
	p := C.CString("prefix")
	for _, s := range list {
		cs := C.CString(s)
		fmt.Println(C.sum(cs), C.sum(p)) // HAZARD: c-uaf
		C.free(unsafe.Pointer(cs))
		C.free(unsafe.Pointer(p)) // HAZARD: c-double-free
	}
}

func early(s string) error {
	cs := C.CString(s)
	defer C.free(unsafe.Pointer(cs)) // HAZARD: c-double-free
	if C.sum(cs) == 0 {
		C.free(unsafe.Pointer(cs))
		return errBad
	}
	return nil
}

func earlyLiteral(s string) error {
	cs := C.CString(s)
	defer func() {
		C.free(unsafe.Pointer(cs)) // HAZARD: c-double-free
	}()
	if C.sum(cs) == 0 {
		release(cs)
		return errBad
	}
	return nil
}

func twoNames(n int) {
	p := C.malloc(C.size_t(n))
	q := (*C.char)(p)
	C.free(p)
	C.free(unsafe.Pointer(q)) // HAZARD: c-double-free
}

func forgotten(s string) int {
	cs := C.CString(s) // HAZARD: c-leak
	return int(C.sum(cs))
}

func forgottenOnError(s string) (int, error) {
	cs := C.CString(s)
	n := int(C.sum(cs))
	if n == 0 {
		return 0, errBad // HAZARD: c-leak
	}
	C.free(unsafe.Pointer(cs))
	return n, nil
}

func overwritten(list []string) int {
	n := 0
	var cs *C.char
	for _, s := range list {
		cs = C.CString(s) // HAZARD: c-leak
		n += int(C.sum(cs))
	}
	C.free(unsafe.Pointer(cs))
	return n
}

func copiesBytes(b []byte) int {
	p := C.CBytes(b) // HAZARD: c-leak
	return int(*(*byte)(p))
}

// made owes the release to its callers, of which there is one.
func made(n int) unsafe.Pointer {
	p := C.malloc(C.size_t(n)) // HAZARD: c-leak
	C.memset(p, 0, C.size_t(n))
	return p
}

func uses() int { return int(*(*byte)(made(8))) }

func goSlice(n int) {
	b := make([]byte, n)
	b[0] = 1
	C.free(unsafe.Pointer(&b[0])) // HAZARD: free-go-memory
}

func goVariable() {
	var i C.item
	i.n = 1
	C.free(unsafe.Pointer(&i)) // HAZARD: free-go-memory
}

func goString(s string) {
	b := []byte(s)
	release((*C.char)(unsafe.Pointer(unsafe.SliceData(b)))) // HAZARD: free-go-memory
}

func middle(n int) {
	p := C.malloc(C.size_t(n + 8))
	C.free(unsafe.Add(p, 8)) // HAZARD: free-go-memory
}

func started(s string) {
	cs := C.CString(s)
	go func() {
		fmt.Println(C.sum(cs)) // HAZARD: c-uaf
	}()
	C.free(unsafe.Pointer(cs))
}
