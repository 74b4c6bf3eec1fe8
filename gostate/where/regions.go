package where

import (
	"cmp"
	"slices"

	"moho/core"
	"moho/gostate/heap"
	"moho/objfile"
)

// A Range is a part of the address space that is one thing throughout.
//
// Held is how many bytes of it the core holds, or the executable for it. Name
// says what it is where that is not the kind alone: a section, a file.
type Range struct {
	Start, End core.Addr
	Kind       Kind
	Perms      [3]bool // read, write, execute
	Held       uint64
	Name       string
	Heap       *Usage // of heap arenas
}

// Usage counts what the pages of a part of the heap are used for, in bytes.
// Allocated is what the objects in spans in use take up, free slots apart.
type Usage struct {
	Spans     int
	InUse     uint64
	Allocated uint64
	Stacks    uint64
	Buffers   uint64 // of the collector
}

// Ranges returns the address space in order: the regions of the core, cut where
// the program's text, tables and variables begin and end.
func (m *Map) Ranges() []Range {
	var out []Range
	parts := m.parts()
	for _, r := range m.p.Regions() {
		at := r.Addr
		for _, p := range parts {
			if p.End <= at || p.Start >= r.End() {
				continue
			}
			if p.Start > at {
				out = append(out, m.whole(&r, at, p.Start))
				at = p.Start
			}
			end := min(p.End, r.End())
			rg := m.whole(&r, at, end)
			rg.Kind, rg.Name = p.Kind, p.Name
			out = append(out, rg)
			at = end
		}
		if at < r.End() {
			out = append(out, m.whole(&r, at, r.End()))
		}
	}
	out = tidy(out)
	m.usage(out)
	return out
}

// maxPadding is how much unused room between two parts of the image is not
// worth a line: the linker aligns sections by as much.
const maxPadding = 64

// tidy joins what is one thing, and gives padding to what lies before it.
func tidy(list []Range) []Range {
	out := list[:0]
	for _, r := range list {
		if n := len(out); n > 0 && out[n-1].End == r.Start && out[n-1].Perms == r.Perms {
			if last := &out[n-1]; last.Kind == r.Kind && last.Name == r.Name || r.End-r.Start <= maxPadding {
				last.End, last.Held = r.End, last.Held+r.Held
				continue
			}
		}
		out = append(out, r)
	}
	return out
}

// whole describes [lo, hi) of region r by what its first byte is.
func (m *Map) whole(r *core.Region, lo, hi core.Addr) Range {
	rg := Range{Start: lo, End: hi, Perms: [3]bool{r.Read, r.Write, r.Exec}}
	rg.Held = m.held(lo, hi)
	switch pl := m.Find(lo); {
	case m.h != nil && m.h.InArena(lo) && (r.Read || r.Write):
		rg.Kind = Heap
	case pl.Kind == Unmapped:
		rg.Kind = Reserved
	default:
		rg.Kind = pl.Kind
		if pl.Kind == File {
			rg.Name = pl.File
		}
		if rg.Name == "" && r.File != "" {
			rg.Name = r.File
		}
		switch {
		case pl.Kind == Stack && pl.Owner != nil && pl.Owner.What != "goroutine":
			rg.Name = pl.Short()
		case pl.Kind == Stack && m.mainStack(r):
			rg.Name = "of the main thread"
		case pl.Kind == Stack:
			rg.Name = "of a thread"
		case pl.Kind == Anonymous && m.h != nil:
			rg.Name = m.h.Keeps(lo, hi)
		}
	}
	return rg
}

// held returns how many bytes of [lo, hi) can be read.
func (m *Map) held(lo, hi core.Addr) (n uint64) {
	if m.runs == nil {
		for a, b := range m.p.Memory() {
			m.runs = append(m.runs, run{a, a + core.Addr(len(b))})
		}
	}
	i, found := slices.BinarySearchFunc(m.runs, lo, func(r run, a core.Addr) int { return cmp.Compare(r.lo, a) })
	if !found && i > 0 {
		i--
	}
	for ; i < len(m.runs) && m.runs[i].lo < hi; i++ {
		if from, to := max(lo, m.runs[i].lo), min(hi, m.runs[i].hi); from < to {
			n += uint64(to - from)
		}
	}
	return n
}

