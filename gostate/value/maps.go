package value

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"moho/core"
	"moho/gostate"
	"moho/gostate/internal/layout"
)

// slots say where keys and elements are in a group, or in a bucket as those were
// called until Go 1.23: eight of each.
type slots struct {
	size                  uint64
	keys, keyStride       uint64
	elems, elemStride     uint64
	indirKey, indirElem   bool
	key, elem             *shape
	inlineKey, inlineElem uint64 // bytes that a slot has for them
}

// Offsets in the descriptor of a map type, behind its key and element.
//
// Source: $GOROOT/src/internal/abi/map.go (MapType), go1.27, go1.26; OldMapType
// in map_noswiss.go, go1.24; MapType in type.go, go1.21.
const (
	mapGroup     = 64 // type of a group or bucket
	mapGroupSize = 80 // or, of buckets, sizes of key and element, a byte each
	mapLonger    = 136
	perGroup     = 8
)

// oldMaps reports whether the maps of the program have buckets.
func oldMaps(w *gostate.World) bool {
	minor, _ := w.Layout()
	return minor < 24 || minor < 26 && strings.Contains(w.Version(), "noswissmap")
}

// slotsOf returns the layout of a map type's groups.
func (d *decoder) slotsOf(s *shape) (*slots, error) {
	if s.slots != nil {
		return s.slots, nil
	}
	rt := s.at.rt
	if rt == 0 {
		off, base := s.at.dw.Runtime(), d.w.Module().Types
		if off == 0 || base == 0 {
			return nil, fmt.Errorf("the program has no descriptor of %s", s.name)
		}
		rt = core.Addr(uint64(base) + off)
	}
	key, err := d.shape(s.key)
	if err != nil {
		return nil, err
	}
	elem, err := d.shape(s.elem)
	if err != nil {
		return nil, err
	}
	minor, _ := d.w.Layout()
	length := 112
	switch {
	case d.old:
		length = 88
	case minor >= 27:
		length = mapLonger
	}
	b, err := d.view.Slice(rt, length)
	if err != nil {
		return nil, memoryError(err)
	}
	l := &slots{key: key, elem: elem, inlineKey: key.size, inlineElem: elem.size}
	word := binary.LittleEndian.Uint64
	flags := uint32(0)
	switch {
	case d.old:
		flags = binary.LittleEndian.Uint32(b[84:])
		l.indirKey, l.indirElem = flags&1 != 0, flags&2 != 0
		l.size = uint64(binary.LittleEndian.Uint16(b[82:]))
		l.keyStride, l.elemStride = uint64(b[80]), uint64(b[81])
		l.keys, l.elems = perGroup, perGroup+perGroup*l.keyStride
	case minor >= 27:
		l.size = word(b[80:])
		l.keys, l.keyStride, l.elems, l.elemStride = word(b[88:]), word(b[96:]), word(b[104:]), word(b[112:])
		flags = binary.LittleEndian.Uint32(b[128:])
		l.indirKey, l.indirElem = flags&4 != 0, flags&8 != 0
	default:
		l.size = word(b[80:])
		l.keys, l.keyStride = perGroup, word(b[88:])
		l.elems, l.elemStride = perGroup+word(b[96:]), word(b[88:])
		flags = binary.LittleEndian.Uint32(b[104:])
		l.indirKey, l.indirElem = flags&4 != 0, flags&8 != 0
	}
	if l.indirKey {
		l.inlineKey = 8
	}
	if l.indirElem {
		l.inlineElem = 8
	}
	if !l.fits() {
		return nil, fmt.Errorf("the descriptor of %s contradicts itself", s.name)
	}
	s.slots = l
	return l, nil
}

// maxGroup bounds the bytes of a group: keys and elements of more than 128
// bytes are kept elsewhere.
const maxGroup = 8 + perGroup*(128+128) + 8

// fits reports whether keys and elements lie within the group.
func (l *slots) fits() bool {
	if l.size < perGroup || l.size > maxGroup || max(l.keys, l.keyStride, l.elems, l.elemStride) > maxGroup {
		return false
	}
	return l.inlineKey <= l.keyStride && l.inlineElem <= l.elemStride &&
		l.keys+(perGroup-1)*l.keyStride+l.inlineKey <= l.size &&
		l.elems+(perGroup-1)*l.elemStride+l.inlineElem <= l.size
}

// mapping reads a map.
func (d *decoder) mapping(v *Value, s *shape, p place, depth int) error {
	x, err := d.word(p)
	if err != nil {
		return err
	}
	v.Pointer, v.Nil, v.Text = core.Addr(x), x == 0, hex(x)
	if x == 0 {
		return nil
	}
	l, err := d.slotsOf(s)
	if err != nil {
		return err
	}
	m := mapReader{d, v, l, depth, 0}
	if d.old {
		err = m.buckets()
	} else {
		err = m.swiss()
	}
	m.sort()
	if err != nil {
		return err
	}
	switch have := m.found; {
	case have < v.Len:
		v.Elided = v.Len - uint64(len(v.Children)/2)
		if d.o.Nodes > 0 && len(v.Children)/2 < d.o.Elements {
			v.Note = fmt.Sprintf("its count says %d, its memory holds %d", v.Len, have)
		}
	case have > v.Len && v.Len > 0 || have > v.Len && !d.old:
		v.Note = fmt.Sprintf("its count says %d, its memory holds more", v.Len)
	}
	return nil
}

// A mapReader reads one map.
type mapReader struct {
	*decoder
	v     *Value
	l     *slots
	depth int
	found uint64
}

