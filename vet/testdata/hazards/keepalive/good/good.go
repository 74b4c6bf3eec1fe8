package main

/*
#include <stdlib.h>
typedef struct { int n; char *text; } rec;
static rec *rec_new(void) { return calloc(1, sizeof(rec)); }
static void rec_free(rec *r) { free(r); }
static int rec_len(rec *r) { return r->n; }
static void rec_init(rec **r) { *r = rec_new(); }
*/
import "C"

import (
	"fmt"
	"os"
	"runtime"
	"sync"
	"syscall"
	"unsafe"

	"hazards.test/keepalive/native"
)

type record struct {
	c    *C.rec
	name string
	mu   sync.Mutex
}

func newRecord() *record {
	r := &record{c: C.rec_new()}
	C.rec_len(r.c) // the finalizer comes later, and so does a use
	runtime.SetFinalizer(r, (*record).free)
	return r
}

func (r *record) free() { C.rec_free(r.c) }

// KeepAlive after the last use.
func (r *record) Len() int {
	n := int(C.rec_len(r.c))
	runtime.KeepAlive(r)
	return n
}

// KeepAlive in a defer.
func (r *record) Deferred() int {
	defer runtime.KeepAlive(r)
	return int(C.rec_len(r.c))
}

// KeepAlive in a deferred literal.
func (r *record) Literal() int {
	defer func() { runtime.KeepAlive(r) }()
	return int(C.rec_len(r.c))
}

// A lock that is given back at the end.
func (r *record) Locked() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return int(C.rec_len(r.c))
}

// The object is used later, on one path.
func (r *record) Later() (string, int) {
	n := int(C.rec_len(r.c))
	if n > 3 {
		return r.name, n
	}
	return "", n
}

// One read right after the field: nothing can happen in between.
func (r *record) N() int { return int(r.c.n) }

// Closes for good, with the finalizer out of the way.
func (r *record) Close() {
	runtime.SetFinalizer(r, nil)
	C.rec_free(r.c)
}

// Closed twice is safe, and the object is written to last.
func (r *record) Drop() {
	if r.c == nil {
		return
	}
	C.rec_free(r.c)
	r.c = nil
}

// All callers of this one keep the object.
func (r *record) length() int { return int(C.rec_len(r.c)) }

func caller() int {
	r := newRecord()
	n := r.length()
	fmt.Println(r.name)
	return n
}

func otherCaller() int {
	r := newRecord()
	defer r.Drop()
	return r.length()
}

// An interior pointer in C's hands keeps the object.
func reinit() *record {
	r := &record{}
	C.rec_init(&r.c)
	runtime.SetFinalizer(r, (*record).free)
	return r
}

var registry = map[string]*record{}

// The object stays in a table.
func register(name string) int {
	r := newRecord()
	registry[name] = r
	c := r.c
	runtime.GC()
	return int(C.rec_len(c))
}

var current *record

// A package variable has it.
func global() int {
	current = newRecord()
	return int(C.rec_len(current.c))
}

// The object lives on in a struct that is returned.
type session struct {
	r *record
	c *C.rec
}

func start() *session {
	r := newRecord()
	s := &session{r: r, c: r.c}
	C.rec_len(r.c)
	return s
}

// The holder is used after the call.
func through() int {
	s := start()
	n := int(C.rec_len(s.r.c))
	fmt.Println(s.c == nil)
	return n
}

// Captured by a literal that is called later.
func captured() int {
	r := newRecord()
	done := func() { fmt.Println(r.name) }
	c := r.c
	runtime.GC()
	n := int(C.rec_len(c))
	done()
	return n
}

// A pool takes it back after the use.
var pool = sync.Pool{New: func() any { return newRecord() }}

func pooled() int {
	r := pool.Get().(*record)
	n := int(C.rec_len(r.c))
	pool.Put(r)
	return n
}

// No finalizer on this one: it is freed by hand.
func manual() int {
	r := &record{c: C.rec_new()}
	n := int(C.rec_len(r.c))
	C.rec_free(r.c)
	return n
}

// In a loop, the object is needed in the next round.
func loop(list []*record) (n int) {
	for _, r := range list {
		n += int(C.rec_len(r.c))
		r.name = "seen"
	}
	return n
}

func rounds() (n int) {
	r := newRecord()
	for range 3 {
		n += int(C.rec_len(r.c))
	}
	runtime.KeepAlive(r)
	return n
}

// A view that is used up while its owner is there.
func view() (n int) {
	b := native.New(8)
	for _, c := range b.Bytes() {
		n += int(c)
	}
	return n + b.Sum()
}

// A copy may leave.
func copied() []byte {
	b := native.New(8)
	out := append([]byte(nil), b.Bytes()...)
	runtime.KeepAlive(b)
	return out
}

// View and owner leave together.
func both() ([]byte, *native.Block) {
	b := native.New(8)
	return b.Bytes(), b
}

type mapping struct {
	data    []byte
	cleanup runtime.Cleanup
}

func open(f *os.File) (*mapping, error) {
	data, err := syscall.Mmap(int(f.Fd()), 0, 4096, syscall.PROT_READ, syscall.MAP_SHARED)
	if err != nil {
		return nil, err
	}
	m := &mapping{data: data}
	m.cleanup = runtime.AddCleanup(m, func(data []byte) { syscall.Munmap(data) }, data)
	return m, nil
}

// Reads right after the field.
func (m *mapping) At(i int) byte { return m.data[i] }

func (m *mapping) Word(i int) uint32 { return *(*uint32)(unsafe.Pointer(&m.data[i])) }

func (m *mapping) Copy(p []byte) int { return copy(p, m.data) }

// The caller's to keep: it has the mapping.
func (m *mapping) Slice(i, j int) []byte { return m.data[i:j] }

// Checked against nil only, length only.
func (m *mapping) Size() int {
	if m.data == nil {
		return 0
	}
	fmt.Println("size")
	return len(m.data)
}

// A number that is compared and printed is no handle in use.
type device struct{ fd int }

func openDevice(path string) *device {
	fd, err := syscall.Open(path, syscall.O_RDWR, 0)
	if err != nil {
		return nil
	}
	d := &device{fd}
	runtime.SetFinalizer(d, func(d *device) { syscall.Close(d.fd) })
	return d
}

func (d *device) String() string { return fmt.Sprint("device ", d.fd) }

func (d *device) Read(p []byte) (int, error) {
	n, err := syscall.Read(d.fd, p)
	runtime.KeepAlive(d)
	return n, err
}

// A finalizer that gives nothing back.
type counted struct{ p *int }

func newCounted(p *int) *counted {
	c := &counted{p}
	runtime.SetFinalizer(c, func(c *counted) { *c.p-- })
	return c
}

func (c *counted) Use() int {
	p := c.p
	runtime.GC()
	return *p
}

func main() {
	r := newRecord()
	fmt.Println(r.Len(), r.Deferred(), r.Literal(), r.Locked(), r.N(), caller(), otherCaller(), reinit(), register("a"), global(), through(), captured(), pooled(), manual(), loop(nil), rounds(), view(), copied())
	fmt.Println(r.Later())
	fmt.Println(both())
	f, _ := os.Open(os.Args[0])
	m, _ := open(f)
	fmt.Println(m.At(1), m.Word(2), m.Copy(nil), m.Slice(0, 1), m.Size(), openDevice("/dev/null").String())
	runtime.KeepAlive(m)
	openDevice("/dev/null").Read(nil)
	newCounted(new(int)).Use()
	r.Drop()
	r.Close()
}
