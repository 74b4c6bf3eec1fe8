package heap

import (
	"encoding/binary"
	"slices"
	"strings"

	"moho/core"
	"moho/gostate/internal/layout"
	"moho/gotab"
	"moho/objfile"
)

// A Typing says what is known of an object's type, and how.
//
// Addr is the descriptor in the process, 0 if there is none: the runtime's own
// structures have a Name only. Where the type is smaller than the slot, the
// object may be an array or the backing of a slice of Max elements at most.
// From says where the type was read; when nothing is known it is "" and Why says
// why.
type Typing struct {
	Addr core.Addr
	Name string
	Size uint64
	Max  uint64
	From string
	Why  string
}

// What [Typing.From] says, beside [Finalizer].
const (
	MallocHeader = "malloc header" // the word before the value
	LargeSpan    = "span"          // the span of a large object
	Runtime      = "runtime"       // it is what goroutines and threads are made of
	Contents     = "contents"      // it is a channel or closure by what it holds
)

// TypeOf returns the type of an object.
func (h *Heap) TypeOf(o *Object) Typing {
	if o.State == Free {
		return Typing{Why: "the slot is free"}
	}
	if t, ok := h.runtimeType(o); ok {
		return t
	}
	if t, ok := h.channel(o); ok {
		return t
	}
	if t, ok := h.closure(o); ok {
		return t
	}
	why := ""
	switch {
	case o.Tiny:
		return Typing{Why: "a block that small values without pointers share has no type"}
	case o.Span.NoScan:
		why = "objects without pointers carry no type"
	case h.l.Minor < 22:
		why = "before Go 1.22 objects carry no type"
	case o.Header != 0:
		p, _ := h.word(uint64(o.Base))
		if t, ok := h.typing(p, o.Size-o.Header); ok {
			t.From = MallocHeader
			return t
		}
		why = "its first word, which should name it, is not a type of the program"
		if p == 0 {
			why = "its first word, which is to name it, has not been written yet"
		}
	case o.Span.Class == 0:
		if t, ok := h.typing(o.Span.largeType, o.Size); ok {
			t.From = LargeSpan
			return t
		}
		why = "the type that its span names is not of the program: made by reflection, or a copy that the collector made"
	default:
		why = "objects of 512 bytes and less carry no type"
	}
	for _, s := range h.Specials(o) {
		if t, ok := h.typing(uint64(s.Type), o.Size); ok && s.Kind == Finalizer && s.Off == 0 {
			t.From = string(Finalizer)
			return t
		}
	}
	return Typing{Why: why}
}

// TypeAt returns the program's type whose descriptor is at a, an address in the
// process. Types made by reflection are not the program's.
func (h *Heap) TypeAt(a core.Addr) (gotab.Type, bool) {
	m := h.w.Module()
	if a == 0 || a < core.Addr(m.Types) || a >= core.Addr(m.ETypes) {
		return gotab.Type{}, false
	}
	t, err := h.w.Table().TypeAt(objfile.Addr(uint64(a) - h.w.Bias()))
	return t, err == nil
}

// typing describes the type at p for an object with room for size bytes.
func (h *Heap) typing(p, size uint64) (Typing, bool) {
	t, ok := h.TypeAt(core.Addr(p))
	if !ok || t.Size > size {
		return Typing{}, false
	}
	max := uint64(1)
	if t.Size > 0 {
		max = size / t.Size
	}
	return Typing{Addr: core.Addr(p), Name: t.Name, Size: t.Size, Max: max}, true
}

// pointee returns what the pointer type at p points to.
func (h *Heap) pointee(p uint64) core.Addr {
	t, ok := h.TypeAt(core.Addr(p))
	if !ok || t.Elem == 0 || t.Kind != gotab.KindPointer {
		return 0
	}
	return core.Addr(uint64(t.Elem) + h.w.Bias())
}

