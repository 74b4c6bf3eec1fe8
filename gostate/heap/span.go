package heap

import (
	"encoding/binary"
	"iter"

	"moho/core"
	"moho/gostate/internal/layout"
)

const (
	pageShift = 13
	pageSize  = 1 << pageShift

	// maxPages bounds a span: 48 bits of address, all of it.
	maxPages = 1 << (48 - pageShift)
)

// geometry is how a platform divides its address space into arenas.
//
// Source: $GOROOT/src/runtime/malloc.go (heapArenaBytes, arenaBaseOffset), go1.21 to go1.27.
type geometry struct {
	shift  uint   // log2 of an arena's size
	base   uint64 // what the first arena begins at
	arenas uint64 // how many there can be
}

func geometryOf(l *layout.Layout) geometry {
	switch {
	case l.Arch == "wasm" && l.Minor >= 26:
		return geometry{shift: 19, arenas: 1 << (32 - 19)}
	case l.Arch == "wasm":
		return geometry{shift: 22, arenas: 1 << (32 - 22)}
	case l.Arch == "amd64": // addresses are taken for signed
		return geometry{shift: 26, base: 0xffff800000000000, arenas: 1 << (48 - 26)}
	}
	return geometry{shift: 26, arenas: 1 << (48 - 26)}
}

// A State says what a span is used for.
type State uint8

const (
	Dead   State = iota // nothing: its memory is free, or another span's
	InUse               // objects
	Manual              // stacks, and the collector's own buffers
)

func (s State) String() string {
	switch s {
	case Dead:
		return "free"
	case InUse:
		return "in use"
	case Manual:
		return "manual"
	}
	return "unknown"
}

// A Sweep says whether a span still holds objects that the last collection
// found dead.
type Sweep uint8

const (
	Swept    Sweep = iota // no
	Unswept               // yes, unless none died
	Sweeping              // it was being swept
)

func (s Sweep) String() string {
	return [...]string{Swept: "swept", Unswept: "awaiting sweep", Sweeping: "being swept"}[s]
}

// A Span is a run of pages that holds objects of one size, or stacks.
//
// [Start, End) are its pages; objects lie from Start on and end before Limit.
// Class is the size class, 0 for a span of one large object; NoScan says that
// the objects hold no pointers. Elems and ElemSize are 0 for spans that are not
// in use, except that ElemSize of stack spans is the size of a stack. Cached
// says that a P allocates from the span.
type Span struct {
	Addr       core.Addr // of the mspan
	Start, End core.Addr
	Limit      core.Addr
	State      State
	Class      uint8
	NoScan     bool
	ElemSize   uint64
	Elems      int
	Count      int // of allocated objects, as the span itself counts
	Sweep      Sweep
	Cached     bool

	freeIndex int
	allocBits uint64
	markBits  uint64
	specials  uint64
	largeType uint64
}

// Pages returns the number of pages, of 8 KB.
func (s *Span) Pages() uint64 { return uint64(s.End-s.Start) / pageSize }

// Large reports whether the span is that of one large object.
func (s *Span) Large() bool { return s.State == InUse && s.Class == 0 }

// SpanAt returns the span that a lies in. A span whose description does not
// make sense is none.
//
// Source: $GOROOT/src/runtime/mheap.go (spanOf), go1.26.
func (h *Heap) SpanAt(a core.Addr) (Span, bool) {
	p, ok := h.spanPointer(a)
	if !ok {
		return Span{}, false
	}
	s, ok := h.readSpan(p)
	if !ok || a < s.Start || a >= s.End {
		return Span{}, false
	}
	return s, true
}

// spanPointer returns what the arena of a has for its page. Pages of free spans
// have stale pointers, or none.
func (h *Heap) spanPointer(a core.Addr) (uint64, bool) {
	off := uint64(a) - h.geo.base
	i := off >> h.geo.shift
	if i >= h.geo.arenas {
		return 0, false
	}
	arena, ok := h.word(h.l2 + i*8)
	if !ok || arena == 0 {
		return 0, false
	}
	page := off & (1<<h.geo.shift - 1) >> pageShift
	p, ok := h.word(arena + uint64(h.l.ArenaSpans) + page*8)
	return p, ok && p != 0
}

