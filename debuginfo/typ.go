package debuginfo

import (
	"math"
	"math/bits"
	"reflect"
	"strconv"
	"strings"
)

// A Type is the type of a variable or of a part of one: a small value that is
// decoded when it is asked. The zero Type, void, is of kind Invalid.
type Type struct {
	d   *Data
	off uint64
}

// shape is one entry of a type.
type shape struct {
	u        *unit
	tag      uint16
	name     string
	size     uint64
	hasSize  bool
	kind     reflect.Kind // what Go's compiler says
	encoding uint64
	elem     Type // what the entry refers to
	goKey    Type // of a Go map
	goElem   Type // of a Go map, channel or slice
	rtype    uint64
	children bool
}

// types answers one question about a type. It looks at so many entries and then
// knows nothing more: types that consist of each other would be endless.
type types struct{ left int }

func question() *types { return &types{maxTypeWork} }

// spend counts an entry; false when there were too many.
func (q *types) spend() bool {
	q.left--
	return q.left >= 0
}

// shape reads the entry of t; not ok for void, and for what can't be read.
func (q *types) shape(t Type) (shape, bool) {
	if t.d == nil || !q.spend() {
		return shape{}, false
	}
	u, err := t.d.unitAt(t.off)
	if err != nil {
		return shape{}, false
	}
	c, err := t.d.cursor(u, t.off)
	if err != nil {
		return shape{}, false
	}
	a, _, err := c.next()
	if err != nil || a == nil {
		return shape{}, false
	}
	s := shape{u: u, tag: a.tag, children: a.children}
	for _, sp := range c.specs(a) {
		v, err := c.value(sp)
		if err != nil {
			return shape{}, false
		}
		switch sp.attr {
		case attrName:
			s.name = t.d.str1(u, v)
		case attrByteSize:
			s.size, s.hasSize = v.u, !v.block()
		case attrGoKind:
			if v.u <= uint64(reflect.UnsafePointer) {
				s.kind = reflect.Kind(v.u)
			}
		case attrEncoding:
			s.encoding = v.u
		case attrType:
			if v.ref() {
				s.elem = Type{t.d, v.u}
			}
		case attrGoKey:
			if v.ref() {
				s.goKey = Type{t.d, v.u}
			}
		case attrGoElem:
			if v.ref() {
				s.goElem = Type{t.d, v.u}
			}
		case attrGoRuntimeType:
			if !v.block() {
				s.rtype = v.u
			}
		}
	}
	return s, true
}

// through returns t without the names and qualifiers around it. Go's interfaces,
// maps and channels are typedefs too, of the structures that they consist of;
// their kind stays.
func (q *types) through(t Type) (shape, Type, bool) {
	kind := reflect.Invalid
	var key, elem Type
	for range maxHops {
		s, ok := q.shape(t)
		if !ok {
			return shape{}, Type{}, false
		}
		if kind == reflect.Invalid {
			kind = s.kind
		}
		if elem.d == nil {
			key, elem = s.goKey, s.goElem
		}
		switch s.tag {
		case tagTypedef, tagConstType, tagVolatileType, tagRestrictType, tagAtomicType:
			t = s.elem
			continue
		}
		if kind != reflect.Invalid {
			s.kind = kind
		}
		s.goKey, s.goElem = key, elem
		return s, t, true
	}
	return shape{}, Type{}, false
}

// Name returns the type's name as the compiler wrote it: "[]int", "main.T",
// "struct sigaction". Pointers and qualified types of C, which have none, get
// one that says what they are; "" is void or not known.
func (t Type) Name() string {
	q, prefix := question(), ""
	for range maxHops {
		s, ok := q.shape(t)
		if !ok {
			break
		}
		// A type parameter, .param0, goes by the type that it stands for.
		if s.name != "" && !(s.tag == tagTypedef && strings.HasPrefix(s.name, ".param")) {
			return (prefix + s.name)[:min(len(prefix)+len(s.name), maxTypeName)]
		}
		switch s.tag {
		case tagPointerType:
			prefix += "*"
		case tagReferenceType:
			prefix += "&"
		case tagArrayType:
			if n, ok := q.count(t, s); ok {
				prefix += "[" + strconv.FormatUint(n, 10) + "]"
			} else {
				prefix += "[]"
			}
		case tagTypedef, tagConstType, tagVolatileType, tagRestrictType, tagAtomicType:
		case tagSubroutineType:
			return prefix + "func"
		case tagStructType, tagUnionType, tagEnumerationType:
			return prefix + "struct"
		default:
			return prefix + "?"
		}
		t = s.elem
	}
	if prefix != "" {
		return prefix + "void"
	}
	return ""
}

