package gotab

import (
	"encoding/binary"
	"errors"
	"fmt"

	"moho/internal/bounded"
	"moho/objfile"
)

// ErrNoTypes is wrapped by the errors about types of a table whose moduledata
// was not found or has an unknown layout.
var ErrNoTypes = errors.New("no moduledata that says where types are")

// Kind is the kind of a type, as reflect numbers it.
type Kind uint8

const (
	KindInvalid Kind = iota
	KindBool
	KindInt
	KindInt8
	KindInt16
	KindInt32
	KindInt64
	KindUint
	KindUint8
	KindUint16
	KindUint32
	KindUint64
	KindUintptr
	KindFloat32
	KindFloat64
	KindComplex64
	KindComplex128
	KindArray
	KindChan
	KindFunc
	KindInterface
	KindMap
	KindPointer
	KindSlice
	KindString
	KindStruct
	KindUnsafePointer
)

var kindNames = [...]string{
	"invalid", "bool", "int", "int8", "int16", "int32", "int64", "uint", "uint8", "uint16", "uint32", "uint64",
	"uintptr", "float32", "float64", "complex64", "complex128", "array", "chan", "func", "interface", "map",
	"ptr", "slice", "string", "struct", "unsafe.Pointer",
}

// String returns what reflect's Kind does: "ptr" for KindPointer.
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return kindNames[KindInvalid]
}

// A Type is what the runtime knows about a type of the program. Its size and
// Len are counts of the program's own; nothing may be allocated by them.
type Type struct {
	Addr     objfile.Addr
	Name     string // as reflect's String gives it: package name, not path
	PkgPath  string // of the package that defines it, "" for what no package does
	Kind     Kind
	Defined  bool // by a type declaration, or predeclared
	Size     uint64
	PtrBytes uint64 // the first so many bytes may hold pointers
	Align    uint8

	Elem objfile.Addr // type of elements, or what is pointed to; 0 for other kinds
	Key  objfile.Addr // of a map
	Len  uint64       // of an array

	tflag uint8
	extra uint64 // where the part for types with methods or a path is, from Addr; 0 for none
}

// Offsets in a type descriptor, the same since Go 1.16.
//
// Source: $GOROOT/src/internal/abi/type.go (Type), go1.26; rtype in
// $GOROOT/src/reflect/type.go, go1.16.
const (
	typPtrBytes = 8
	typTFlag    = 20
	typAlign    = 21
	typKind     = 23
	typStr      = 40
	typPtrTo    = 44
	typSize     = 48 // of the common part

	tflagUncommon  = 1 << 0
	tflagExtraStar = 1 << 1
	tflagNamed     = 1 << 2

	kindMask = 1<<5 - 1
)

// extras gives, for each kind, how long the descriptor is before what only types
// with methods or a package path have.
var extras = [...]uint64{
	KindArray: 72, KindChan: 64, KindFunc: 56, KindInterface: 80, KindPointer: 56, KindSlice: 56, KindStruct: 80,
	KindUnsafePointer: 0,
}

// typeRegion is where types, their names and what they point to lie.
type typeRegion struct {
	lo   objfile.Addr
	data []byte
	err  error
}

func (t *Table) types() *typeRegion {
	t.typesOnce.Do(func() {
		r := &t.region
		if t.mod == nil || t.mod.Layout == "" {
			r.err = fmt.Errorf("types: %w", ErrNoTypes)
			return
		}
		n := uint64(t.mod.ETypes - t.mod.Types)
		if n > maxTypeBytes || t.mod.ETypes < t.mod.Types {
			r.err = fmt.Errorf("types: %#x to %#x: %w", uint64(t.mod.Types), uint64(t.mod.ETypes), objfile.ErrFormat)
			return
		}
		r.lo = t.mod.Types
		if r.data, r.err = t.mem.Slice(r.lo, int(n)); r.err != nil {
			r.err = fmt.Errorf("types: %w", r.err)
		}
	})
	return &t.region
}

// maxTypeBytes bounds the region of types, in bytes. Etcd's has 3.7 MB.
const maxTypeBytes = 1 << 30

