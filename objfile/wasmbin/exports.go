package wasmbin

import (
	"bytes"
	"slices"
)

// readExport reads one export.
func (m *Module) readExport(r *reader) (name []byte, kind Kind, index int) {
	name = r.nameBytes("export name")
	at := r.off
	k := r.u8()
	if r.err == nil && k > uint8(KindTag) {
		r.failAt(at, "malformed export kind %d", k)
	}
	if r.err != nil {
		return nil, 0, 0
	}
	memories := 0
	if m.memory != nil {
		memories = 1
	}
	n := [...]int{len(m.funcs), len(m.tables), memories, len(m.globals), len(m.tags)}[k]
	return name, Kind(k), r.index(n, kindNames[k])
}

// readExports checks the exports and that no two have one name, for which it
// sorts their offsets.
func (m *Module) readExports(r *reader) {
	n := r.count(3, MaxExports, "exports")
	offs := make([]uint32, 0, n)
	base := r.off
	for range n {
		offs = append(offs, uint32(r.off-base))
		_, kind, index := m.readExport(r)
		if r.err != nil {
			return
		}
		if kind == KindFunc {
			m.declare(index)
		}
	}
	name := func(off uint32) []byte {
		r := reader{data: m.data, off: base + int(off), end: r.end}
		return r.bytes(r.u32(""), "")
	}
	slices.SortFunc(offs, func(a, b uint32) int { return bytes.Compare(name(a), name(b)) })
	for i := 1; i < len(offs); i++ {
		if a := name(offs[i]); bytes.Equal(name(offs[i-1]), a) {
			r.failAt(base+int(max(offs[i], offs[i-1])), "duplicate export name %.100q", a)
			return
		}
	}
}

// Exports calls yield for each export in order.
func (m *Module) Exports(yield func(Export) bool) {
	r := m.find(SecExport)
	for range r.count(3, 0, "exports") {
		name, kind, index := m.readExport(r)
		if !yield(Export{string(name), kind, index}) {
			return
		}
	}
}

func (m *Module) readStart(r *reader) {
	at := r.off
	i := r.index(len(m.funcs), "function")
	if r.err != nil {
		return
	}
	if t := m.types[m.funcs[i].Type]; t.params != 0 || t.results != 0 {
		r.failAt(at, "start function %d must have no parameters and no results", i)
	}
	m.start = i
}
