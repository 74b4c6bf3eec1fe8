package heap

import (
	"slices"

	"moho/core"
)

// An index takes addresses to slots without reading the process: it is what the
// runtime's tables say, copied into 40 bytes a span and 4 bytes a page.
type index struct {
	geo    geometry
	lo, hi uint64 // all objects lie in there
	spans  []spanRec
	pages  map[uint64][]uint32 // by arena; 1 + position in spans for each page
	near   [][]uint32          // the same, from arena first on, if arenas are close together
	first  uint64
	bits   uint64 // in all spans, each beginning at a multiple of 64
	bytes  int64  // of all slots
	absent int    // spans that did not make sense, or more than the memory there is
}

// spanRec is what a span of objects is to the marker.
type spanRec struct {
	start    uint64
	size     uint64 // of a slot
	bit      uint64 // of slot 0
	specials uint64
	elems    uint32
	magic    uint32 // to divide by size; 0 for a span of one object
	noscan   bool
}

// maxNear is how many arenas may lie between the first and the last for a plain
// array of them: 4 TB, in which a heap's few arenas nearly always are.
const maxNear = 1 << 16

// newIndex reads all spans. Spans that overlap one before, and more than the
// process has memory, are left out.
func (h *Heap) newIndex() *index {
	x := &index{geo: h.geo, lo: ^uint64(0), pages: make(map[uint64][]uint32)}
	var room uint64
	for _, run := range h.p.Memory() {
		room += uint64(len(run))
	}
	for s := range h.Spans() {
		if s.State != InUse {
			continue
		}
		if size := uint64(s.End - s.Start); size > room || !x.add(&s) {
			x.absent++
		} else {
			room -= size
		}
	}
	x.settle()
	return x
}

func (x *index) add(s *Span) bool {
	if s.Elems == 0 || uint64(s.Start)-x.geo.base >= x.geo.arenas<<x.geo.shift || uint64(s.End-1)-x.geo.base >= x.geo.arenas<<x.geo.shift {
		return false
	}
	for a := s.Start; a < s.End; a += pageSize {
		if x.at(uint64(a)) != 0 {
			return false
		}
	}
	r := spanRec{
		start: uint64(s.Start), size: s.ElemSize, bit: x.bits, specials: s.specials,
		elems: uint32(s.Elems), noscan: s.NoScan,
	}
	if s.Elems > 1 {
		if s.End-s.Start > 1<<20 || s.ElemSize >= 1<<20 { // beyond what the division is right for
			return false
		}
		r.magic = ^uint32(0)/uint32(s.ElemSize) + 1
	}
	x.spans = append(x.spans, r)
	for a := uint64(s.Start); a < uint64(s.End); a += pageSize {
		x.page(a)
	}
	x.lo, x.hi = min(x.lo, r.start), max(x.hi, r.start+uint64(r.elems)*r.size)
	x.bits += (uint64(r.elems) + 63) &^ 63
	x.bytes += int64(uint64(r.elems) * r.size)
	return true
}

// page enters the last span for the page of a.
func (x *index) page(a uint64) {
	off := a - x.geo.base
	i := off >> x.geo.shift
	t := x.pages[i]
	if t == nil {
		t = make([]uint32, 1<<(x.geo.shift-pageShift))
		x.pages[i] = t
	}
	t[off&(1<<x.geo.shift-1)>>pageShift] = uint32(len(x.spans))
}

// at returns 1 + the position of the span of a, or 0.
func (x *index) at(a uint64) uint32 {
	off := a - x.geo.base
	i := off >> x.geo.shift
	var t []uint32
	if x.near != nil {
		if i -= x.first; i >= uint64(len(x.near)) {
			return 0
		}
		t = x.near[i]
	} else {
		t = x.pages[i]
	}
	if t == nil {
		return 0
	}
	return t[off&(1<<x.geo.shift-1)>>pageShift]
}

// settle makes the array of arenas, if they are close enough for one.
func (x *index) settle() {
	if len(x.pages) == 0 {
		return
	}
	lo, hi := ^uint64(0), uint64(0)
	for i := range x.pages {
		lo, hi = min(lo, i), max(hi, i)
	}
	if hi-lo >= maxNear {
		return
	}
	x.first, x.near = lo, make([][]uint32, hi-lo+1)
	for i, t := range x.pages {
		x.near[i-lo] = t
	}
}

// slot returns the span that p points into, and which slot of it.
func (x *index) slot(p uint64) (r *spanRec, i uint32, ok bool) {
	if p < x.lo || p >= x.hi {
		return nil, 0, false
	}
	n := x.at(p)
	if n == 0 {
		return nil, 0, false
	}
	r = &x.spans[n-1]
	if r.magic != 0 {
		i = uint32(uint64(r.magic) * (p - r.start) >> 32)
	}
	return r, i, i < r.elems
}

// base returns where slot i begins.
func (r *spanRec) base(i uint32) uint64 { return r.start + uint64(i)*r.size }

// sortedG returns the addresses of all living goroutines in order.
func (h *Heap) sortedG() []core.Addr {
	h.gs.once.Do(func() {
		h.gs.list = slices.AppendSeq(make([]core.Addr, 0, h.w.NumG()), h.w.Addrs())
		slices.Sort(h.gs.list)
	})
	return h.gs.list
}
