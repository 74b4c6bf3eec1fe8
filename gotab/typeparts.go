package gotab

import (
	"encoding/binary"

	"moho/objfile"
)

// A Field is one field of a struct type.
type Field struct {
	Name     string
	Tag      string
	Type     objfile.Addr
	Off      uint64 // in bytes
	Exported bool
	Embedded bool
}

// A Method is one method of a type's method set. Of an interface type only the
// name and the type are known.
type Method struct {
	Name     string
	PkgPath  string // of an unexported method, "" of an exported one
	Exported bool
	Type     objfile.Addr // of the method without its receiver; 0 if the linker dropped it

	// Func is the method's entry, Iface the entry of what is called through an
	// interface, which takes a receiver of one word. Not Linked is a method that
	// the linker found unreachable; it has neither.
	Func, Iface PC
	Linked      bool
}

// Sizes of the records that follow a descriptor.
//
// Source: UncommonType, Method, Imethod and StructField in
// $GOROOT/src/internal/abi/type.go, go1.26; the same since 1.16.
const (
	uncommonSize = 16
	methodSize   = 16
	imethodSize  = 8
	fieldSize    = 24
)

// slice returns the address and length of the slice at offset off of y, whose
// entries have that size and lie in the region.
func (t *Table) slice(r *typeRegion, y Type, off objfile.Addr, size uint64) (at objfile.Addr, data []byte, err error) {
	head, ok := r.bytes(y.Addr+off, 16)
	if !ok {
		return 0, nil, typeErr(y.Addr, "is cut")
	}
	n := binary.LittleEndian.Uint64(head[8:])
	if n == 0 {
		return 0, nil, nil
	}
	at = t.pointer(y.Addr + off)
	if n > uint64(len(r.data))/size {
		return 0, nil, typeErr(y.Addr, "has %d parts", n)
	}
	if data, ok = r.bytes(at, n*size); !ok {
		return 0, nil, typeErr(y.Addr, "has %d parts at %#x, which is outside", n, uint64(at))
	}
	return at, data, nil
}

// Fields returns the fields of a struct type, nil for other kinds. The error
// wraps objfile.ErrFormat.
func (t *Table) Fields(y Type) ([]Field, error) {
	r := t.types()
	if y.Kind != KindStruct || r.err != nil {
		return nil, r.err
	}
	at, b, err := t.slice(r, y, typSize+8, fieldSize)
	if err != nil {
		return nil, err
	}
	shifted, copies := t.shiftedOffsets(), copier{len(r.data)}
	out := make([]Field, 0, len(b)/fieldSize)
	for i := 0; i < len(b); i += fieldSize {
		f := at + objfile.Addr(i)
		n, ok := t.nameAt(r, t.pointer(f))
		if !ok {
			return nil, typeErr(y.Addr, "the name of field %d is malformed", i/fieldSize)
		}
		off := binary.LittleEndian.Uint64(b[i+16:])
		if shifted {
			n.embedded, off = off&1 != 0, off>>1
		}
		if off > y.Size {
			return nil, typeErr(y.Addr, "field %d is at %d of %d bytes", i/fieldSize, off, y.Size)
		}
		out = append(out, Field{
			Name: copies.string(n.name), Tag: copies.string(n.tag), Type: t.pointer(f + 8), Off: off,
			Exported: n.exported, Embedded: n.embedded,
		})
	}
	if err := copies.done(y.Addr); err != nil {
		return nil, err
	}
	return out, nil
}

// Methods returns the methods of a type, sorted by name, the exported ones first;
// of an interface type those that it asks for. The error wraps objfile.ErrFormat.
func (t *Table) Methods(y Type) ([]Method, error) {
	r := t.types()
	switch {
	case r.err != nil:
		return nil, r.err
	case y.Kind == KindInterface:
		return t.interfaceMethods(r, y)
	case y.extra == 0:
		return nil, nil
	}
	b, err := t.methodBytes(r, y)
	if err != nil {
		return nil, err
	}
	pkg, err := t.pkgPath(r, y)
	if err != nil {
		return nil, err
	}
	out, copies := make([]Method, 0, len(b)/methodSize), copier{len(r.data)}
	for ; len(b) >= methodSize; b = b[methodSize:] {
		m, err := t.method(r, y, b, pkg, &copies)
		if err != nil {
			return nil, err
		}
		ifn, tfn := binary.LittleEndian.Uint32(b[8:]), binary.LittleEndian.Uint32(b[12:])
		if m.Linked = m.Type != 0 && ifn != noText && tfn != noText; m.Linked {
			m.Iface, m.Func = t.pc(ifn), t.pc(tfn)
		} else {
			m.Type = 0
		}
		out = append(out, m)
	}
	if err := copies.done(y.Addr); err != nil {
		return nil, err
	}
	return out, nil
}

// noText stands for code that the linker dropped.
//
// Source: textOff in $GOROOT/src/runtime/type.go, go1.16 to go1.27.
const noText = ^uint32(0)

