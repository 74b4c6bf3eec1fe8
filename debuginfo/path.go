package debuginfo

import (
	"reflect"
	"strconv"
	"strings"
)

// member is one field of a structure.
type member struct {
	name string
	off  uint64
	typ  Type
}

// member returns the field of t in which offset off is: the last one that begins
// at or before it. Where several begin at one place, as in a union, it is the
// first that has bytes.
func (q *types) member(t Type, s shape, off uint64) (member, bool) {
	var best member
	found := false
	q.children(t, s, func(c *cursor, a *abbrev) (bool, error) {
		var name value
		var m member
		for _, sp := range c.specs(a) {
			v, err := c.value(sp)
			if err != nil {
				return false, err
			}
			switch sp.attr {
			case attrName:
				name = v
			case attrDataMemberLoc:
				m.off = v.u // a block is an expression, which nobody uses for structures
			case attrType:
				if v.ref() {
					m.typ = Type{t.d, v.u}
				}
			}
		}
		if a.tag != tagMember || m.off > off || found && m.off < best.off ||
			found && m.off == best.off && q.size(best.typ) > 0 {
			return true, nil
		}
		m.name = t.d.str1(s.u, name)
		best, found = m, true
		return true, nil
	})
	return best, found && (best.off == off || off-best.off < q.size(best.typ))
}

// PathAt names the part of a value of type t that is off bytes from its
// beginning, down to what has no parts, and returns the type of that part:
// ".len" of a slice, ".hdr.flags[3]" of a structure. Strings have .ptr and .len,
// slices .cap too, interfaces .type or .tab, and .data, complex numbers .real
// and .imag. An offset within a part ends in +n. The path is "" for the whole of
// a value without parts, and stops where the type is not known.
func (t Type) PathAt(off uint64) (string, Type) {
	q := question()
	var p strings.Builder
	for range maxHops {
		s, at, ok := q.through(t)
		if !ok {
			break
		}
		name, next, rest, ok := q.part(t, s, at, off)
		if !ok || p.Len()+len(name) > maxTypeName {
			break
		}
		p.WriteString(name)
		t, off = next, rest
	}
	if off > 0 {
		p.WriteString("+" + strconv.FormatUint(off, 10))
	}
	return p.String(), t
}

// part returns the name of the part at off, its type, and how far into it off is.
func (q *types) part(t Type, s shape, at Type, off uint64) (name string, typ Type, rest uint64, ok bool) {
	switch kind := q.kind(t); {
	case s.tag == tagArrayType:
		size := q.size(s.elem)
		if size == 0 {
			return "", Type{}, 0, false
		}
		return "[" + strconv.FormatUint(off/size, 10) + "]", s.elem, off % size, true
	case kind == reflect.Complex64 || kind == reflect.Complex128:
		half := s.size / 2
		if half == 0 || off >= s.size {
			return "", Type{}, 0, false
		}
		return [...]string{".real", ".imag"}[off/half], Type{}, off % half, true
	case s.tag == tagStructType || s.tag == tagUnionType:
		if kind == reflect.Map || kind == reflect.Chan {
			return "", Type{}, 0, false // a pointer, whatever it is called
		}
		m, ok := q.member(at, s, off)
		if !ok {
			return "", Type{}, 0, false
		}
		return "." + plainMember(kind, m.name), m.typ, off - m.off, true
	}
	return "", Type{}, 0, false
}

// plainMember turns the runtime's names of the words of a string, slice or
// interface into those that everybody uses.
func plainMember(kind reflect.Kind, name string) string {
	switch kind {
	case reflect.String, reflect.Slice:
		if name == "str" || name == "array" {
			return "ptr"
		}
	case reflect.Interface:
		if name == "_type" {
			return "type"
		}
	}
	return name
}
