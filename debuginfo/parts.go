package debuginfo

import "reflect"

// A Field is one field of a structure, as the compiler lays it out: the words
// of a string, slice or interface are fields too, under the runtime's names.
type Field struct {
	Name     string
	Off      uint64 // in bytes
	Type     Type
	Embedded bool
}

// Elem returns the type that a pointer points to or that an array, a slice, a
// channel or the values of a map are made of, void for others.
func (t Type) Elem() Type {
	q := question()
	s, at, ok := q.through(t)
	if !ok {
		return Type{}
	}
	switch {
	case s.kind == reflect.Map || s.kind == reflect.Chan:
		return s.goElem
	case s.tag == tagPointerType, s.tag == tagReferenceType, s.tag == tagArrayType:
		return s.elem
	}
	if s.kind == reflect.Slice { // a structure whose first member points there
		if m, ok := q.member(at, s, 0); ok {
			return m.typ.Elem()
		}
	}
	return Type{}
}

// Key returns the type of the keys of a map, void for others.
func (t Type) Key() Type {
	s, _, ok := question().through(t)
	if !ok || s.kind != reflect.Map {
		return Type{}
	}
	return s.goKey
}

// Len returns the number of elements of an array; not ok for others.
func (t Type) Len() (uint64, bool) {
	q := question()
	s, at, ok := q.through(t)
	if !ok || s.tag != tagArrayType {
		return 0, false
	}
	return q.count(at, s)
}

// Runtime returns where the running program has its own descriptor of the type,
// in bytes from where those begin, which package gotab calls Module.Types; 0
// where the compiler does not say, or the linker has dropped it. Until Go 1.22 the
// linker wrote the address instead for uintptr, and for no other type.
//
// Source: DW_AT_go_runtime_type in $GOROOT/src/cmd/link/internal/ld/dwarf.go,
// go1.26.
func (t Type) Runtime() uint64 {
	q := question()
	for range maxHops {
		s, ok := q.shape(t)
		if !ok {
			return 0
		}
		if s.rtype != 0 || s.tag != tagTypedef || s.kind != reflect.Invalid {
			return s.rtype
		}
		t = s.elem // a type parameter stands for this one
	}
	return 0
}

// Fields returns the fields of a structure, in the order of the file, and
// whether that is all of them: a type can be cut, and more than most fields are
// not read. It is nil for others.
func (t Type) Fields(most int) (fields []Field, all bool) {
	q := question()
	s, at, ok := q.through(t)
	if !ok {
		return nil, false
	}
	if s.tag != tagStructType && s.tag != tagUnionType {
		return nil, true
	}
	all = true
	q.children(at, s, func(c *cursor, a *abbrev) (bool, error) {
		var f Field
		var name value
		for _, sp := range c.specs(a) {
			v, err := c.value(sp)
			if err != nil {
				all = false
				return false, err
			}
			switch sp.attr {
			case attrName:
				name = v
			case attrDataMemberLoc:
				f.Off = v.u
			case attrGoEmbedded:
				f.Embedded = v.u != 0
			case attrType:
				if v.ref() {
					f.Type = Type{t.d, v.u}
				}
			}
		}
		if a.tag != tagMember {
			return true, nil
		}
		if len(fields) >= most {
			all = false
			return false, nil
		}
		f.Name = at.d.str1(s.u, name)
		fields = append(fields, f)
		return true, nil
	})
	return fields, all && q.left > 0
}
