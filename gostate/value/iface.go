package value

import (
	"reflect"

	"moho/core"
)

// hasMethods reports whether values of an interface type begin with an itab and
// not with a type.
func (d *decoder) hasMethods(s *shape) bool {
	if s.at.rt != 0 {
		y, err := d.w.Table().TypeAt(d.link(s.at.rt))
		if err != nil {
			return false
		}
		m, err := d.w.Table().Methods(y)
		return err == nil && len(m) > 0
	}
	// DWARF: a pointer to the structure that Go's linker takes for it, of
	// which the first field is called so.
	fields, _ := s.at.dw.Fields(1)
	return len(fields) > 0 && fields[0].Name == "tab"
}

// iface reads what an interface value holds.
//
// Source: $GOROOT/src/internal/abi/iface.go (ITab, EmptyInterface), go1.26.
func (d *decoder) iface(v *Value, p place, methods bool, depth int) {
	first, err := d.word(p)
	if err != nil {
		v.Unreadable = err.Error()
		return
	}
	data, err := d.word(p.plus(8))
	if err != nil {
		v.Unreadable = err.Error()
		return
	}
	if v.Pointer = core.Addr(data); first == 0 {
		v.Nil = true
		return
	}
	typ := core.Addr(first)
	if methods {
		x, err := d.word(place{addr: typ + 8})
		if err != nil {
			v.Unreadable = "no itab: " + err.Error()
			return
		}
		typ = core.Addr(x)
	}
	s, err := d.shape(ref{rt: typ})
	if err != nil {
		v.Unreadable = err.Error()
		return
	}
	if d.o.Nodes <= 0 {
		v.Elided = 1
		return
	}
	if d.direct(s) {
		v.Children = []Value{d.value(s, p.plus(8), depth)}
		return
	}
	seen := visit{v.Pointer, s}
	if d.seen[seen] { // an interface that holds a structure with itself inside
		v.Note = "shown elsewhere"
		return
	}
	d.seen[seen] = true
	v.Children = []Value{d.value(s, place{addr: v.Pointer}, depth)}
}

// direct reports whether an interface holds a value of the type itself rather
// than a pointer to it.
//
// Source: IsDirectIface in $GOROOT/src/internal/abi/type.go, go1.21 to go1.27.
func (d *decoder) direct(s *shape) bool {
	if s.size != 8 {
		return false
	}
	b, err := d.view.Slice(s.at.rt, typHead)
	if err != nil {
		return s.kind != reflect.Struct && pointerSized(s.kind) != 0
	}
	if minor, _ := d.w.Layout(); minor >= 26 && b[typTFlag]&directIface != 0 {
		return true
	}
	return b[typKind]&directIface != 0
}
