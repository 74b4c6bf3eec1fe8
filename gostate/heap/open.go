package heap

import (
	"encoding/binary"
	"errors"
	"fmt"
	"sync"

	"moho/core"
	"moho/evidence"
	"moho/gostate"
	"moho/gostate/internal/layout"
)

// ErrNoHeap means that the runtime's own description of its heap was not found.
var ErrNoHeap = errors.New("no Go heap found")

// maxKnown is how many goroutines are tried as the known address: a damaged
// one must not hide the heap.
const maxKnown = 16

// A Heap is the Go heap of a process. It is safe for concurrent use as long as
// the process is open.
type Heap struct {
	w     *gostate.World
	p     *core.Process
	l     *layout.Layout
	geo   geometry
	base  uint64 // of runtime.mheap_
	l2    uint64 // of the second level of mheap_.arenas
	sweep uint32 // mheap_.sweepgen
	gaps  []evidence.Gap

	stacks stackIndex
	gs     gIndex
}

// gIndex has the addresses of all goroutines, in order. It is made when it is
// first asked for.
type gIndex struct {
	once sync.Once
	list []core.Addr
}

// Open finds the heap of w. The error wraps [ErrNoHeap] when there is none to
// be found.
func Open(w *gostate.World) (*Heap, error) {
	h := &Heap{w: w, p: w.Process(), l: w.Offsets()}
	h.geo = geometryOf(h.l)
	if err := h.locate(); err != nil {
		return nil, fmt.Errorf("heap: %s: %w", h.p.Name(), err)
	}
	gen, ok := h.half(h.base + uint64(h.l.HeapSweepGen))
	if h.sweep = gen; !ok || gen%2 != 0 { // it goes up by two
		h.gap("sweep generation", fmt.Sprintf("%#x", h.base), "%d cannot be one; what is said of sweeping may be wrong", gen)
	}
	if _, n := h.allSpans(); n == 0 {
		h.gap("list of spans", fmt.Sprintf("%#x", h.base), "it is not where Go 1.%d keeps it, or not in the core; single addresses can be looked up", h.l.Minor)
	}
	return h, nil
}

// Addr returns the address of runtime.mheap_.
func (h *Heap) Addr() core.Addr { return core.Addr(h.base) }

// Gaps lists what could not be read when the heap was opened.
func (h *Heap) Gaps() []evidence.Gap { return h.gaps }

// locate finds mheap_: the word among the program's variables that is
// mheap_.arenas, because through it the span of a known g is found.
func (h *Heap) locate() error {
	known := h.known()
	if len(known) == 0 {
		return fmt.Errorf("%w: no goroutine is known to look for", ErrNoHeap)
	}
	lo, hi := h.w.Variables()
	for a, run := range h.p.Memory() {
		from, to := max(a, lo), min(a+core.Addr(len(run)), hi)
		if from >= to {
			continue
		}
		run = run[from-a : to-a]
		for off := uint64(-from & 7); off+8 <= uint64(len(run)); off += 8 {
			l2 := binary.LittleEndian.Uint64(run[off:])
			if l2 < 4096 || l2%8 != 0 {
				continue
			}
			at := uint64(from) + off
			if at < uint64(h.l.HeapArenas) || !h.leads(l2, known) {
				continue
			}
			h.l2, h.base = l2, at-uint64(h.l.HeapArenas)
			return nil
		}
	}
	return fmt.Errorf("%w: nothing among the program's variables leads to the spans of its goroutines", ErrNoHeap)
}

// known returns addresses that the heap must hold.
func (h *Heap) known() []core.Addr {
	var list []core.Addr
	for a := range h.w.Addrs() {
		if list = append(list, a); len(list) == maxKnown {
			break
		}
	}
	return list
}

// leads reports whether the spans of most known addresses are found through l2.
func (h *Heap) leads(l2 uint64, known []core.Addr) bool {
	h.l2 = l2
	good := 0
	for i, a := range known {
		if s, ok := h.SpanAt(a); ok && s.State == InUse && s.ElemSize >= uint64(h.l.GSize) && uint64(a-s.Start)%s.ElemSize == 0 {
			good++
		} else if i >= 2 && good == 0 {
			break
		}
	}
	h.l2 = 0
	return good > 0 && 2*good >= len(known)
}

// word and half read memory; false where the core has none.
func (h *Heap) word(a uint64) (uint64, bool) {
	x, err := h.p.Word(core.Addr(a))
	return x, err == nil
}

func (h *Heap) half(a uint64) (uint32, bool) {
	b, err := h.p.Slice(core.Addr(a), 4)
	if err != nil {
		return 0, false
	}
	return binary.LittleEndian.Uint32(b), true
}

func (h *Heap) gap(what, where, format string, args ...any) {
	h.gaps = append(h.gaps, evidence.Gap{What: what, Where: where, Why: fmt.Sprintf(format, args...)})
}
