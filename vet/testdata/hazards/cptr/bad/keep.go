// Package bad gives C pointers that it must not have.
package bad

/*
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static const void *kept;
static void *table[16];
static int used;
static struct { void *user; int n; } config;
typedef struct node { const void *data; struct node *next; } node;
typedef struct { const char *name; void *data; uintptr_t id; void *more[4]; } holder;
static node *head;
static holder shared;
static uintptr_t number;

static void store(const char *s) { kept = s; }
static void store_at(int i, void *p) { if (i < 16) table[i] = (char *)p + 1; }
static void set_user(void *p, int n) { config.user = p; config.n = n; }
static int push(const void *data) {
	node *x = malloc(sizeof *x);
	if (!x)
		return -1;
	x->data = data;
	x->next = head;
	head = x;
	return 0;
}
static void relay(int unused, const char *s) { store(s + 1); }
static holder *holder_new(void) { return calloc(1, sizeof(holder)); }
static void holder_set(holder *h, const char *name) { h->name = name; }
static int use(const holder *h) { return h->name != 0; }
static int many(char **list, int n) { return n ? list[0][0] : 0; }
static int look(uintptr_t p) { return *(char *)p; }
static size_t scan(size_t n, unsigned long p) { return n + p; }
static int length(const char *s) { int n = 0; while (*s++) n++; return n; }
static int same(const char *a, const char *b) { return strcmp(a, b) == 0; }
*/
import "C"

import (
	"runtime"
	"unsafe"

	"hazards.test/cptr/lib"
)

type blob struct {
	head [8]byte
	body []byte
}

// Slice: the data of a slice.
func Slice(n int) {
	b := make([]byte, n)
	C.store((*C.char)(unsafe.Pointer(&b[0]))) // HAZARD: c-retains-go
}

// Text: the bytes of a caller's string.
func Text(s string) {
	p := unsafe.StringData(s)
	C.store((*C.char)(unsafe.Pointer(p))) // HAZARD: c-retains-go
}

// Array: a variable, into an array of C's, shifted.
func Array() {
	var a [32]byte
	C.store_at(3, unsafe.Pointer(&a)) // HAZARD: c-retains-go
}

// NewBlob makes one.
func NewBlob(n int) *blob { return &blob{body: make([]byte, n)} }

// Method: a field behind a receiver.
func (b *blob) Method() {
	C.set_user(unsafe.Pointer(&b.body[0]), C.int(len(b.body))) // HAZARD: c-retains-go
}

// List: C makes a node around it.
func List(v *int64) bool {
	return C.push(unsafe.Pointer(v)) == 0 // HAZARD: c-retains-go
}

// Relay: what C calls keeps it.
func Relay(b []byte) {
	if len(b) > 0 {
		C.relay(1, (*C.char)(unsafe.Pointer(unsafe.SliceData(b)))) // HAZARD: c-retains-go
	}
}

// Closure: made inside, passed by a literal, deferred.
func Closure() {
	v := new(blob)
	func() {
		defer C.set_user(unsafe.Pointer(v), 1) // HAZARD: c-retains-go
	}()
}

// generic gets the type from its caller.
func generic[T any](v *T) {
	C.set_user(unsafe.Pointer(v), 0) // HAZARD: c-retains-go
}

// Generic calls it.
func Generic() { generic(new(int32)) }

// Held: in an object of C's.
func Held(name []byte) *C.holder {
	h := C.holder_new()
	C.holder_set(h, (*C.char)(unsafe.Pointer(&name[0]))) // HAZARD: c-retains-go
	return h
}

// ShortPin: pinned, but no longer than the call.
func ShortPin(b []byte) {
	var pin runtime.Pinner
	pin.Pin(&b[0])
	defer pin.Unpin()
	C.store((*C.char)(unsafe.Pointer(&b[0]))) // HAZARD: c-retains-go
}

// TooEarly: unpinned before.
func TooEarly(b []byte) {
	var pin runtime.Pinner
	pin.Pin(&b[0])
	pin.Unpin()
	C.store((*C.char)(unsafe.Pointer(&b[0]))) // HAZARD: c-retains-go
}

// Elsewhere: through another package.
func Elsewhere(b []byte) {
	lib.Keep(unsafe.Pointer(&b[0]))        // HAZARD: c-retains-go
	lib.KeepDeep(4, unsafe.Pointer(&b[0])) // HAZARD: c-retains-go
}