// runtimeType recognises the structures that goroutines and threads are made of.
func (h *Heap) runtimeType(o *Object) (Typing, bool) {
	data := uint64(o.Data())
	is := func(name string, size int32) (Typing, bool) {
		return Typing{Name: name, Size: uint64(size), Max: 1, From: Runtime}, true
	}
	if o.Size >= uint64(h.l.GSize) && o.Size < 2*uint64(h.l.GSize) && h.IsG(core.Addr(data)) {
		return is("runtime.g", h.l.GSize)
	}
	for _, t := range h.w.Threads() {
		switch a := core.Addr(data); {
		case a == t.M && o.Size >= uint64(h.l.MSize):
			return is("runtime.m", h.l.MSize)
		case (a == t.G0 || a == t.GSignal) && o.Size >= uint64(h.l.GSize):
			return is("runtime.g", h.l.GSize)
		}
	}
	if o.Size >= uint64(h.l.SudogSize) && o.Size < 2*uint64(h.l.SudogSize) {
		if g, ok := h.word(data + uint64(h.l.SudogG)); ok && h.IsG(core.Addr(g)) {
			return is("runtime.sudog", h.l.SudogSize)
		}
	}
	return Typing{}, false
}

// channel recognises a channel: its element type is one of the program's, and its
// numbers fit that, each other and the slot.
//
// Source: $GOROOT/src/runtime/chan.go (hchan, makechan), go1.21 to go1.27.
func (h *Heap) channel(o *Object) (Typing, bool) {
	l := h.l
	if o.Size < uint64(l.ChanHead) || o.Header != 0 {
		return Typing{}, false
	}
	b, err := h.p.Slice(o.Base, int(l.ChanHead))
	if err != nil {
		return Typing{}, false
	}
	word := func(off layout.Off) uint64 { return binary.LittleEndian.Uint64(b[off:]) }
	elem, ok := h.TypeAt(core.Addr(word(l.ChanElemType)))
	count, size := word(l.ChanCount), word(l.ChanSize)
	elemSize := uint64(binary.LittleEndian.Uint16(b[l.ChanElemSize:]))
	if !ok || elem.Size != elemSize || count > size || word(l.ChanSendX) > size || word(l.ChanRecvX) > size {
		return Typing{}, false
	}
	if closed := binary.LittleEndian.Uint32(b[l.ChanClosed:]); closed > 1 {
		return Typing{}, false
	}
	// Elements without pointers follow the head; others are an object of their
	// own; without a buffer the word points to itself.
	switch buf := word(l.ChanBuf); {
	case size*elemSize == 0:
		ok = buf == uint64(o.Base)+uint64(l.ChanBuf) || buf == uint64(o.Base)+uint64(l.ChanHead)
	case elem.PtrBytes == 0:
		ok = buf == uint64(o.Base)+uint64(l.ChanHead) && size <= (o.Size-uint64(l.ChanHead))/elemSize
	default:
		_, ok = h.SpanAt(core.Addr(buf))
	}
	if !ok {
		return Typing{}, false
	}
	return Typing{Name: "runtime.hchan, of a chan " + elem.Name, Size: uint64(l.ChanHead), Max: 1, From: Contents}, true
}

// closure recognises what a func value points to: its first word is the entry of
// a function that the compiler made of a function literal, a method value or a
// go or defer statement. Other functions have theirs outside of the heap.
func (h *Heap) closure(o *Object) (Typing, bool) {
	if o.Header != 0 || o.Span.NoScan && o.Tiny {
		return Typing{}, false
	}
	pc, ok := h.word(uint64(o.Base))
	if !ok || pc == 0 {
		return Typing{}, false
	}
	f, at, ok := h.w.FuncAt(core.Addr(pc))
	if !ok || f.Entry() != at {
		return Typing{}, false
	}
	name := f.Name()
	if !strings.Contains(name, ".func") && !strings.Contains(name, "-fm") && !strings.Contains(name, "wrap") {
		return Typing{}, false
	}
	return Typing{Name: "closure of " + gotab.PrintName(name), Max: 1, From: Contents}, true
}

// IsG reports whether a is the g of a goroutine that lives.
func (h *Heap) IsG(a core.Addr) bool {
	_, ok := slices.BinarySearch(h.sortedG(), a)
	return ok
}
