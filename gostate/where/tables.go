package where

import (
	"fmt"
	"strings"

	"moho/core"
	"moho/gotab"
	"moho/objfile"
)

const (
	maxQuote  = 40      // bytes of text that are quoted
	minQuote  = 4       // fewer printable bytes in a row are chance
	maxTables = 1 << 20 // types and itabs that are kept; etcd has 8,000 types
)

// describe says what the linker put at a.
func (m *Map) describe(a core.Addr) string {
	m.tables.Do(m.readTables)
	link := objfile.Addr(uint64(a) - m.w.Bias())
	if t, ok := m.types[link]; ok {
		return "descriptor of type " + t.Name
	}
	if it, ok := m.itabs[link]; ok {
		typ, _ := m.w.Table().TypeAt(it.Type)
		inter, _ := m.w.Table().TypeAt(it.Inter)
		return fmt.Sprintf("itab of %s for %s", typ.Name, inter.Name)
	}
	mod := m.w.Module()
	if at := objfile.Addr(a); mod.PCHeader <= at && at < mod.EPclnTab {
		return "function table"
	}
	if code, err := m.p.Word(a); err == nil && a%8 == 0 {
		if f, pc, ok := m.w.FuncAt(core.Addr(code)); ok && f.Entry() == pc {
			return "func value of " + gotab.PrintName(f.Name())
		}
	}
	return m.quote(a)
}

// quote returns the text that begins at a, if it looks like text.
func (m *Map) quote(a core.Addr) string {
	b, err := m.p.Slice(a, maxQuote)
	if err != nil {
		return ""
	}
	n := 0
	for n < len(b) && (b[n] >= ' ' && b[n] < 0x7f || b[n] == '\n' || b[n] == '\t') {
		n++
	}
	if n < minQuote {
		return ""
	}
	s := fmt.Sprintf("%q", b[:n])
	if n == len(b) {
		s = strings.TrimSuffix(s, `"`) + `…"`
	}
	return "text " + s
}

// readTables keeps the types and itabs of the program by address.
func (m *Map) readTables() {
	m.types, m.itabs = map[objfile.Addr]gotab.Type{}, map[objfile.Addr]gotab.Itab{}
	for t, err := range m.w.Table().Types() {
		if err == nil && len(m.types) < maxTables {
			m.types[t.Addr] = t
		}
	}
	for it, err := range m.w.Table().Itabs() {
		if err == nil && len(m.itabs) < maxTables {
			m.itabs[it.Addr] = it
		}
	}
}
