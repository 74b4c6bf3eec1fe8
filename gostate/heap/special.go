package heap

import (
	"encoding/binary"
	"fmt"

	"moho/core"
	"moho/gostate/internal/layout"
)

// A Kind says what a special record is about.
type Kind string

const (
	Finalizer  Kind = "finalizer"
	Cleanup    Kind = "cleanup"
	Weak       Kind = "weak pointer"
	Profile    Kind = "profile"
	Pinned     Kind = "pinned"
	TinyBlock  Kind = "tiny block"
	Reachable  Kind = "reachability test"
	Bubble     Kind = "synctest bubble"
	Secret     Kind = "secret"
	CheckFinal Kind = "checkfinalizers"
)

// kinds returns what the numbers of special.kind mean, from 1 on. They were
// renumbered more than once.
//
// Source: $GOROOT/src/runtime/mheap.go (_KindSpecialFinalizer), go1.21 to go1.27.
func kinds(l *layout.Layout) []Kind {
	switch {
	case l.Minor <= 22:
		return []Kind{Finalizer, Profile, Reachable, Pinned}
	case l.Minor <= 24:
		return []Kind{Finalizer, Weak, Profile, Reachable, Pinned, Cleanup}
	}
	return []Kind{TinyBlock, Finalizer, Weak, Profile, Reachable, Pinned, Cleanup, CheckFinal, Bubble, Secret}
}

// A Special is a record that the runtime keeps beside an object.
//
// Fn is the closure that a finalizer or cleanup calls, Type what the finalizer's
// argument points to, 0 if it is not known. Stack is where the object was
// allocated, as return addresses, innermost first, for those that the memory
// profiler sampled.
type Special struct {
	Kind  Kind
	Addr  core.Addr
	Off   uint64 // from the start of the object
	Fn    core.Addr
	Type  core.Addr
	Stack []core.Addr

	handle uint64 // of a weak pointer
}

// maxDepth bounds the stack of a profile record. The runtime's limit is 32, and
// 128 since Go 1.23; inlining may make it deeper.
const maxDepth = 1024

// Specials returns the records about o.
func (h *Heap) Specials(o *Object) []Special {
	var list []Special
	lo := uint64(o.Base - o.Span.Start)
	h.specials(&o.Span, func(s Special, off uint64) {
		if off >= lo && off < lo+o.Size {
			s.Off = off - lo
			list = append(list, s)
		}
	})
	return list
}

// specials calls f with each record of the span and the offset that it is about.
func (h *Heap) specials(s *Span, f func(sp Special, off uint64)) {
	names := kinds(h.l)
	// A record is of 24 bytes at least, and of one kind for one byte at most.
	limit := uint64(s.End-s.Start) * uint64(len(names))
	for p, n := s.specials, uint64(0); p != 0 && n < limit; n++ {
		off, kind, next, ok := h.special(p)
		if !ok || off >= uint64(s.End-s.Start) {
			return
		}
		sp := Special{Addr: core.Addr(p)}
		if kind == 0 || int(kind) > len(names) {
			sp.Kind = Kind(fmt.Sprintf("special %d", kind))
		} else {
			sp.Kind = names[kind-1]
		}
		h.detail(&sp, p)
		f(sp, off)
		if next == p {
			return
		}
		p = next
	}
}

// special reads the head of the record at p.
func (h *Heap) special(p uint64) (off uint64, kind uint8, next uint64, ok bool) {
	b, err := h.p.Slice(core.Addr(p), int(h.l.SpecialKind)+1)
	if err != nil {
		return 0, 0, 0, false
	}
	if h.l.Minor >= 24 {
		off = binary.LittleEndian.Uint64(b[h.l.SpecialOffset:])
	} else {
		off = uint64(binary.LittleEndian.Uint16(b[h.l.SpecialOffset:]))
	}
	return off, b[h.l.SpecialKind], binary.LittleEndian.Uint64(b[h.l.SpecialNext:]), true
}

// detail reads what a record of its kind has behind the head.
func (h *Heap) detail(sp *Special, p uint64) {
	l := h.l
	word := func(off layout.Off) uint64 {
		if off < 0 {
			return 0
		}
		x, _ := h.word(p + uint64(off))
		return x
	}
	switch sp.Kind {
	case Finalizer:
		sp.Fn, sp.Type = core.Addr(word(l.FinalizerFn)), h.pointee(word(l.FinalizerType))
	case Cleanup:
		if sp.Fn = core.Addr(word(l.CleanupFn)); l.CleanupCall >= 0 {
			sp.Fn = core.Addr(word(l.CleanupCall + 8)) // behind the function that calls it
		}
	case Weak:
		sp.handle = word(l.WeakHandle)
	case Profile:
		sp.Stack = h.bucket(word(l.ProfileBucket))
	}
}

// bucket returns the stack of a bucket of the memory profile.
func (h *Heap) bucket(p uint64) []core.Addr {
	n, ok := h.word(p + uint64(h.l.BucketDepth))
	if p == 0 || !ok || n > maxDepth {
		return nil
	}
	b, err := h.p.Slice(core.Addr(p+uint64(h.l.BucketSize)), int(n)*8)
	if err != nil {
		return nil
	}
	stack := make([]core.Addr, n)
	for i := range stack {
		stack[i] = core.Addr(binary.LittleEndian.Uint64(b[i*8:]))
	}
	return stack
}
