package where

import (
	"cmp"
	"errors"
	"slices"
	"sync"

	"moho/arch"
	"moho/core"
	"moho/gostate"
	"moho/gostate/heap"
	"moho/gostate/value"
	"moho/gostate/vars"
	"moho/gotab"
	"moho/objfile"
)

// A Map says what addresses of one process are. It is for one user at a time.
type Map struct {
	p *core.Process
	w *gostate.World // nil when only the core is known
	h *heap.Heap     // nil when no heap was found

	names  sync.Once
	syms   []objfile.Symbol // with a size, by address at link time
	tables sync.Once
	types  map[objfile.Addr]gotab.Type
	itabs  map[objfile.Addr]gotab.Itab

	runs []run // of memory that can be read; made when it is asked for

	g    *gostate.Goroutine // the one that was asked for last
	vars *vars.Reader
}

// New returns a Map of p. w may be nil, and so may h.
func New(p *core.Process, w *gostate.World, h *heap.Heap) *Map { return &Map{p: p, w: w, h: h} }

// Find says what there is at a.
func (m *Map) Find(a core.Addr) Place {
	pl := Place{Addr: a}
	if i, ok := m.region(a); ok {
		pl.Region = &m.p.Regions()[i]
	}
	_, err := m.p.Slice(a, 1)
	pl.Held = err == nil
	switch {
	case m.w != nil && (m.text(&pl) || m.variable(&pl) || m.linked(&pl)):
	case m.h != nil && (m.span(&pl) || m.stack(&pl)):
	case m.vdso(&pl), m.file(&pl):
	case m.h != nil && m.h.InArena(a) && pl.Region != nil && (pl.Region.Read || pl.Region.Write):
		pl.Kind = FreeHeap
	case m.threadStack(&pl):
	case pl.Region != nil && !pl.Region.Read && !pl.Region.Write && !pl.Region.Exec:
		pl.Kind = Reserved
	case pl.Region != nil || !errors.Is(err, core.ErrUnmapped):
		pl.Kind = Anonymous
	default:
		pl.Kind = Unmapped
	}
	return pl
}

// region returns the index of the region that holds a.
func (m *Map) region(a core.Addr) (int, bool) {
	list := m.p.Regions()
	i, found := slices.BinarySearchFunc(list, a, func(r core.Region, a core.Addr) int { return cmp.Compare(r.Addr, a) })
	if !found {
		i--
	}
	return i, i >= 0 && a < list[i].End()
}

func (m *Map) text(pl *Place) bool {
	mod := m.w.Module()
	f, pc, ok := m.w.FuncAt(pl.Addr)
	wasm := m.p.Arch().Name == arch.WASM.Name // whose PCs are no addresses
	if !ok || wasm && pl.Held || !wasm && mod.EText > mod.Text &&
		(gotab.PC(pl.Addr) < mod.Text || gotab.PC(pl.Addr) >= mod.EText) {
		return false
	}
	pl.Kind, pl.FuncOff = Text, uint64(pc-f.Entry())
	for _, c := range m.w.Table().Frames(nil, f, pc) {
		pl.Calls = append(pl.Calls, Call{gotab.PrintName(c.Func), c.File, c.Line, c.Inlined})
	}
	return true
}

// variable finds out whether the address is among the program's variables.
func (m *Map) variable(pl *Place) bool {
	mod, a := m.w.Module(), objfile.Addr(pl.Addr)
	for _, r := range [...]struct {
		lo, hi objfile.Addr
		kind   Kind
	}{
		{mod.NoPtrData, mod.ENoPtrData, Data},
		{mod.Data, mod.EData, Data},
		{mod.BSS, mod.EBSS, BSS},
		{mod.NoPtrBSS, mod.ENoPtrBSS, BSS},
	} {
		if r.lo <= a && a < r.hi {
			pl.Kind = r.kind
			pl.Section, _ = m.section(a)
			m.symbol(pl)
			return true
		}
	}
	return false
}

// linked finds out whether the address is elsewhere in the executable's image.
func (m *Map) linked(pl *Place) bool {
	exe := m.w.Exe()
	if exe == nil {
		return false
	}
	link := objfile.Addr(uint64(pl.Addr) - m.w.Bias())
	wasm := exe.WASM() != nil
	for _, s := range exe.Segments() {
		size := s.MemSize
		if wasm {
			size = s.FileSize // what follows is all memory, the heap too
		}
		if link < s.Addr || uint64(link-s.Addr) >= size {
			continue
		}
		switch {
		case wasm && link < m.w.Module().NoPtrData:
			pl.Kind = ROData // so the linker sorts it; nothing protects it
		case s.Exec:
			pl.Kind = Text // startup code of C, a procedure linkage table
		case s.Write:
			pl.Kind = Data
		default:
			pl.Kind = ROData
		}
		if pl.Section, _ = m.section(objfile.Addr(pl.Addr)); pl.Section == ".bss" || pl.Section == ".noptrbss" {
			pl.Kind = BSS
		}
		m.symbol(pl)
		if pl.Kind == ROData || pl.Kind == Data {
			pl.Is = m.describe(pl.Addr)
		}
		return true
	}
	return false
}

