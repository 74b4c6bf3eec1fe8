package heap

import (
	"context"
	"encoding/binary"
	"math/bits"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"moho/core"
)

// MarkOptions say how a [Marker] works. The zero value is fine.
type MarkOptions struct {
	// Workers is how many goroutines mark; 0 is one for each processor, 8 at most.
	Workers int
	// Progress is called now and then with the bytes of objects looked at so
	// far and those that there are. It may be nil.
	Progress func(done, total int64)
}

// A Marker finds what can be reached from roots that are added to it: any word
// that points into an object keeps it. That is more than the runtime would keep,
// so what a Marker does not reach cannot be reached by the program.
//
// The runtime's own bookkeeping is not a way to reach anything: the bodies of
// goroutines (runtime.g) and of what they wait with (runtime.sudog) are marked
// but not looked into, or every blocked goroutine would keep itself alive
// through the list of all of them. [Marker.AddGoroutine] looks into those of
// one goroutine.
//
// Add roots, [Marker.Run], ask [Marker.Reached], add more, run again: what has
// been looked at is not looked at again. Memory is two bits for a slot and 44
// bytes for a span, whatever the heap's shape. A Marker is for one user at a
// time.
type Marker struct {
	h       *Heap
	x       *index
	gs      []core.Addr
	opts    MarkOptions
	marked  []uint64 // reached
	scanned []uint64 // looked into, or free: those are never marked

	queued  []uint32 // a bit for each span that is in the queue
	queue   []uint32 // spans with slots that are marked and not scanned; a ring
	head, n int
	busy    int
	mu      sync.Mutex
	idle    sync.Cond
	done    int64 // bytes of objects looked at
	missing atomic.Int64
}

// Marker returns a marker that has reached nothing.
func (h *Heap) Marker(opts MarkOptions) *Marker {
	if opts.Workers <= 0 {
		opts.Workers = min(runtime.GOMAXPROCS(0), 8)
	}
	x := h.newIndex()
	m := &Marker{
		h: h, x: x, gs: h.sortedG(), opts: opts,
		marked: make([]uint64, x.bits/64), scanned: make([]uint64, x.bits/64),
		queued: make([]uint32, (len(x.spans)+31)/32), queue: make([]uint32, len(x.spans)),
	}
	m.idle.L = &m.mu
	m.exclude()
	return m
}

// exclude marks free slots as looked into: stale pointers to them keep nothing.
func (m *Marker) exclude() {
	v := m.h.p.View()
	i := 0
	for s := range m.h.Spans() {
		if s.State != InUse || i >= len(m.x.spans) || m.x.spans[i].start != uint64(s.Start) {
			continue
		}
		r := &m.x.spans[i]
		i++
		b, err := v.Slice(core.Addr(s.allocBits), (s.Elems+7)/8)
		if err != nil || s.allocBits == 0 {
			continue
		}
		for j := s.freeIndex; j < s.Elems; j++ {
			if b[j/8]>>(j%8)&1 == 0 {
				at := r.bit + uint64(j)
				m.scanned[at/64] |= 1 << (at % 64)
			}
		}
	}
}

// Missing returns how many bytes of roots and objects the core does not hold.
// Unless it is 0, something that was not reached may be reachable all the same.
func (m *Marker) Missing() int64 {
	return m.missing.Load()
}

// Incomplete returns how many spans could not be taken in, because what is in
// memory contradicts itself. Unless it is 0, nothing is proved.
func (m *Marker) Incomplete() int { return m.x.absent }

// Reached reports whether the object that a lies in has been reached. What is
// not an object, a variable or a stack, always counts as reached, and so does a
// free slot: nothing can be said against it.
func (m *Marker) Reached(a core.Addr) bool {
	r, i, ok := m.x.slot(uint64(a))
	if !ok {
		return true
	}
	at := r.bit + uint64(i)
	return (m.marked[at/64]|m.scanned[at/64])>>(at%64)&1 != 0
}

// Totals returns how many objects have been reached, and the bytes of their slots.
func (m *Marker) Totals() (objects int, bytes int64) {
	for i := range m.x.spans {
		r := &m.x.spans[i]
		n := 0
		for at := r.bit / 64; at < (r.bit+uint64(r.elems)+63)/64; at++ {
			n += bits.OnesCount64(m.marked[at])
		}
		objects += n
		bytes += int64(n) * int64(r.size)
	}
	return objects, bytes
}

// mark marks the object that p points to, if it does, and queues its span. It
// may be called by several workers.
func (m *Marker) mark(p uint64, out *[]uint32) {
	r, i, ok := m.x.slot(p)
	if !ok {
		return
	}
	at, bit := (r.bit+uint64(i))/64, uint64(1)<<((r.bit+uint64(i))%64)
	// What has been looked into has been marked, or is free.
	if (atomic.LoadUint64(&m.marked[at])|atomic.LoadUint64(&m.scanned[at]))&bit != 0 ||
		atomic.OrUint64(&m.marked[at], bit)&bit != 0 || r.noscan {
		return
	}
	n := m.x.at(p) - 1
	if q := uint32(1) << (n % 32); atomic.OrUint32(&m.queued[n/32], q)&q == 0 {
		*out = append(*out, n)
	}
}

