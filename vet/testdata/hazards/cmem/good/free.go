// Package good gives each block of C memory back once, after its last use.
package good

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
	"os"
	"runtime"
	"sync"
	"unsafe"
)

var errBad = errors.New("bad")

func copied(s string) string {
	cs := C.CString(s)
	defer C.free(unsafe.Pointer(cs))
	return C.GoString(cs)
}

func copiedBytes(n int) []byte {
	p := C.malloc(C.size_t(n))
	defer C.free(p)
	return append([]byte(nil), unsafe.Slice((*byte)(p), n)...)
}

func read() int {
	i := C.item_new()
	n := i.n
	C.item_free(i)
	return int(n)
}

func guarded(s string) int {
	var cs *C.char
	if s != "" {
		cs = C.CString(s)
	}
	n := 0
	if cs != nil {
		n = int(C.sum(cs))
		C.free(unsafe.Pointer(cs))
	}
	return n
}

// The same condition decides twice.
func correlated(s string, keep bool) int {
	cs := C.CString(s)
	if !keep {
		C.free(unsafe.Pointer(cs))
	}
	n := len(s)
	if keep {
		n = int(C.sum(cs))
		C.free(unsafe.Pointer(cs))
	}
	return n
}

func flagged(s string) int {
	cs := C.CString(s)
	freed := false
	defer func() {
		if !freed {
			C.free(unsafe.Pointer(cs))
		}
	}()
	if s == "" {
		C.free(unsafe.Pointer(cs))
		freed = true
		return 0
	}
	return int(C.sum(cs))
}

func cleared(s string) int {
	cs := C.CString(s)
	defer func() {
		if cs != nil {
			C.free(unsafe.Pointer(cs))
		}
	}()
	if s == "" {
		C.free(unsafe.Pointer(cs))
		cs = nil
		return 0
	}
	return int(C.sum(cs))
}

type buffer struct {
	data unsafe.Pointer
	size int
	once sync.Once
}

func newBuffer(n int) *buffer {
	b := &buffer{data: C.malloc(C.size_t(n)), size: n}
	runtime.SetFinalizer(b, (*buffer).Close)
	return b
}

func (b *buffer) Close() {
	if b.data == nil {
		return
	}
	C.free(b.data)
	b.data = nil
}

func (b *buffer) CloseOnce() {
	b.once.Do(func() { C.free(b.data) })
}

func closedTwice(b *buffer) {
	b.Close()
	b.Close()
}

func onceTwice(b *buffer) {
	defer b.CloseOnce()
	b.CloseOnce()
}

func (b *buffer) Reset(n int) {
	C.free(b.data)
	b.data = C.malloc(C.size_t(n))
	*(*byte)(b.data) = 0
}

// Grow replaces the block.
func (b *buffer) Grow() {
	old := b.data
	b.data = C.malloc(C.size_t(b.size * 2))
	C.memcpy(b.data, old, C.size_t(b.size))
	C.free(old)
	b.size *= 2
}

func loop(list []string) int {
	n := 0
	for _, s := range list {
		cs := C.CString(s)
		if s == "" {
			C.free(unsafe.Pointer(cs))
			continue
		}
		n += int(C.sum(cs))
		C.free(unsafe.Pointer(cs))
	}
	return n
}

// An array of strings, all freed in the end.
func arena(list []string) int {
	argv := make([]*C.char, len(list))
	for i, s := range list {
		argv[i] = C.CString(s)
	}
	n := 0
	for i := range argv {
		n += int(C.sum(argv[i]))
	}
	for _, p := range argv {
		C.free(unsafe.Pointer(p))
	}
	return n
}

type allocator struct{ blocks []unsafe.Pointer }

func (a *allocator) str(s string) *C.char {
	p := C.CString(s)
	a.blocks = append(a.blocks, unsafe.Pointer(p))
	return p
}

func (a *allocator) free() {
	for _, p := range a.blocks {
		C.free(p)
	}
}

func arenaStruct(s string) int {
	var a allocator
	defer a.free()
	return int(C.sum(a.str(s)))
}

// A linked list is freed node by node.
type node struct{ next *node }

func freeList(n *node) {
	for n != nil {
		next := n.next
		C.free(unsafe.Pointer(n))
		n = next
	}
}

func inStruct(s string) *C.item {
	i := C.item_new()
	i.name = C.CString(s)
	return i
}

func freeStruct(i *C.item) {
	C.free(unsafe.Pointer(i.name))
	C.item_free(i)
}

var global *C.char

func setGlobal(s string) {
	if global != nil {
		C.free(unsafe.Pointer(global))
	}
	global = C.CString(s)
}

func fatal(s string) int {
	cs := C.CString(s)
	n := C.sum(cs)
	if n == 0 {
		os.Exit(1)
	}
	if n == 1 {
		panic("one")
	}
	C.free(unsafe.Pointer(cs))
	return int(n)
}

func waits(s string) {
	cs := C.CString(s)
	var wg sync.WaitGroup
	wg.Add(1)
	go func() {
		defer wg.Done()
		fmt.Println(C.sum(cs))
	}()
	wg.Wait()
	C.free(unsafe.Pointer(cs))
}

func channel(s string) {
	cs := C.CString(s)
	defer C.free(unsafe.Pointer(cs))
	done := make(chan int)
	go func() { done <- int(C.sum(cs)) }()
	fmt.Println(<-done)
}

func handsOver(s string) {
	cs := C.CString(s)
	go func() {
		defer C.free(unsafe.Pointer(cs))
		fmt.Println(C.sum(cs))
	}()
}

func cleanup(s string) (p *C.char, free func()) {
	p = C.CString(s)
	return p, func() { C.free(unsafe.Pointer(p)) }
}

func usesCleanup(s string) int {
	p, free := cleanup(s)
	defer free()
	return int(C.sum(p))
}

func named(s string) (n int, err error) {
	cs := C.CString(s)
	defer C.free(unsafe.Pointer(cs))
	if s == "" {
		return 0, errBad
	}
	n = int(C.sum(cs))
	return
}

func inner(n int) {
	p := C.malloc(C.size_t(n))
	q := unsafe.Add(p, 8)
	*(*byte)(q) = 1
	C.free(unsafe.Add(q, -8))
}

func printed(s string) {
	cs := C.CString(s)
	C.free(unsafe.Pointer(cs))
	fmt.Printf("%p\n", cs)
}