// section returns the section of the executable that a, in the process, is in.
func (m *Map) section(a objfile.Addr) (string, bool) {
	exe := m.w.Exe()
	if exe == nil {
		return "", false
	}
	link := objfile.Addr(uint64(a) - m.w.Bias())
	for _, s := range exe.Sections() {
		if s.Alloc && s.Addr <= link && uint64(link-s.Addr) < s.Size {
			return s.Name, true
		}
	}
	return "", false
}

// symbol names the variable or constant.
func (m *Map) symbol(pl *Place) { pl.Symbol, pl.SymbolOff, _ = m.Symbol(pl.Addr) }

// Symbol returns the entry of the symbol table that a lies in, and how far into
// it a is.
func (m *Map) Symbol(a core.Addr) (name string, off uint64, ok bool) {
	if m.w == nil {
		return "", 0, false
	}
	m.names.Do(m.readSymbols)
	link := objfile.Addr(uint64(a) - m.w.Bias())
	i, found := slices.BinarySearchFunc(m.syms, link, func(s objfile.Symbol, a objfile.Addr) int { return cmp.Compare(s.Addr, a) })
	if !found {
		i--
	}
	if i < 0 || uint64(link-m.syms[i].Addr) >= m.syms[i].Size {
		return "", 0, false
	}
	return m.syms[i].Name, uint64(link - m.syms[i].Addr), true
}

func (m *Map) readSymbols() {
	exe := m.w.Exe()
	if exe == nil {
		return
	}
	syms, err := exe.Symbols()
	if err != nil {
		return
	}
	for _, s := range syms {
		if s.Size > 0 {
			m.syms = append(m.syms, s)
		}
	}
	// Of symbols that begin together the one with the largest extent is last, but
	// the runtime's bounds of sections have no extent and are not there.
	slices.SortStableFunc(m.syms, func(a, b objfile.Symbol) int {
		return cmp.Or(cmp.Compare(a.Addr, b.Addr), cmp.Compare(a.Size, b.Size))
	})
}

// span finds out whether the address is in a span: an object's or a stack's.
func (m *Map) span(pl *Place) bool {
	s, ok := m.h.SpanAt(pl.Addr)
	if !ok || s.State == heap.Dead {
		return false
	}
	pl.Kind, pl.Span = Heap, &s
	if s.State == heap.Manual {
		pl.Kind = Stack
		if !m.stack(pl) {
			if pl.FreeStack = m.h.FreeStack(s, pl.Addr); s.ElemSize == 0 {
				pl.Kind = Anonymous // a buffer of the collector's
			}
		}
		return true
	}
	if o, ok := m.h.ObjectIn(s, pl.Addr); ok {
		pl.Object = &o
		pl.Type = m.h.TypeOf(&o)
		pl.Specials = m.h.Specials(&o)
	}
	return true
}

// stack finds out whose stack it is.
func (m *Map) stack(pl *Place) bool {
	o, ok := m.h.StackAt(pl.Addr)
	if !ok {
		return false
	}
	pl.Kind, pl.Owner = Stack, &o
	if o.GoID == 0 {
		return true
	}
	if m.g == nil || m.g.ID != o.GoID {
		g, ok := m.w.GoroutineAt(o.G)
		if !ok {
			return true
		}
		m.g = g
	}
	pl.Goroutine = m.g
	for i := range m.g.Frames {
		f := &m.g.Frames[i]
		if f.Inlined || f.G0 || pl.Addr < f.SP || pl.Addr >= f.CFA {
			continue
		}
		pl.Frame, pl.Slot = f, m.slot(f, pl.Addr)
		pl.Variable = m.local(m.g, i, pl.Addr)
		break
	}
	return true
}

// local names the variable of frame i, or of a call that was inlined into it,
// that a lies in. Without DWARF there are none.
func (m *Map) local(g *gostate.Goroutine, i int, a core.Addr) string {
	if m.vars == nil {
		m.vars = vars.NewReader(m.w)
	}
	for j := i; j >= 0 && (j == i || g.Frames[j].Inlined); j-- {
		list, err := m.vars.Vars(g, j, value.Options{Depth: -1, Elements: 1, Text: 1, Nodes: 1})
		if err != nil {
			continue
		}
		for k := range list {
			v := &list[k]
			if v.From != vars.Memory && v.From != vars.Spilled || a < v.Value.Addr || uint64(a-v.Value.Addr) >= v.Value.Size {
				continue
			}
			name := v.Name + plus(uint64(a-v.Value.Addr)) + " " + v.Type
			if j < i {
				name += ", of " + g.Frames[j].Func
			}
			return name
		}
	}
	return ""
}

// slot says which word of the frame's link to its caller a is in.
//
// On arm64 the words at the frame's own bottom are what its callee is to find:
// this function's return address is at its SP, the caller's frame pointer below.
func (m *Map) slot(f *gostate.Frame, a core.Addr) string {
	switch p := m.p.Arch(); {
	case p.HasLR && f.SP <= a && a < f.SP+8:
		return "return address"
	case p.HasLR && a >= f.CFA-8:
		return "saved frame pointer of the callers"
	case p.HasLR:
		return ""
	case a >= f.CFA-8:
		return "return address"
	case a >= f.CFA-16 && p.Index(arch.FP) >= 0:
		return "saved frame pointer"
	}
	return ""
}