// bytes returns n bytes at a, if they are in the region.
func (r *typeRegion) bytes(a objfile.Addr, n uint64) ([]byte, bool) {
	if a < r.lo {
		return nil, false
	}
	return bounded.Sub(r.data, uint64(a-r.lo), n)
}

// typeErr returns an error about the type at a; it wraps objfile.ErrFormat.
func typeErr(a objfile.Addr, what string, args ...any) error {
	return fmt.Errorf("type at %#x: %s: %w", uint64(a), fmt.Sprintf(what, args...), objfile.ErrFormat)
}

// TypeAt returns the type whose descriptor is at a. The error wraps ErrNoTypes,
// or objfile.ErrFormat when there is none.
func (t *Table) TypeAt(a objfile.Addr) (Type, error) {
	r := t.types()
	if r.err != nil {
		return Type{}, r.err
	}
	y, err := t.shape(r, a)
	if err != nil {
		return Type{}, err
	}
	if err := t.name1(r, &y); err != nil {
		return Type{}, err
	}
	return y, nil
}

// shape decodes a descriptor without its names.
func (t *Table) shape(r *typeRegion, a objfile.Addr) (Type, error) {
	b, ok := r.bytes(a, typSize)
	if !ok || a%8 != 0 {
		return Type{}, typeErr(a, "is not within %#x to %#x, or not aligned", uint64(r.lo), uint64(r.lo)+uint64(len(r.data)))
	}
	le := binary.LittleEndian
	y := Type{
		Addr: a, Size: le.Uint64(b), PtrBytes: le.Uint64(b[typPtrBytes:]),
		Kind: Kind(b[typKind] & kindMask), Align: b[typAlign], tflag: b[typTFlag],
	}
	y.Defined = y.tflag&tflagNamed != 0
	switch {
	case y.Kind == KindInvalid || int(y.Kind) >= len(kindNames):
		return Type{}, typeErr(a, "kind is %d", y.Kind)
	case y.PtrBytes > y.Size || y.PtrBytes%8 != 0:
		return Type{}, typeErr(a, "pointers in %d bytes of %d", y.PtrBytes, y.Size)
	case y.Align == 0 || y.Align&(y.Align-1) != 0 || y.Size%uint64(y.Align) != 0:
		return Type{}, typeErr(a, "size %d, alignment %d", y.Size, y.Align)
	}
	y.extra = extras[y.Kind]
	if y.extra == 0 {
		y.extra = typSize
	}
	if y.Kind == KindMap {
		y.extra = t.mapSize(r, a)
	}
	whole := y.extra
	if y.tflag&tflagUncommon != 0 {
		whole += uncommonSize
	}
	if b, ok = r.bytes(a, whole); !ok {
		return Type{}, typeErr(a, "%v descriptor of %d bytes ends outside", y.Kind, whole)
	}
	switch y.Kind {
	case KindArray, KindChan, KindMap, KindPointer, KindSlice:
		y.Elem = t.pointer(a + typSize)
	}
	switch y.Kind {
	case KindArray:
		y.Len = le.Uint64(b[typSize+16:])
	case KindMap:
		y.Key, y.Elem = y.Elem, t.pointer(a+typSize+8)
	}
	if y.tflag&tflagUncommon == 0 {
		y.extra = 0
	}
	return y, nil
}

// mapSize returns the length of the descriptor of the map type at a. It grew
// with Go 1.24's maps and again with 1.27; GOEXPERIMENT=noswissmap, up to 1.25,
// kept the old one. What lies behind the fixed part tells: the size of a group
// of slots, which the group's own type says too, or less.
//
// Source: MapType in $GOROOT/src/internal/abi, go1.16 (in reflect) to go1.27.
func (t *Table) mapSize(r *typeRegion, a objfile.Addr) uint64 {
	const group, groupSize = 64, 80
	group1, ok := r.bytes(t.pointer(a+group), typSize)
	size, ok2 := r.bytes(a+groupSize, 8)
	switch {
	case ok && ok2 && binary.LittleEndian.Uint64(group1) != binary.LittleEndian.Uint64(size):
		return 88
	case t.mod.Layout == since127:
		return 136
	default:
		return 112
	}
}
