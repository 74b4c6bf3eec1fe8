package gotab

import (
	"encoding/binary"
	"iter"
	"slices"

	"moho/objfile"
)

// Types returns the types of the program in ascending order of address: those
// that the linker lists, those of itabs, and all that they refer to. A type that
// nothing of that leads to is not found. An error, which wraps objfile.ErrFormat
// or ErrNoTypes, stands for one type that can't be read, or for all; what comes
// with it has but an address.
//
// Source: typelinksinit and moduleTypelinks in $GOROOT/src/runtime/type.go,
// go1.16 to go1.26, go1.27.
func (t *Table) Types() iter.Seq2[Type, error] {
	return func(yield func(Type, error) bool) {
		r := t.types()
		if r.err != nil {
			yield(Type{}, r.err)
			return
		}
		room := maxNameCopies*len(r.data) + MaxName
		for a := range t.walkTypes() {
			y, err := t.TypeAt(a)
			if room -= len(y.Name) + len(y.PkgPath); room < 0 {
				err = typeErr(a, "names of the types before it overlap")
			}
			if err != nil {
				y = Type{Addr: a}
			}
			if !yield(y, err) || room < 0 {
				return
			}
		}
	}
}

// maxNameCopies bounds the names of all types, in lengths of the region that
// they lie in: T and *T share one, and all types of a package its path.
const maxNameCopies = 8

// A typeWalk is a walk over all types: a bit for each word of the region that a
// type was found at, and those still to be looked at.
type typeWalk struct {
	t     *Table
	r     *typeRegion
	seen  []uint64
	queue []objfile.Addr
	edges int // how many more references are followed
}

// add notes that there is a type at a.
func (w *typeWalk) add(a objfile.Addr) {
	if a < w.r.lo || a%8 != 0 || uint64(a-w.r.lo) >= uint64(len(w.r.data)) || w.edges == 0 {
		return
	}
	w.edges--
	i := (a - w.r.lo) / 8
	if w.seen[i/64]>>(i%64)&1 == 0 {
		w.seen[i/64] |= 1 << (i % 64)
		w.queue = append(w.queue, a)
	}
}

// walkTypes returns the addresses of all types, ascending.
func (t *Table) walkTypes() iter.Seq[objfile.Addr] {
	r := t.types()
	if r.err != nil {
		return func(func(objfile.Addr) bool) {}
	}
	// No two descriptors share a reference of at least 4 bytes, nor do they in
	// lists of at least as much.
	w := &typeWalk{t: t, r: r, seen: make([]uint64, len(r.data)/8/64+1), edges: len(r.data)/4 + 64}
	w.roots()
	for len(w.queue) > 0 {
		a := w.queue[len(w.queue)-1]
		w.queue = w.queue[:len(w.queue)-1]
		w.follow(a)
	}
	return func(yield func(objfile.Addr) bool) {
		for i, set := range w.seen {
			for bit := 0; set != 0; bit, set = bit+1, set>>1 {
				if set&1 != 0 && !yield(r.lo+8*objfile.Addr(64*i+bit)) {
					return
				}
			}
		}
	}
}

// roots adds what the moduledata leads to.
func (w *typeWalk) roots() {
	m := w.t.mod
	if m.ETypeDesc != 0 {
		w.descriptors(m.Types+8, m.Itabs.Addr)
	}
	if n := m.TypeLinks.Len; n > 0 && n <= uint64(len(w.r.data)) {
		if b, err := w.t.mem.Slice(m.TypeLinks.Addr, int(4*n)); err == nil {
			for ; len(b) >= 4; b = b[4:] {
				w.add(m.Types + objfile.Addr(binary.LittleEndian.Uint32(b)))
			}
		}
	}
	for a := range w.t.itabAddrs() {
		w.add(w.t.pointer(a))
		w.add(w.t.pointer(a + 8))
	}
}

// descriptors adds the types whose descriptors lie one after the other.
//
// Source: DescriptorSize in $GOROOT/src/internal/abi/type.go, go1.27.
func (w *typeWalk) descriptors(a, end objfile.Addr) {
	for a < end {
		a = (a + 7) &^ 7
		y, err := w.t.shape(w.r, a)
		if err != nil {
			return
		}
		w.add(a)
		size := extras[y.Kind]
		switch {
		case y.Kind == KindMap:
			size = w.t.mapSize(w.r, a)
		case size == 0:
			size = typSize
		}
		if y.extra != 0 {
			size += uncommonSize
		}
		head, _ := w.r.bytes(a, size) // shape has read them
		switch y.Kind {
		case KindFunc:
			in, out := binary.LittleEndian.Uint16(head[typSize:]), binary.LittleEndian.Uint16(head[typSize+2:])
			size += 8 * (uint64(in) + uint64(out&(1<<15-1)))
		case KindInterface:
			size += imethodSize * min(binary.LittleEndian.Uint64(head[typSize+16:]), uint64(len(w.r.data)))
		case KindStruct:
			size += fieldSize * min(binary.LittleEndian.Uint64(head[typSize+16:]), uint64(len(w.r.data)))
		}
		methods, err := w.t.methodBytes(w.r, y)
		if err != nil {
			return
		}
		a += objfile.Addr(size) + objfile.Addr(len(methods))
	}
}

// follow adds the types that the one at a refers to.
func (w *typeWalk) follow(a objfile.Addr) {
	y, err := w.t.shape(w.r, a)
	if err != nil {
		return
	}
	w.add(y.Elem)
	w.add(y.Key)
	b, _ := w.r.bytes(a, typSize) // shape has read them
	if off := int32(binary.LittleEndian.Uint32(b[typPtrTo:])); off > 0 {
		w.add(w.r.lo + objfile.Addr(off))
	}
	switch y.Kind {
	case KindArray:
		w.add(w.t.pointer(a + typSize + 8)) // slices of it
	case KindMap:
		w.add(w.t.pointer(a + typSize + 16)) // its groups or buckets
	case KindFunc:
		in, out, _, err := w.t.Signature(y)
		if err == nil {
			for _, p := range slices.Concat(in, out) {
				w.add(p)
			}
		}
	case KindStruct:
		at, b, err := w.t.slice(w.r, y, typSize+8, fieldSize)
		if err == nil {
			for i := 0; i < len(b) && w.edges > 0; i += fieldSize {
				w.add(w.t.pointer(at + objfile.Addr(i) + 8))
			}
		}
	case KindInterface:
		if _, b, err := w.t.slice(w.r, y, typSize+8, imethodSize); err == nil {
			w.methods(b, imethodSize)
		}
	}
	if y.Kind != KindInterface {
		if b, err := w.t.methodBytes(w.r, y); err == nil {
			w.methods(b, methodSize)
		}
	}
}

// methods adds the types of methods, whose records have that size.
func (w *typeWalk) methods(b []byte, size int) {
	for ; len(b) >= size && w.edges > 0; b = b[size:] {
		if off := int32(binary.LittleEndian.Uint32(b[4:])); off > 0 {
			w.add(w.r.lo + objfile.Addr(off))
		}
	}
}
