package heap

import "moho/core"

// An ObjectState says whether a slot holds an object.
type ObjectState uint8

const (
	Free      ObjectState = iota // the allocator may hand it out
	Allocated                    // it is an object, as far as the allocator knows
	Condemned                    // the last collection found it dead; its span awaits the sweep
)

func (s ObjectState) String() string {
	return [...]string{Free: "free", Allocated: "allocated", Condemned: "dead, awaiting sweep"}[s]
}

// An Object is a slot of a span.
//
// Base is where it begins, Size the size of the slot, which may be more than
// what was asked for. Index counts slots from the start of the span. Header is
// the bytes at Base that are the runtime's: 8 where the type stands before the
// data, else 0. A Tiny slot holds several small values without pointers.
type Object struct {
	Span   Span
	Base   core.Addr
	Size   uint64
	Index  int
	State  ObjectState
	Header uint64
	Tiny   bool
}

// Data returns where the object's value begins.
func (o *Object) Data() core.Addr { return o.Base + core.Addr(o.Header) }

// End returns the first address after the slot.
func (o *Object) End() core.Addr { return o.Base + core.Addr(o.Size) }

const (
	// tinyClass is the size class of blocks that small values without pointers share.
	tinyClass = 2

	// maxInlineBits is the largest object whose pointers are described at the
	// end of the span; larger ones begin with their type.
	//
	// Source: $GOROOT/src/runtime/mbitmap.go (heapBitsInSpan), go1.22 to go1.27.
	maxInlineBits = 512
)

// Find returns the object that a lies in, whether its slot is taken or not. It
// is not ok outside of spans in use, and in the tail of a span that is too
// short for another object.
func (h *Heap) Find(a core.Addr) (Object, bool) {
	s, ok := h.SpanAt(a)
	if !ok {
		return Object{}, false
	}
	return h.ObjectIn(s, a)
}

// ObjectIn is Find for an address whose span is known.
func (h *Heap) ObjectIn(s Span, a core.Addr) (Object, bool) {
	if s.State != InUse || a < s.Start || a >= s.End {
		return Object{}, false
	}
	i := uint64(a-s.Start) / s.ElemSize
	if i >= uint64(s.Elems) {
		return Object{}, false
	}
	return h.object(s, int(i)), true
}

// object returns slot i of s.
func (h *Heap) object(s Span, i int) Object {
	o := Object{
		Span: s, Base: s.Start + core.Addr(uint64(i)*s.ElemSize), Size: s.ElemSize, Index: i,
		Tiny: s.NoScan && s.Class == tinyClass,
	}
	if h.l.Minor >= 22 && !s.NoScan && s.Class != 0 && s.ElemSize > maxInlineBits {
		o.Header = 8
	}
	switch {
	case !h.allocated(&s, i):
		o.State = Free
	case s.Sweep != Swept && !h.marked(&s, i):
		o.State = Condemned
	default:
		o.State = Allocated
	}
	return o
}

// allocated reports what the allocator says of slot i. Where the core has no
// bits for it, it is taken for allocated: that claims least.
//
// Source: $GOROOT/src/runtime/mbitmap.go (isFree), go1.21 to go1.27.
func (h *Heap) allocated(s *Span, i int) bool {
	if i < s.freeIndex {
		return true
	}
	set, ok := h.bit(s.allocBits, i)
	return set || !ok
}

// marked reports whether the last collection reached slot i, of a span that has
// not been swept since. Where Green Tea keeps marks inside of the span, the sweep
// is to add them to the others.
func (h *Heap) marked(s *Span, i int) bool {
	set, ok := h.bit(s.markBits, i)
	if set || !ok || !h.marksInside(s) {
		return set || !ok
	}
	set, ok = h.bit(uint64(s.End)-greenTeaReserve+greenTeaMarks, i)
	return set || !ok
}

const (
	// greenTeaReserve is what the Green Tea collector takes from the end of a
	// span of small objects; the marks begin in it at greenTeaMarks, and its last
	// byte is the span class.
	//
	// Source: $GOROOT/src/runtime/mgcmark_greenteagc.go (spanInlineMarkBits), go1.26.
	greenTeaReserve = 128
	greenTeaMarks   = 64
	greenTeaMin     = 16 // smallest object
)

// marksInside reports whether the span has Green Tea's marks. The build says so
// nowhere in the heap, but fewer objects fit then.
func (h *Heap) marksInside(s *Span) bool {
	if h.l.Minor < 25 || s.Class == 0 || s.ElemSize < greenTeaMin || s.ElemSize > maxInlineBits {
		return false
	}
	size := s.Pages() * pageSize
	if !s.NoScan {
		size -= size / 64 // the bitmap of pointers
	}
	if with, without := (size-greenTeaReserve)/s.ElemSize, size/s.ElemSize; with != without {
		return uint64(s.Elems) == with
	}
	b, err := h.p.Slice(s.End-1, 1)
	return err == nil && b[0]>>1 == s.Class
}

// bit reads bit i of the bitmap at a.
func (h *Heap) bit(a uint64, i int) (set, ok bool) {
	b, err := h.p.Slice(core.Addr(a+uint64(i)/8), 1)
	if a == 0 || err != nil {
		return false, false
	}
	return b[0]>>(i%8)&1 != 0, true
}
