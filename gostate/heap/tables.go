package heap

import "moho/core"

// Tables returns where the heap's description of itself lies: mheap_, the
// descriptors of spans with their bits, and the index of arenas as far as there
// are spans. No object is among them. The ranges are in no order.
func (h *Heap) Tables() []core.Range {
	var list []core.Range
	keep := func(a, size uint64) {
		if a != 0 && size != 0 {
			list = append(list, core.Range{Addr: core.Addr(a), Size: size})
		}
	}
	keep(h.base, uint64(h.l.HeapSize))
	spans, n := h.allSpans()
	keep(spans, 8*n)
	arenas := map[uint64]bool{}
	for s := range h.Spans() {
		keep(uint64(s.Addr), uint64(h.l.SpanSize))
		bits := (uint64(s.Elems) + 7) / 8
		keep(s.allocBits, bits)
		keep(s.markBits, bits)
		for i := (uint64(s.Start) - h.geo.base) >> h.geo.shift; i <= (uint64(s.End)-1-h.geo.base)>>h.geo.shift && i < h.geo.arenas; i++ {
			if arenas[i] {
				continue
			}
			arenas[i] = true
			keep(h.l2+8*i, 8)
			if arena, ok := h.word(h.l2 + 8*i); ok {
				keep(arena, uint64(h.l.ArenaSize))
			}
		}
	}
	return list
}
