package bad

/*
#include <stdlib.h>
#include <string.h>
typedef struct { int n; char *text; } rec;
static rec *rec_new(void) { return calloc(1, sizeof(rec)); }
static void rec_free(rec *r) { free(r); }
static int rec_len(rec *r) { return r->n; }
static int rec_join(rec *a, rec *b) { return a->n + b->n; }
*/
import "C"

import (
	"fmt"
	"os"
	"runtime"
	"syscall"
	"unsafe"

	"hazards.test/keepalive/native"
)

type record struct {
	c    *C.rec
	name string
}

func newRecord() *record {
	r := &record{c: C.rec_new()}
	runtime.SetFinalizer(r, func(r *record) { C.rec_free(r.c) })
	return r
}

// The receiver is not used after the call of C has begun.
func (r *record) Len() int {
	return int(C.rec_len(r.c)) // HAZARD: keepalive
}

// The other one is dropped as well, and both in one call.
func (r *record) Join(o *record) int {
	return int(C.rec_join(r.c, o.c)) // HAZARD: keepalive
}

// Only the first of two uses has the object behind it.
func (r *record) Twice() int {
	a := int(C.rec_len(r.c))
	b := int(C.rec_len(r.c)) // HAZARD: keepalive
	return a + b
}

// A text that is copied while the object may go.
func (r *record) Text() string {
	return C.GoString(r.c.text) // HAZARD: keepalive
}

func local() int {
	r := newRecord()
	c := r.c
	runtime.GC()
	return int(c.n) // HAZARD: keepalive
}

func loop() (n int) {
	c := newRecord().c
	for range 10 {
		n += int(C.rec_len(c)) // HAZARD: keepalive
	}
	return n
}

func early(stop bool) int {
	r := newRecord()
	c := r.c
	if stop {
		fmt.Println(r.name)
		return 0
	}
	return int(C.rec_len(c)) // HAZARD: keepalive
}

// A mapping behind a slice, unmapped by a cleanup.
type mapping struct {
	data []byte
	head []byte
}

func open(f *os.File) (*mapping, error) {
	data, err := syscall.Mmap(int(f.Fd()), 0, 4096, syscall.PROT_READ, syscall.MAP_SHARED)
	if err != nil {
		return nil, err
	}
	m := &mapping{data: data, head: data[:16]}
	runtime.AddCleanup(m, func(data []byte) { syscall.Munmap(data) }, data)
	return m, nil
}

func (m *mapping) Count() (n int) {
	for _, b := range m.data { // HAZARD: keepalive
		n += int(b)
	}
	return n
}

// Another field of the same memory.
func (m *mapping) Magic() string {
	return string(m.head) // HAZARD: keepalive
}

func dropped(f *os.File) []byte {
	m, err := open(f)
	if err != nil {
		return nil
	}
	return m.data[16:] // HAZARD: keepalive
}

func inClosure() int {
	r := newRecord()
	length := func() int {
		c := r.c
		return int(C.rec_len(c))
	}
	n := length()
	c := r.c
	r = nil
	runtime.GC()
	return n + int(c.n) // HAZARD: keepalive
}

// A view got from a method of another package's type.
func view() byte {
	data := native.New(8).Bytes()
	fmt.Println("made")
	return data[0] // HAZARD: keepalive
}

func viewReturned() []byte {
	b := native.New(8)
	return b.Bytes()[1:] // HAZARD: keepalive
}

// The object is behind something else, which is dropped here.
type walker struct{ r *record }

func (w *walker) walk() int {
	c := w.r.c
	return int(C.rec_len(c))
}

func (r *record) Walk() int {
	w := &walker{r}
	return w.walk() // HAZARD: keepalive
}

// A handle of the system's.
type device struct{ fd int }

func openDevice(path string) (*device, error) {
	fd, err := syscall.Open(path, syscall.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	d := &device{fd}
	runtime.SetFinalizer(d, (*device).close)
	return d, nil
}

func (d *device) close() { syscall.Close(d.fd) }

func (d *device) Read(p []byte) (int, error) {
	return syscall.Read(d.fd, p) // HAZARD: keepalive
}

func (d *device) Control(op uintptr) error {
	_, _, errno := syscall.Syscall(syscall.SYS_IOCTL, uintptr(d.fd), op, 0) // HAZARD: keepalive
	if errno != 0 {
		return errno
	}
	return nil
}

// A generic owner.
type owner[T any] struct {
	p *T
	n int
}

func own[T any](n int) *owner[T] {
	var zero T
	o := &owner[T]{(*T)(C.malloc(C.size_t(n) * C.size_t(unsafe.Sizeof(zero)))), n}
	runtime.SetFinalizer(o, func(o *owner[T]) { C.free(unsafe.Pointer(o.p)) })
	return o
}

func (o *owner[T]) Each(f func(*T)) {
	for i := range unsafe.Slice(o.p, o.n) {
		f((*T)(unsafe.Add(unsafe.Pointer(o.p), i)))
	}
	f(o.p) // HAZARD: keepalive
}

func Uses() {
	fmt.Println(local(), loop(), early(len(os.Args) > 1), inClosure(), view(), viewReturned())
	f, _ := os.Open(os.Args[0])
	m, _ := open(f)
	fmt.Println(m.Count(), m.Magic(), dropped(f))
	d, _ := openDevice("/dev/null")
	d.Read(nil)
	own[int32](4).Each(func(*int32) {})
}
