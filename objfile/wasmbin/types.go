package wasmbin

import (
	"bytes"
	"fmt"
)

// A ValType is the type of a value. For a reference, Code is that of its heap
// type, or Concrete with the index of a function type.
type ValType struct {
	Code  byte
	Null  bool // of a reference: may be null
	Index uint32
}

// Codes of value types and of heap types.
const (
	I32, I64, F32, F64, V128             = 0x7f, 0x7e, 0x7d, 0x7c, 0x7b
	FuncRef, ExternRef, ExnRef, Concrete = 0x70, 0x6f, 0x69, 0x40
	nullFuncRef, nullExtern, nullExn     = 0x73, 0x72, 0x74 // bottom types
	refNull, ref                         = 0x63, 0x64
)

var valTypeNames = map[byte]string{
	I32: "i32", I64: "i64", F32: "f32", F64: "f64", V128: "v128",
	FuncRef: "func", ExternRef: "extern", ExnRef: "exn", nullFuncRef: "nofunc", nullExtern: "noextern", nullExn: "noexn",
}

// String returns the type as the text format writes it.
func (t ValType) String() string {
	if t.Code >= V128 {
		return valTypeNames[t.Code]
	}
	name := valTypeNames[t.Code]
	if t.Code == Concrete {
		name = fmt.Sprint(t.Index)
	}
	if t.Null {
		return "(ref null " + name + ")"
	}
	return "(ref " + name + ")"
}

func (t ValType) isRef() bool { return t.Code < V128 }

// A FuncType is the type of a function.
type FuncType struct{ Params, Results []ValType }

// A typeInfo is a function type: where it stands and how long its lists are.
type typeInfo struct {
	off, end        uint32 // within the type section
	params, results uint32
}

// readTypes reads the type section. Types may stand in groups, in which they
// refer to each other.
func (m *Module) readTypes(r *reader) {
	m.typesOff = r.off
	n := r.count(3, MaxTypes, "types")
	m.types = make([]typeInfo, 0, n)
	for range n {
		group := uint32(1)
		if r.off < r.end && r.data[r.off] == 0x4e {
			r.off++
			group = r.count(3, MaxTypes, "types in a group")
		}
		if most := uint64(len(m.types)) + uint64(group); most > MaxTypes && r.err == nil {
			r.err = limit("types", uint32(most), MaxTypes)
		}
		known := len(m.types) + int(group)
		for range group {
			if m.readType(r, known); r.err != nil {
				return
			}
		}
	}
}

// readType reads one type, which may refer to the first known types.
func (m *Module) readType(r *reader, known int) {
	at := r.off
	switch form := r.u8(); form {
	case 0x60:
	case 0x4e, 0x4f, 0x50, 0x5e, 0x5f:
		r.failAt(at, "type form %#x: garbage-collected types are not read", form)
	default:
		r.failAt(at, "type form is %#x, want 0x60 (func)", form)
	}
	t := typeInfo{off: uint32(r.off - m.typesOff)}
	t.params = skipValTypes(r, known, "parameters")
	t.results = skipValTypes(r, known, "results")
	t.end = uint32(r.off - m.typesOff)
	m.types = append(m.types, t)
}

func skipValTypes(r *reader, types int, what string) uint32 {
	n := r.count(1, MaxValues, what)
	for range n {
		r.valType(types)
		if r.err != nil {
			return 0
		}
	}
	return n
}

// valType reads a value type that may refer to the first types types.
func (r *reader) valType(types int) ValType {
	at := r.off
	b := r.u8()
	switch b {
	case I32, I64, F32, F64, V128:
		return ValType{Code: b}
	case FuncRef, ExternRef:
		return ValType{Code: b, Null: true}
	case ExnRef, nullFuncRef, nullExtern, nullExn:
		r.typed = true
		return ValType{Code: b, Null: true}
	case refNull, ref:
		r.typed = true
		t := r.heapType(types)
		t.Null = b == refNull
		return t
	}
	r.failAt(at, "value type is %#x, which is none", b)
	return ValType{}
}

// refType reads a value type that is a reference.
func (r *reader) refType(types int) ValType {
	at := r.off
	t := r.valType(types)
	if r.err == nil && !t.isRef() {
		r.failAt(at, "malformed reference type: %s is none", t)
	}
	return t
}

// heapType reads what a reference refers to: a code or the index of a type.
func (r *reader) heapType(types int) ValType {
	at := r.off
	v := int64(r.leb(33, true, "heap type"))
	if v >= 0 {
		if r.err == nil && v >= int64(types) {
			r.failAt(at, "unknown type %d, there are %d", v, types)
		}
		r.typed = true
		return ValType{Code: Concrete, Index: uint32(v)}
	}
	switch b := byte(v & 0x7f); {
	case v < -64:
	case b == FuncRef, b == ExternRef:
		return ValType{Code: b}
	case b == ExnRef, b == nullFuncRef, b == nullExtern, b == nullExn:
		r.typed = true
		return ValType{Code: b}
	}
	r.failAt(at, "heap type is %d, which is none that is read", v)
	return ValType{}
}

// matches reports whether a value of type sub can stand where sup is wanted.
func (m *Module) matches(sub, sup ValType) bool {
	if sub.isRef() && sup.isRef() && (!sub.Null || sup.Null) {
		switch {
		case sub.Code == Concrete && sup.Code == Concrete:
			return sub.Index == sup.Index || bytes.Equal(m.typeBytes(sub.Index), m.typeBytes(sup.Index))
		case sup.Code == FuncRef:
			return sub.Code == FuncRef || sub.Code == Concrete || sub.Code == nullFuncRef
		case sub.Code == nullFuncRef:
			return sup.Code == Concrete
		case sup.Code == ExternRef:
			return sub.Code == ExternRef || sub.Code == nullExtern
		case sup.Code == ExnRef:
			return sub.Code == ExnRef || sub.Code == nullExn
		}
		return sub.Code == sup.Code
	}
	return sub == sup
}

func (m *Module) typeBytes(i uint32) []byte {
	t := m.types[i]
	return m.data[m.typesOff+int(t.off) : m.typesOff+int(t.end)]
}

// Signature returns the parameters and results of a type as they are encoded:
// one byte for each, but for references to a type, which take more. They alias
// the module; i must be below NumTypes.
func (m *Module) Signature(i int) (params, results []byte) {
	t := m.types[i]
	r := reader{data: m.data, off: m.typesOff + int(t.off), end: m.typesOff + int(t.end)}
	r.u32("")
	from := r.off
	if !m.typed {
		r.off += int(t.params)
	} else {
		for range t.params {
			r.valType(len(m.types))
		}
	}
	params = m.data[from:r.off:r.off]
	r.u32("")
	return params, m.data[r.off:r.end:r.end]
}

// TypedRefs reports whether the module has references to types, or other
// references than funcref and externref.
func (m *Module) TypedRefs() bool { return m.typed }

// NumTypes returns how many types there are.
func (m *Module) NumTypes() int { return len(m.types) }

// Type returns a type; i must be below NumTypes.
func (m *Module) Type(i int) FuncType {
	t := m.types[i]
	r := reader{data: m.data, off: m.typesOff + int(t.off), end: m.typesOff + int(t.end)}
	list := func(n uint32) []ValType {
		r.u32("")
		out := make([]ValType, n)
		for j := range out {
			out[j] = r.valType(len(m.types))
		}
		return out
	}
	return FuncType{Params: list(t.params), Results: list(t.results)}
}