// full reports whether the tree has room for no more entries.
func (m *mapReader) full() bool {
	return m.o.Nodes <= 0 || len(m.v.Children)/2 >= m.o.Elements
}

// slot adds the entry in slot i of the group at a.
func (m *mapReader) slot(a core.Addr, i uint64) error {
	m.found++
	at := func(off uint64, indirect bool, s *shape) (Value, error) {
		p := place{addr: a + core.Addr(off)}
		if indirect {
			x, err := m.word(p)
			if err != nil {
				return Value{}, err
			}
			p = place{addr: core.Addr(x)}
		}
		return m.value(s, p, m.depth), nil
	}
	key, err := at(m.l.keys+i*m.l.keyStride, m.l.indirKey, m.l.key)
	if err != nil {
		return err
	}
	elem, err := at(m.l.elems+i*m.l.elemStride, m.l.indirElem, m.l.elem)
	if err != nil {
		return err
	}
	m.v.Children = append(m.v.Children, key, elem)
	return nil
}

// visit counts a group that is looked at; an error when there were too many.
func (m *mapReader) visit() error {
	if m.visits--; m.visits < 0 {
		return fmt.Errorf("more than %d groups of slots", maxVisits)
	}
	return nil
}

// sort orders the entries by their keys, as far as those are texts or numbers:
// their order in memory is by chance.
func (m *mapReader) sort() {
	c := m.v.Children
	type entry struct{ key, elem Value }
	entries := make([]entry, len(c)/2)
	for i := range entries {
		entries[i] = entry{c[2*i], c[2*i+1]}
	}
	slices.SortStableFunc(entries, func(a, b entry) int { return compareKeys(&a.key, &b.key) })
	for i, e := range entries {
		c[2*i], c[2*i+1] = e.key, e.elem
	}
}

func compareKeys(a, b *Value) int {
	if a.Kind != b.Kind {
		return cmp.Compare(a.Kind, b.Kind)
	}
	switch a.Kind {
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		x, _ := strconv.ParseInt(a.Text, 10, 64)
		y, _ := strconv.ParseInt(b.Text, 10, 64)
		return cmp.Compare(x, y)
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		x, _ := strconv.ParseUint(a.Text, 10, 64)
		y, _ := strconv.ParseUint(b.Text, 10, 64)
		return cmp.Compare(x, y)
	case reflect.Float32, reflect.Float64:
		x, _ := strconv.ParseFloat(a.Text, 64)
		y, _ := strconv.ParseFloat(b.Text, 64)
		return cmp.Compare(x, y)
	case reflect.Interface, reflect.Struct, reflect.Array:
		for i := range min(len(a.Children), len(b.Children)) {
			if c := compareKeys(&a.Children[i], &b.Children[i]); c != 0 {
				return c
			}
		}
	}
	return strings.Compare(a.Text, b.Text)
}

// swiss reads a map of Go 1.24 and newer: one group, or a directory of tables.
//
// Source: $GOROOT/src/internal/runtime/maps (map.go, table.go, group.go), go1.27.
func (m *mapReader) swiss() error {
	l, a := m.w.Offsets(), m.v.Pointer
	if l.MapUsed < 0 {
		return fmt.Errorf("no layout of maps for this version")
	}
	var err error
	if m.v.Len, err = m.word(place{addr: a + core.Addr(l.MapUsed)}); err != nil {
		return err
	}
	dir, err := m.word(place{addr: a + core.Addr(l.MapDirPtr)})
	if err != nil {
		return err
	}
	n, err := m.word(place{addr: a + core.Addr(l.MapDirLen)})
	if err != nil {
		return err
	}
	if n == 0 {
		if dir == 0 { // as make leaves it until the first entry
			return nil
		}
		return m.group(core.Addr(dir))
	}
	if n&(n-1) != 0 || n > 1<<48 {
		return fmt.Errorf("no map: a directory of %d tables", n)
	}
	last := uint64(0)
	for i := range n {
		if m.full() {
			return nil
		}
		if err := m.visit(); err != nil {
			return err
		}
		t, err := m.word(place{addr: core.Addr(dir + 8*i)})
		if err != nil {
			return err
		}
		if t == last { // one table for several places, which follow each other
			continue
		}
		last = t
		if err := m.table(core.Addr(t), l); err != nil {
			return err
		}
	}
	return nil
}

// table reads the groups of one table.
func (m *mapReader) table(t core.Addr, l *layout.Layout) error {
	data, err := m.word(place{addr: t + core.Addr(l.TableGroups)})
	if err != nil {
		return err
	}
	mask, err := m.word(place{addr: t + core.Addr(l.TableGroups) + 8})
	if err != nil {
		return err
	}
	if mask&(mask+1) != 0 || mask >= 1<<48 {
		return fmt.Errorf("no map: a table of %d groups", mask+1)
	}
	for i := uint64(0); i <= mask && !m.full(); i++ {
		if err := m.group(core.Addr(data + i*m.l.size)); err != nil {
			return err
		}
	}
	return nil
}

// group reads a group: a byte of control for each slot, whose highest bit is
// set if it is free.
func (m *mapReader) group(a core.Addr) error {
	if err := m.visit(); err != nil {
		return err
	}
	ctrl, err := m.read(place{addr: a}, perGroup)
	if err != nil {
		return err
	}
	for i, c := range ctrl {
		if c&0x80 != 0 {
			continue
		}
		if m.full() {
			m.found++ // there is more
			break
		}
		if err := m.slot(a, uint64(i)); err != nil {
			return err
		}
	}
	return nil
}
