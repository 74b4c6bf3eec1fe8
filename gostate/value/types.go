package value

import (
	"fmt"
	"reflect"

	"moho/core"
	"moho/debuginfo"
	"moho/gostate"
	"moho/objfile"
)

// A Type is a Go type of the process. The zero Type is not known.
type Type struct{ s *shape }

// Name returns the type's name: as reflect's String has it if it comes from the
// runtime, with whole package paths if it comes from DWARF. It is "" when the
// type is not known.
func (t Type) Name() string {
	if t.s == nil {
		return ""
	}
	return t.s.name
}

// Kind returns what sort of type it is; Invalid when it is not known.
func (t Type) Kind() reflect.Kind {
	if t.s == nil {
		return reflect.Invalid
	}
	return t.s.kind
}

// Size returns the bytes that a value has.
func (t Type) Size() uint64 {
	if t.s == nil {
		return 0
	}
	return t.s.size
}

// A ref names a type before it is read: by descriptor or by DWARF.
type ref struct {
	rt core.Addr
	dw debuginfo.Type
}

// shape is a type that was read, without what it refers to.
type shape struct {
	name   string
	kind   reflect.Kind
	size   uint64
	at     ref
	elem   ref
	key    ref
	len    uint64
	fields []field // of a structure
	cut    bool    // there are more fields
	slots  *slots  // of a map, read when it is first needed
}

type field struct {
	name string
	off  uint64
	typ  ref
}

const (
	maxFields = 4096    // of one structure; protocol buffers have some hundreds
	maxTypes  = 1 << 16 // that a Reader remembers; etcd has 8,000
	maxName   = 4 << 10 // bytes of a type's name
)

// A Reader reads values of one process. It remembers types and is for one user
// at a time.
type Reader struct {
	w     *gostate.World
	view  *core.View
	types map[ref]*shape
	heap  int  // types outside the program's own that were read
	old   bool // maps of buckets
}

// NewReader returns a reader for the process of w.
func NewReader(w *gostate.World) *Reader {
	return &Reader{w: w, view: w.Process().View(), types: map[ref]*shape{}, old: oldMaps(w)}
}

// Runtime returns the type whose descriptor is at a, in the process. The error
// says why there is none.
func (r *Reader) Runtime(a core.Addr) (Type, error) { return r.typ(ref{rt: a}) }

// DWARF returns the type that t describes; the error says why it can't be read.
func (r *Reader) DWARF(t debuginfo.Type) (Type, error) { return r.typ(ref{dw: t}) }

// Elem returns the type that a pointer points to or that an array, a slice, a
// channel or the values of a map are made of. The error says what is wrong.
func (r *Reader) Elem(t Type) (Type, error) {
	if t.s == nil || t.s.elem == (ref{}) {
		return Type{}, fmt.Errorf("type %s: has no elements", t.Name())
	}
	return r.typ(t.s.elem)
}

func (r *Reader) typ(at ref) (Type, error) {
	s, err := r.shape(at)
	if err != nil {
		return Type{}, err
	}
	return Type{s}, nil
}

// shape reads a type, once.
func (r *Reader) shape(at ref) (*shape, error) {
	if s, ok := r.types[at]; ok {
		return s, nil
	}
	var s *shape
	var err error
	if at.rt != 0 {
		s, err = r.descriptor(at.rt)
	} else {
		s, err = r.dwarf(at.dw)
	}
	if err != nil {
		return nil, err
	}
	r.remember(at, s)
	return s, nil
}

func (r *Reader) remember(at ref, s *shape) {
	if len(r.types) >= maxTypes { // a forged core has one per word
		clear(r.types)
	}
	if s.at = at; len(s.name) > maxName { // every node of a tree has one
		s.name = s.name[:maxName] + "…"
	}
	r.types[at] = s
}

// link returns the address that tables have for one of the process.
func (r *Reader) link(a core.Addr) objfile.Addr { return objfile.Addr(uint64(a) - r.w.Bias()) }

// live returns the address in the process of one that tables have; 0 stays.
func (r *Reader) live(a objfile.Addr) core.Addr {
	if a == 0 {
		return 0
	}
	return core.Addr(uint64(a) + r.w.Bias())
}
