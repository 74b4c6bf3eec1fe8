// Package good puts 64-bit numbers where every processor can work on them
// atomically.
package good

import "sync/atomic"

type stats struct {
	bytes uint64
	open  bool
}

// First is the first word.
func (s *stats) First() { atomic.AddUint64(&s.bytes, 1) }

type typed struct {
	open  bool
	bytes atomic.Uint64
}

// Typed is aligned by itself.
func (t *typed) Typed() { t.bytes.Add(1) }

type padded struct {
	a, b uint32
	n    int64
}

// Padded is at 8.
func (p *padded) Padded() int64 { return atomic.LoadInt64(&p.n) }

// Elements have sixteen bytes.
func Elements(list []padded) {
	for i := range list {
		atomic.AddInt64(&list[i].n, 1)
	}
}

var global uint64

// Global is a variable of its own.
func Global() { atomic.AddUint64(&global, 1) }

// Local is moved to the heap if need be.
func Local() uint64 {
	var n uint64
	atomic.StoreUint64(&n, 1)
	return n
}

// Numbers are a slice of such.
func Numbers(n int) int64 {
	list := make([]int64, n)
	return atomic.AddInt64(&list[n-1], 1)
}

type narrow struct {
	flag bool
	n    uint32
}

// Narrow needs no more than 4.
func (n *narrow) Narrow() { atomic.AddUint32(&n.n, 1) }

type indirect struct {
	flag  bool
	bytes *uint64
}

// Indirect is allocated by itself.
func Indirect() *indirect { return &indirect{bytes: new(uint64)} }

// Add works on it.
func (i *indirect) Add() { atomic.AddUint64(i.bytes, 1) }

type inner struct{ n uint64 }

func (i *inner) inc() { atomic.AddUint64(&i.n, 1) }

type outer struct {
	in   inner
	flag bool
}

// Nested begins with it.
func (o *outer) Nested() { o.in.inc() }