// A run is memory that can be read, [lo, hi).
type run struct{ lo, hi core.Addr }

// parts returns what the module data says of the program's own image, in order.
func (m *Map) parts() []Range {
	if m.w == nil {
		return nil
	}
	mod := m.w.Module()
	var out []Range
	for _, p := range [...]struct {
		lo, hi uint64
		kind   Kind
		name   string
	}{
		{uint64(mod.Text), uint64(mod.EText), Text, "functions of the program"},
		{uint64(mod.Types), uint64(mod.ETypes), ROData, "types and constants"},
		{uint64(mod.PCHeader), uint64(mod.EPclnTab), ROData, "function table"},
		{uint64(mod.NoPtrData), uint64(mod.ENoPtrData), Data, ".noptrdata"},
		{uint64(mod.Data), uint64(mod.EData), Data, ".data"},
		{uint64(mod.BSS), uint64(mod.EBSS), BSS, ".bss"},
		{uint64(mod.NoPtrBSS), uint64(mod.ENoPtrBSS), BSS, ".noptrbss"},
	} {
		if p.lo < p.hi {
			out = append(out, Range{Start: core.Addr(p.lo), End: core.Addr(p.hi), Kind: p.kind, Name: p.name})
		}
	}
	slices.SortFunc(out, func(a, b Range) int { return cmp.Compare(a.Start, b.Start) })
	n := 0
	for _, r := range out { // of those that overlap the first is kept
		if n == 0 || r.Start >= out[n-1].End {
			out[n] = r
			n++
		}
	}
	return out[:n]
}

// usage counts what the arenas are used for. It reads every span once.
func (m *Map) usage(out []Range) {
	if m.h == nil {
		return
	}
	for s := range m.h.Spans() {
		i, found := slices.BinarySearchFunc(out, s.Start, func(r Range, a core.Addr) int { return cmp.Compare(r.Start, a) })
		if !found {
			i--
		}
		if i < 0 || out[i].Kind != Heap || s.Start >= out[i].End {
			continue
		}
		if out[i].Heap == nil {
			out[i].Heap = new(Usage)
		}
		u, size := out[i].Heap, uint64(s.End-s.Start)
		u.Spans++
		switch {
		case s.State == heap.InUse:
			u.InUse += size
			u.Allocated += uint64(s.Count) * s.ElemSize
		case s.ElemSize > 0:
			u.Stacks += size
		default:
			u.Buffers += size
		}
	}
}

// Total adds up what the heap is used for.
func Total(ranges []Range) Usage {
	var u Usage
	for _, r := range ranges {
		if h := r.Heap; h != nil {
			u.Spans += h.Spans
			u.InUse += h.InUse
			u.Allocated += h.Allocated
			u.Stacks += h.Stacks
			u.Buffers += h.Buffers
		}
	}
	return u
}

// A Mark is an address of the runtime's that people look for.
type Mark struct {
	Name string
	Addr core.Addr
}

// Marks returns where the runtime's own structures are: the first thread and
// its g0, the heap's description, the module data.
func (m *Map) Marks() []Mark {
	if m.w == nil {
		return nil
	}
	var out []Mark
	mod := m.w.Module()
	for _, t := range m.w.Threads() {
		a := objfile.Addr(t.G0)
		if mod.BSS <= a && a < mod.ENoPtrBSS || mod.NoPtrBSS <= a && a < mod.ENoPtrBSS {
			out = append(out, Mark{"runtime.g0", t.G0}, Mark{"runtime.m0", t.M})
		}
	}
	if m.h != nil {
		out = append(out, Mark{"runtime.mheap_", m.h.Addr()})
	}
	if mod.Addr != 0 {
		out = append(out, Mark{"runtime.firstmoduledata", core.Addr(mod.Addr)})
	}
	slices.SortFunc(out, func(a, b Mark) int { return cmp.Compare(a.Addr, b.Addr) })
	return out
}
