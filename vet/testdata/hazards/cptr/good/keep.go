// Package good does what package bad does, in ways that are allowed.
package good

/*
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static const void *kept;
static char copied[64];
static struct { void *user; uintptr_t id; } config;
typedef struct { const char *name; void *data; uintptr_t id; void *more[4]; } holder;

static void store(const void *s) { kept = s; }
static void store_copy(const char *s) { free((void *)kept); kept = strdup(s); }
static void copy(const char *s, int n) { if (n > 0 && n < 64) memcpy(copied, s, n); }
static int for_now(const char *s) { kept = s; int n = ((const char *)kept)[0]; kept = 0; return n; }
static int local(const char *s) { const char *kept = s; return kept[0]; }
static int shadow(const void *config) { const char *p = config; return p[1]; }
static void set_id(uintptr_t id) { config.id = id; }
static void set_name(holder *h, const char *name) { h->name = name; }
static int first(const holder *h) { holder x = *h; return x.name ? x.name[0] : 0; }
static holder *holder_new(void) { return calloc(1, sizeof(holder)); }
static char *dup(const char *s, int n) { char *p = malloc(n); if (p) memcpy(p, s, n); return p; }
static int scratch(const char *s) { holder *h = malloc(sizeof *h); h->name = s; int n = h->name[0]; free(h); return n; }
static void each(void *p, int n) { for (int i = 0; i < n; i++) ((char *)p)[i]++; }
*/
import "C"

import (
	"runtime"
	"runtime/cgo"
	"unsafe"

	"hazards.test/cptr/lib"
)

// Copies: C has copies of its own.
func Copies(b []byte) {
	b = append(b, 0)
	C.store_copy((*C.char)(unsafe.Pointer(&b[0])))
	C.copy((*C.char)(unsafe.Pointer(&b[0])), C.int(len(b)))
	p := C.dup((*C.char)(unsafe.Pointer(&b[0])), C.int(len(b)))
	C.free(unsafe.Pointer(p))
}

// Forgets: C lets go before it returns, or looks only.
func Forgets(b []byte) int {
	n := C.for_now((*C.char)(unsafe.Pointer(&b[0])))
	n += C.local((*C.char)(unsafe.Pointer(&b[0])))
	n += C.shadow(unsafe.Pointer(&b[0]))
	n += C.scratch((*C.char)(unsafe.Pointer(&b[0])))
	C.each(unsafe.Pointer(&b[0]), C.int(len(b)))
	return int(n)
}

// OwnMemory: C keeps C memory.
func OwnMemory(b []byte) {
	C.store(C.CBytes(b))
	C.store(unsafe.Pointer(C.CString("text")))
	p := C.malloc(8)
	*(*int64)(p) = 1
	C.store(p)
	C.store(nil)
}

// Pins: the caller holds the pin.
func Pins(pin *runtime.Pinner, b []byte) {
	pin.Pin(&b[0])
	C.store(unsafe.Pointer(&b[0]))
}

// PinsData: by the data of a slice, in an inner function.
func PinsData(pin *runtime.Pinner, b []byte) {
	pin.Pin(unsafe.SliceData(b))
	keep(b)
}

func keep(b []byte) { C.store(unsafe.Pointer(unsafe.SliceData(b))) }

// PinnedWhile: C lets go before the pin ends.
func PinnedWhile(b []byte) {
	var pin runtime.Pinner
	defer pin.Unpin()
	pin.Pin(&b[0])
	C.store(unsafe.Pointer(&b[0]))
	C.store(nil)
}

type device struct {
	pin runtime.Pinner
	buf []byte
}

// Start: the pinner is a field, and Stop unpins.
func (d *device) Start(n int) {
	d.buf = make([]byte, n)
	d.pin.Pin(&d.buf[0])
	C.store(unsafe.Pointer(&d.buf[0]))
}

// Stop ends it.
func (d *device) Stop() {
	C.store(nil)
	d.pin.Unpin()
}

// NewDevice makes one.
func NewDevice() *device { return &device{} }

var static [64]byte

// Static: a package variable stays where it is.
func Static() {
	C.store(unsafe.Pointer(&static[0]))
}

// Handle: a number that means nothing to C.
func Handle(v any) cgo.Handle {
	h := cgo.NewHandle(v)
	C.set_id(C.uintptr_t(h))
	return h
}

// Holders: a C struct in Go memory, for the time of the call; one of C's with C memory.
func Holders(b []byte) {
	h := C.holder_new()
	C.set_name(h, C.CString("name"))
	C.first(h)
	C.free(unsafe.Pointer(h))
	_ = b
}

// Elsewhere: what the other package does with it is fine.
func Elsewhere(b []byte) int {
	lib.Keep(C.malloc(4))
	return lib.Sum(unsafe.Pointer(&b[0]), len(b))
}