// put adds spans to the queue. Each is in it once at most, so there is room.
func (m *Marker) put(spans []uint32) {
	for _, s := range spans {
		m.queue[(m.head+m.n)%len(m.queue)] = s
		m.n++
	}
}

// batch is how many spans a worker takes at a time.
const batch = 16

// Run marks everything that can be reached from the roots added so far. It
// returns the context's error when that ends first; Run may be called again.
func (m *Marker) Run(ctx context.Context) error {
	defer context.AfterFunc(ctx, func() {
		m.mu.Lock() // so that nobody is between looking and waiting
		m.idle.Broadcast()
		m.mu.Unlock()
	})()
	var wg sync.WaitGroup
	for range m.opts.Workers {
		wg.Go(func() { m.work(ctx) })
	}
	wg.Wait()
	if m.n > 0 {
		return context.Cause(ctx)
	}
	if m.opts.Progress != nil {
		m.opts.Progress(m.x.bytes, m.x.bytes)
	}
	return nil
}

// work takes spans from the queue until all workers have nothing to do.
func (m *Marker) work(ctx context.Context) {
	s := scanner{m: m, view: m.h.p.View()}
	take := make([]uint32, 0, batch)
	m.mu.Lock()
	defer m.mu.Unlock()
	for {
		for m.n == 0 && m.busy > 0 && ctx.Err() == nil {
			m.idle.Wait()
		}
		if m.n == 0 || ctx.Err() != nil {
			m.idle.Broadcast()
			return
		}
		take = take[:0]
		for len(take) < batch && m.n > 0 {
			take = append(take, m.queue[m.head])
			m.head = (m.head + 1) % len(m.queue)
			m.n--
		}
		m.busy++
		m.mu.Unlock()
		for _, i := range take {
			s.span(i)
		}
		m.mu.Lock()
		m.put(s.out)
		s.out = s.out[:0]
		m.busy--
		m.done += s.bytes
		s.bytes = 0
		if m.opts.Progress != nil {
			m.opts.Progress(min(m.done, m.x.bytes), m.x.bytes)
		}
		m.idle.Broadcast()
	}
}

// A scanner looks into objects for one worker.
type scanner struct {
	m     *Marker
	view  *core.View
	out   []uint32 // spans to be queued
	bytes int64
}

// span looks into all objects of span i that are marked and have not been.
func (s *scanner) span(i uint32) {
	m := s.m
	q := uint32(1) << (i % 32)
	atomic.AndUint32(&m.queued[i/32], ^q)
	r := &m.x.spans[i]
	for again := true; again; { // lists often stay in their span
		again = false
		for j := uint64(0); j < uint64(r.elems); j += 64 {
			at := (r.bit + j) / 64
			todo := atomic.LoadUint64(&m.marked[at]) &^ atomic.LoadUint64(&m.scanned[at])
			if todo == 0 {
				continue
			}
			todo &^= atomic.OrUint64(&m.scanned[at], todo)
			for ; todo != 0; todo &= todo - 1 {
				s.object(r, uint32(j)+uint32(bits.TrailingZeros64(todo)))
				again = true
			}
		}
	}
}

// object looks into slot i of r.
func (s *scanner) object(r *spanRec, i uint32) {
	base := r.base(i)
	s.bytes += int64(r.size)
	if s.opaque(r, base) {
		return
	}
	s.words(base, base+r.size)
}

// opaque reports whether the object is a goroutine or what one waits with.
func (s *scanner) opaque(r *spanRec, base uint64) bool {
	l := s.m.h.l
	if g := uint64(l.GSize); r.size >= g && r.size < 2*g && s.m.isG(base) {
		return true
	}
	if d := uint64(l.SudogSize); r.size >= d && r.size < 2*d {
		g, err := s.view.Word(core.Addr(base + uint64(l.SudogG)))
		return err == nil && s.m.isG(g)
	}
	return false
}

func (m *Marker) isG(p uint64) bool {
	r, i, ok := m.x.slot(p)
	if !ok || r.base(i) > p || r.size < uint64(m.h.l.GSize) || r.size >= 2*uint64(m.h.l.GSize) {
		return false
	}
	_, ok = slices.BinarySearch(m.gs, core.Addr(p))
	return ok
}

// words marks what the words in [lo, hi) point to. The bounds may be forged:
// what costs time is the memory that there is.
func (s *scanner) words(lo, hi uint64) {
	for a := (lo + 7) &^ 7; a+8 <= hi && a >= lo; {
		at, b := s.m.h.w.Process().Held(core.Addr(a))
		if b == nil || uint64(at) >= hi {
			s.m.missing.Add(int64(hi - a))
			return
		}
		s.m.missing.Add(int64(uint64(at) - a))
		b = b[:min(uint64(len(b)), hi-uint64(at))]
		a = uint64(at) + max(uint64(len(b)), 8)
		for ; len(b) >= 8; b = b[8:] {
			if p := binary.LittleEndian.Uint64(b); p >= s.m.x.lo && p < s.m.x.hi {
				s.m.mark(p, &s.out)
			}
		}
	}
}