// Size returns the bytes that a value takes up, 0 where that is not known.
func (t Type) Size() uint64 { return question().size(t) }

func (q *types) size(t Type) uint64 {
	n := uint64(1)
	for range maxHops {
		s, at, ok := q.through(t)
		switch {
		case !ok:
			return 0
		case s.hasSize:
			return product(n, s.size)
		case s.tag == tagArrayType:
			count, ok := q.count(at, s)
			if !ok {
				return 0
			}
			n, t = product(n, count), s.elem
			continue
		}
		switch s.tag {
		case tagPointerType, tagReferenceType, tagSubroutineType: // of Go, a func value
			return product(n, uint64(s.u.addrSize))
		}
		return 0
	}
	return 0
}

// product returns a×b, 0 if that is no size that anything could have.
func product(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	if hi != 0 || lo > math.MaxInt64 {
		return 0
	}
	return lo
}

// count returns the number of elements of an array.
func (q *types) count(t Type, s shape) (uint64, bool) {
	n, found := uint64(1), false
	q.children(t, s, func(c *cursor, a *abbrev) (bool, error) {
		here, known := uint64(0), false
		for _, sp := range c.specs(a) {
			v, err := c.value(sp)
			if err != nil {
				return false, err
			}
			switch {
			case v.block() || v.ref(): // only known when the program runs
			case sp.attr == attrCount:
				here, known = v.u, true
			case sp.attr == attrUpperBound:
				here, known = v.u+1, true
			}
		}
		if a.tag == tagSubrangeType {
			n, found = product(n, here), known
		}
		return true, nil
	})
	return n, found
}

// children calls visit at each entry directly below that of t, until it returns
// false. visit reads all attributes.
func (q *types) children(t Type, s shape, visit func(*cursor, *abbrev) (bool, error)) {
	if !s.children {
		return
	}
	c, err := t.d.cursor(s.u, t.off)
	if err != nil {
		return
	}
	a, at, err := c.next()
	if err != nil || a == nil || c.skip(a, at) != nil {
		return
	}
	for {
		a, at, err := c.next()
		if err != nil || a == nil || c.depth == 0 || !q.spend() {
			return
		}
		if c.depth > 1 {
			if c.skip(a, at) != nil {
				return
			}
			continue
		}
		if more, err := visit(&c, a); err != nil || !more {
			return
		}
	}
}

// Kind returns what sort of type it is, in Go's words for C's types too: an
// enumeration is an Int, a union a Struct. Invalid is void or not known.
func (t Type) Kind() reflect.Kind { return question().kind(t) }

func (q *types) kind(t Type) reflect.Kind {
	s, _, ok := q.through(t)
	switch {
	case !ok:
		return reflect.Invalid
	case s.kind != reflect.Invalid:
		return s.kind
	}
	switch s.tag {
	case tagPointerType, tagReferenceType:
		if s.name == "unsafe.Pointer" { // Go does not say
			return reflect.UnsafePointer
		}
		return reflect.Pointer
	case tagStructType, tagUnionType:
		return reflect.Struct
	case tagArrayType:
		return reflect.Array
	case tagSubroutineType:
		return reflect.Func
	case tagEnumerationType:
		return reflect.Int
	case tagBaseType:
		return baseKind(s.encoding, s.size)
	}
	return reflect.Invalid
}

// baseKind translates a DW_ATE_ encoding.
func baseKind(encoding, size uint64) reflect.Kind {
	sized := func(k1, k2, k4, k8 reflect.Kind) reflect.Kind {
		return map[uint64]reflect.Kind{1: k1, 2: k2, 4: k4, 8: k8}[size]
	}
	switch encoding {
	case 0x2:
		return reflect.Bool
	case 0x3:
		if size == 8 {
			return reflect.Complex64
		}
		return reflect.Complex128
	case 0x4:
		return sized(0, 0, reflect.Float32, reflect.Float64)
	case 0x5, 0x6:
		return sized(reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64)
	case 0x7, 0x8, 0x10:
		return sized(reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64)
	}
	return reflect.Invalid
}
