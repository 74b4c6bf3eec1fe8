// Package bad puts 64-bit numbers where 32-bit processors cannot work on them
// atomically.
package bad

import "sync/atomic"

type stats struct {
	open  bool
	bytes uint64
}

// Direct is four bytes into the struct.
func (s *stats) Direct() {
	atomic.AddUint64(&s.bytes, 1) // HAZARD: atomic-align
}

type counter struct{ n int64 }

func (c *counter) inc() { atomic.AddInt64(&c.n, 1) }

type server struct {
	id    int32
	count counter
}

// Nested puts an aligned struct where it is not.
func (s *server) Nested() {
	s.count.inc() // HAZARD: atomic-align
}

type total struct{ sum uint64 }

type embedded struct {
	flag int32
	total
}

// Embedded is behind the flag.
func (e *embedded) Embedded() uint64 {
	return atomic.LoadUint64(&e.sum) // HAZARD: atomic-align
}

type pair struct {
	n    uint64
	hits uint32
}

// Elements have twelve bytes.
func Elements(list []pair) {
	for i := range list {
		atomic.StoreUint64(&list[i].n, 0) // HAZARD: atomic-align
	}
}

// Second is the second of an array.
func Second() {
	var a [2]pair
	atomic.AddUint64(&a[1].n, 1) // HAZARD: atomic-align
}

var global struct {
	mode uint32
	ops  int64
}

// Global is a variable of the package.
func Global() bool {
	return atomic.CompareAndSwapInt64(&global.ops, 0, 1) // HAZARD: atomic-align
}

func add(p *uint64) { atomic.AddUint64(p, 1) }

// Wrapped passes the address on.
func (s *stats) Wrapped() {
	add(&s.bytes) // HAZARD: atomic-align
}

// Deferred runs later, on the same address.
func (s *stats) Deferred() {
	defer atomic.AddUint64(&s.bytes, ^uint64(0)) // HAZARD: atomic-align
}

// Closure works on a captured struct.
func Closure() func() {
	var s stats
	return func() {
		atomic.SwapUint64(&s.bytes, 7) // HAZARD: atomic-align
	}
}

type ring struct {
	head [3]uint32
	seq  uint64
}

// Pointer is kept in a variable first.
func Pointer(r *ring) uint64 {
	p := &r.seq
	return atomic.LoadUint64(p) // HAZARD: atomic-align
}