// readSpan reads the mspan at p.
func (h *Heap) readSpan(p uint64) (Span, bool) {
	l := h.l
	b, err := h.p.Slice(core.Addr(p), int(l.SpanSize))
	if err != nil {
		return Span{}, false
	}
	word := func(off layout.Off) uint64 {
		if off < 0 {
			return 0
		}
		return binary.LittleEndian.Uint64(b[off:])
	}
	count := func(off layout.Off) uint64 { // a word until Go 1.21, then half of a half
		if l.Minor <= 21 {
			return word(off)
		}
		return uint64(binary.LittleEndian.Uint16(b[off:]))
	}
	start, pages := word(l.SpanStart), word(l.SpanPages)
	if start%pageSize != 0 || pages == 0 || pages > maxPages || start+pages*pageSize < start {
		return Span{}, false
	}
	s := Span{
		Addr: core.Addr(p), Start: core.Addr(start), End: core.Addr(start + pages*pageSize),
		Limit: core.Addr(word(l.SpanLimit)), State: State(b[l.SpanState]), ElemSize: word(l.SpanElemSize),
	}
	switch s.State {
	case Dead:
		s.ElemSize = 0
		return s, true
	case Manual:
		return s, true
	case InUse:
	default:
		return Span{}, false
	}
	s.Class, s.NoScan = b[l.SpanClass]>>1, b[l.SpanClass]&1 != 0
	elems, free := count(l.SpanElems), count(l.SpanFreeIndex)
	if s.ElemSize < 8 || s.ElemSize%8 != 0 || s.ElemSize > pages*pageSize || elems > pages*pageSize/s.ElemSize || free > elems {
		return Span{}, false
	}
	s.Elems, s.freeIndex = int(elems), int(free)
	s.Count = int(binary.LittleEndian.Uint16(b[l.SpanAllocCount:]))
	s.allocBits, s.markBits = word(l.SpanAllocBits), word(l.SpanMarkBits)
	s.specials, s.largeType = word(l.SpanSpecials), word(l.SpanLargeType)
	s.Sweep, s.Cached = h.swept(binary.LittleEndian.Uint32(b[l.SpanSweepGen:]))
	return s, true
}

// swept tells what a span's sweepgen means.
//
// Source: $GOROOT/src/runtime/mheap.go (mspan.sweepgen), go1.26.
func (h *Heap) swept(gen uint32) (s Sweep, cached bool) {
	switch gen - h.sweep {
	case 0:
		return Swept, false
	case 3:
		return Swept, true
	case 1:
		return Unswept, true
	case ^uint32(0):
		return Sweeping, false
	}
	return Unswept, false
}

// Spans yields all spans in use or in manual use, in the order in which the
// runtime made their descriptions.
func (h *Heap) Spans() iter.Seq[Span] {
	return func(yield func(Span) bool) {
		list, n := h.allSpans()
		for i := range n {
			p, ok := h.word(list + i*8)
			if !ok {
				continue
			}
			if s, ok := h.readSpan(p); ok && s.State != Dead && !yield(s) {
				return
			}
		}
	}
}

// allSpans returns where mheap_.allspans lies and how many there are.
func (h *Heap) allSpans() (list, n uint64) {
	at := h.base + uint64(h.l.HeapAllSpans)
	list, ok1 := h.word(at)
	n, ok2 := h.word(at + 8)
	size, ok3 := h.word(at + 16)
	if !ok1 || !ok2 || !ok3 || n > size || n > 1<<40 {
		return 0, 0
	}
	// As many as the core holds, whatever the length claims.
	for step := uint64(1 << 20); n > 0; {
		if _, ok := h.word(list + (n-1)*8); ok {
			break
		}
		n -= min(n, step)
	}
	return list, n
}

// InArena reports whether a lies in memory that the runtime has set aside for
// its heap, used or not.
func (h *Heap) InArena(a core.Addr) bool {
	i := (uint64(a) - h.geo.base) >> h.geo.shift
	if i >= h.geo.arenas {
		return false
	}
	arena, ok := h.word(h.l2 + i*8)
	return ok && arena != 0
}

// Keeps says which of its tables the heap keeps in [lo, hi), "" for none.
func (h *Heap) Keeps(lo, hi core.Addr) string {
	in := func(a uint64) bool { return uint64(lo) <= a && a < uint64(hi) }
	if in(h.l2) {
		return "index of heap arenas"
	}
	if a := h.w.Addrs(); a != nil {
		for g := range a {
			i := (uint64(g) - h.geo.base) >> h.geo.shift
			if arena, ok := h.word(h.l2 + i*8); ok && in(arena) {
				return "descriptions of heap arenas"
			}
			break
		}
	}
	if list, _ := h.allSpans(); in(list) {
		return "list of spans"
	}
	return ""
}