// methodBytes returns the method records of y, which is no interface.
func (t *Table) methodBytes(r *typeRegion, y Type) ([]byte, error) {
	if y.extra == 0 {
		return nil, nil
	}
	at := y.Addr + objfile.Addr(y.extra)
	u, ok := r.bytes(at, uncommonSize)
	if !ok {
		return nil, typeErr(y.Addr, "the part with its methods is outside")
	}
	n, off := binary.LittleEndian.Uint16(u[4:]), binary.LittleEndian.Uint32(u[8:])
	if n == 0 {
		return nil, nil
	}
	b, ok := r.bytes(at+objfile.Addr(off), methodSize*uint64(n))
	if !ok {
		return nil, typeErr(y.Addr, "its %d methods are outside", n)
	}
	return b, nil
}

// method decodes what records of methods and of interfaces' methods begin with:
// the name and the type. pkg is the package of its type.
func (t *Table) method(r *typeRegion, y Type, b []byte, pkg string, copies *copier) (Method, error) {
	off, typ := int32(binary.LittleEndian.Uint32(b)), int32(binary.LittleEndian.Uint32(b[4:]))
	n, ok := t.nameOff(r, off)
	if !ok {
		return Method{}, typeErr(y.Addr, "the name of a method at offset %#x is malformed", off)
	}
	m := Method{Name: copies.string(n.name), Exported: n.exported}
	if !n.exported {
		m.PkgPath = pkg
	}
	if n.pkgPath != 0 {
		p, ok := t.nameOff(r, n.pkgPath)
		if !ok {
			return Method{}, typeErr(y.Addr, "the package of method %s is malformed", m.Name)
		}
		m.PkgPath = copies.string(p.name)
	}
	if typ > 0 {
		m.Type = r.lo + objfile.Addr(typ)
	}
	return m, nil
}

func (t *Table) interfaceMethods(r *typeRegion, y Type) ([]Method, error) {
	_, b, err := t.slice(r, y, typSize+8, imethodSize)
	if err != nil {
		return nil, err
	}
	pkg := ""
	if at := t.pointer(y.Addr + typSize); at != 0 {
		n, ok := t.nameAt(r, at)
		if !ok {
			return nil, typeErr(y.Addr, "its package path at %#x is malformed", uint64(at))
		}
		pkg = string(n.name)
	}
	out, copies := make([]Method, 0, len(b)/imethodSize), copier{len(r.data)}
	for ; len(b) >= imethodSize; b = b[imethodSize:] {
		m, err := t.method(r, y, b, pkg, &copies)
		if err != nil {
			return nil, err
		}
		out = append(out, m)
	}
	if err := copies.done(y.Addr); err != nil {
		return nil, err
	}
	return out, nil
}

// Signature returns the types of the parameters and results of a func type, nil
// for other kinds. The last parameter of a variadic one is a slice. The error
// wraps objfile.ErrFormat.
//
// Source: FuncType in $GOROOT/src/internal/abi/type.go, go1.26.
func (t *Table) Signature(y Type) (in, out []objfile.Addr, variadic bool, err error) {
	r := t.types()
	if y.Kind != KindFunc || r.err != nil {
		return nil, nil, false, r.err
	}
	b, ok := r.bytes(y.Addr+typSize, 4)
	if !ok {
		return nil, nil, false, typeErr(y.Addr, "is cut")
	}
	nin, nout := binary.LittleEndian.Uint16(b), binary.LittleEndian.Uint16(b[2:])
	variadic, nout = nout>>15 != 0, nout&(1<<15-1)
	at := y.Addr + objfile.Addr(extras[KindFunc])
	if y.extra != 0 {
		at += uncommonSize
	}
	if _, ok := r.bytes(at, 8*(uint64(nin)+uint64(nout))); !ok {
		return nil, nil, false, typeErr(y.Addr, "its %d parameters and %d results are outside", nin, nout)
	}
	all := make([]objfile.Addr, int(nin)+int(nout))
	for i := range all {
		all[i] = t.pointer(at + objfile.Addr(8*i))
	}
	return all[:nin:nin], all[nin:], variadic, nil
}

// shiftedOffsets reports whether a field has its offset times two, and in the
// lowest bit whether it is embedded, as until Go 1.18. Of 1.18 and 1.19, which
// have the same tables, the fields tell: offsets are less than the size.
func (t *Table) shiftedOffsets() bool {
	if t.hdr.version != V118 {
		return t.hdr.version < V118
	}
	t.shiftedOnce.Do(func() {
		r := t.types()
		for a := range t.walkTypes() {
			y, err := t.shape(r, a)
			if err != nil || y.Kind != KindStruct {
				continue
			}
			_, b, err := t.slice(r, y, typSize+8, fieldSize)
			if n := len(b); err == nil && n > 0 && y.Size > 0 && binary.LittleEndian.Uint64(b[n-8:]) >= y.Size {
				t.shifted = true
				return
			}
		}
	})
	return t.shifted
}
