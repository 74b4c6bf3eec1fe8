package heap

import (
	"cmp"
	"slices"
	"sync"

	"moho/core"
	"moho/gostate/internal/layout"
)

// An Owner says whose stack an address lies in.
//
// [Lo, Hi) is the stack. GoID is 0 for the stacks that a thread has beside
// those of its goroutines: What is "g0" or "gsignal" then, else "goroutine".
// G is the address of the g.
type Owner struct {
	What   string
	GoID   uint64
	TID    int // of the thread, for g0 and gsignal
	G      core.Addr
	Lo, Hi core.Addr
}

// stackIndex has the stacks of all goroutines in order of address. It is made
// when it is first asked for: 24 bytes for each goroutine.
type stackIndex struct {
	once   sync.Once
	stacks []stackOf
}

type stackOf struct{ lo, hi, g uint64 }

// StackAt returns whose stack a lies in. It knows the stacks of goroutines that
// live and those of threads; what dead goroutines left, and stacks that the
// runtime keeps to use again, have no owner.
func (h *Heap) StackAt(a core.Addr) (Owner, bool) {
	h.stacks.once.Do(h.indexStacks)
	list := h.stacks.stacks
	i, found := slices.BinarySearchFunc(list, uint64(a), func(s stackOf, a uint64) int { return cmp.Compare(s.lo, a) })
	if !found {
		i--
	}
	if i >= 0 && uint64(a) < list[i].hi {
		s := list[i]
		id, _ := h.word(s.g + uint64(h.l.GID))
		return Owner{What: "goroutine", GoID: id, G: core.Addr(s.g), Lo: core.Addr(s.lo), Hi: core.Addr(s.hi)}, true
	}
	for _, t := range h.w.Threads() {
		for _, x := range [...]struct {
			what string
			g    core.Addr
		}{{"gsignal", t.GSignal}, {"g0", t.G0}} {
			lo, hi, ok := h.stackOf(uint64(x.g))
			if ok && lo <= uint64(a) && uint64(a) < hi {
				return Owner{What: x.what, TID: t.TID, G: x.g, Lo: core.Addr(lo), Hi: core.Addr(hi)}, true
			}
		}
	}
	return Owner{}, false
}

// indexStacks reads the bounds of all goroutines' stacks.
func (h *Heap) indexStacks() {
	list := make([]stackOf, 0, h.w.NumG())
	v := h.p.View()
	for g := range h.w.Addrs() {
		lo, err1 := v.Word(g + core.Addr(h.l.GStackLo))
		hi, err2 := v.Word(g + core.Addr(h.l.GStackHi))
		if err1 == nil && err2 == nil && lo < hi {
			list = append(list, stackOf{lo, hi, uint64(g)})
		}
	}
	slices.SortFunc(list, func(a, b stackOf) int { return cmp.Compare(a.lo, b.lo) })
	h.stacks.stacks = list
}

// stackOf returns the bounds of the stack of the g at g.
func (h *Heap) stackOf(g uint64) (lo, hi uint64, ok bool) {
	if g == 0 {
		return 0, 0, false
	}
	lo, ok1 := h.word(g + uint64(h.l.GStackLo))
	hi, ok2 := h.word(g + uint64(h.l.GStackHi))
	return lo, hi, ok1 && ok2 && lo < hi
}

// FreeStack reports whether a lies in a stack that is on the list of those that
// its span has to give away.
//
// Source: $GOROOT/src/runtime/stack.go (stackpoolfree), go1.26.
func (h *Heap) FreeStack(s Span, a core.Addr) bool {
	if s.State != Manual || s.ElemSize == 0 {
		return false
	}
	p, _ := h.word(uint64(s.Addr) + uint64(h.freeList()))
	for n := uint64(0); p >= uint64(s.Start) && p < uint64(s.End) && n <= uint64(s.End-s.Start)/s.ElemSize; n++ {
		if uint64(a)-p < s.ElemSize {
			return true
		}
		var ok bool
		if p, ok = h.word(p); !ok {
			return false
		}
	}
	return false
}

// freeList returns the offset of mspan.manualFreeList, which has always been
// the word behind npages.
func (h *Heap) freeList() layout.Off { return h.l.SpanPages + 8 }
