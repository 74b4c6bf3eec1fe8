package gotab

import (
	"encoding/binary"

	"moho/objfile"
)

// A layout gives the indexes of words of moduledata that changed; 0 stands for
// none.
type layout struct {
	since                                  string
	end, types, etypes, rodata, gof, epcln int
	textsects                              int
	typelinks, itablinks                   int // slices, until Go 1.26
	typedesclen, itaboffset, itabsize      int // since Go 1.27
}

const since116, since127 = "1.16", "1.27"

// Source: type moduledata in $GOROOT/src/runtime/symtab.go, each release from
// go1.16.15 to go1.27.3.
var layouts = []layout{
	{since: since127, end: 34, types: 37, typedesclen: 38, etypes: 39, itaboffset: 40, itabsize: 41, rodata: 42, gof: 43, epcln: 44, textsects: 45},
	{since: "1.26", end: 34, types: 37, etypes: 38, rodata: 39, gof: 40, epcln: 41, textsects: 42, typelinks: 45, itablinks: 48},
	{since: "1.20", end: 34, types: 37, etypes: 38, rodata: 39, gof: 40, textsects: 41, typelinks: 44, itablinks: 47},
	{since: "1.18", end: 32, types: 35, etypes: 36, rodata: 37, gof: 38, textsects: 39, typelinks: 42, itablinks: 45},
	{since: since116, end: 32, types: 35, etypes: 36, textsects: 37, typelinks: 40, itablinks: 43},
}

// words returns how many words of moduledata l needs.
func (l layout) words() int { return max(l.textsects, l.itablinks) + 3 }

// fits fills in the fields of layout l and reports true if the text section map
// is where l has it: a slice whose first entry begins at the text base.
func (mod *Module) fits(m Memory, l layout, w []uint64) bool {
	if !(w[l.types] <= w[l.etypes] && w[l.end] >= uint64(mod.EBSS)) {
		return false
	}
	sects, ok := mod.sections(m, w[l.textsects:l.textsects+3], l.since == since116)
	if !ok {
		return false
	}
	mod.Layout, mod.TextSects = l.since, sects
	at := func(i int) objfile.Addr {
		if i == 0 {
			return 0
		}
		return objfile.Addr(w[i])
	}
	mod.End, mod.Types, mod.ETypes = at(l.end), at(l.types), at(l.etypes)
	mod.ROData, mod.GoFunc, mod.EPclnTab = at(l.rodata), at(l.gof), at(l.epcln)
	if l.typelinks != 0 {
		mod.TypeLinks = Span{at(l.typelinks), w[l.typelinks+1]}
		mod.ItabLinks = Span{at(l.itablinks), w[l.itablinks+1]}
	}
	if l.typedesclen != 0 {
		mod.ETypeDesc = mod.Types + at(l.typedesclen)
		mod.Itabs = Span{mod.Types + at(l.itaboffset), w[l.itabsize]}
	}
	return true
}

// sections reads the text section map, a slice. Until Go 1.17 the second word
// of an entry is the length of the section, then its end.
func (mod *Module) sections(m Memory, slice []uint64, length bool) ([]TextSect, bool) {
	at, count := slice[0], slice[1]
	if count == 0 || count > maxTextSects || count != slice[2] {
		return nil, false
	}
	raw, err := m.Slice(objfile.Addr(at), int(24*count))
	if err != nil {
		return nil, false
	}
	sects := make([]TextSect, 0, count)
	for i := range int(count) {
		off, end := binary.LittleEndian.Uint64(raw[24*i:]), binary.LittleEndian.Uint64(raw[24*i+8:])
		if length {
			end += off
		}
		addr, err := m.Word(objfile.Addr(at) + objfile.Addr(24*i+16))
		if err != nil || off >= end || end > 0xffffffff {
			return nil, false
		}
		if i > 0 { // ascending and disjoint, on both sides
			if prev := sects[i-1]; off < uint64(prev.End) || PC(addr) < prev.Addr+PC(prev.End-prev.Off) {
				return nil, false
			}
		}
		sects = append(sects, TextSect{Off: uint32(off), End: uint32(end), Addr: PC(addr)})
	}
	return sects, sects[0].Off == 0 && sects[0].Addr == mod.Text
}
