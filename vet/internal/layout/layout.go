// Package layout knows how the compiler lays out types, on the target under
// analysis and on the others that the same file compiles for.
//
// The gc compiler has two layouts only: words of 8 bytes with 8-byte alignment,
// and words of 4 bytes where nothing but the types of sync/atomic is aligned to
// more than 4. Which processor it is makes no difference beyond that.
//
// # Untrusted input
//
// Source code under analysis. A type is taken apart into at most [maxPieces]
// pieces; sizes saturate.
//
// # Compatibility
//
// Internal to vet.
package layout

import (
	"go/types"
	"math"
)

// Wide and Narrow are the two layouts.
//
// Source: $GOROOT/src/go/types/sizes.go and $GOROOT/src/internal/goarch, go1.26.
var (
	Wide   = types.SizesFor("gc", "amd64")
	Narrow = types.SizesFor("gc", "386")
)

// IsNarrow reports whether words have four bytes.
func IsNarrow(s types.Sizes) bool { return s.Sizeof(types.Typ[types.Uintptr]) == 4 }

// Other returns the layout that s is not.
func Other(s types.Sizes) types.Sizes {
	if IsNarrow(s) {
		return Wide
	}
	return Narrow
}

// Sizeof is the size of t; ok is false where it depends on a type parameter.
func Sizeof(s types.Sizes, t types.Type) (n int64, ok bool) {
	if Generic(t) {
		return 0, false
	}
	return s.Sizeof(t), true
}

// Offsetof is the offset of field i of a struct that is not generic.
func Offsetof(s types.Sizes, st *types.Struct, i int) int64 {
	fields := make([]*types.Var, st.NumFields())
	for i := range fields {
		fields[i] = st.Field(i)
	}
	return s.Offsetsof(fields)[i]
}

// Generic reports whether the layout of t depends on a type parameter.
func Generic(t types.Type) bool { return generic(t, 0) }

func generic(t types.Type, depth int) bool {
	if depth > 20 {
		return true
	}
	switch t := types.Unalias(t).(type) {
	case *types.TypeParam:
		return true
	case *types.Named:
		return generic(t.Underlying(), depth+1)
	case *types.Array:
		return generic(t.Elem(), depth+1)
	case *types.Struct:
		for f := range t.Fields() {
			if generic(f.Type(), depth+1) {
				return true
			}
		}
	}
	return false
}

// HasPointers reports whether the garbage collector finds anything in a value
// of type t. For a type parameter it can't be told, and the answer is no.
func HasPointers(t types.Type) bool { return hasPointers(t, 0) }

func hasPointers(t types.Type, depth int) bool {
	if depth > 20 {
		return false
	}
	switch t := t.Underlying().(type) {
	case *types.Basic:
		return t.Kind() == types.UnsafePointer || t.Info()&types.IsString != 0
	case *types.Array:
		return t.Len() > 0 && hasPointers(t.Elem(), depth+1)
	case *types.Struct:
		for f := range t.Fields() {
			if hasPointers(f.Type(), depth+1) {
				return true
			}
		}
		return false
	case *types.Interface:
		return !types.IsInterface(t) || !isTypeParam(t)
	case *types.Pointer, *types.Slice, *types.Map, *types.Chan, *types.Signature:
		return true
	}
	return false
}

func isTypeParam(t types.Type) bool { _, ok := types.Unalias(t).(*types.TypeParam); return ok }

// A Piece is a part of a value that has no parts of its own, as far as layout
// is concerned: a number, or one word of a pointer, string, slice, interface.
type Piece struct {
	Off, Size int64
	Pointer   bool
	Name      string // the field that it is, "" outside of structs
}

// maxPieces is how many parts of one type are looked at.
const maxPieces = 512

// Pieces takes a type apart, in order of offset. Blank fields are padding, as
// what lies between others is. complete is false when there
// are more than [maxPieces], or when the layout depends on a type parameter.
func Pieces(s types.Sizes, t types.Type) (list []Piece, complete bool) {
	if Generic(t) {
		return nil, false
	}
	p := pieces{sizes: s}
	p.add(t, 0, "", 0)
	return p.list, len(p.list) < maxPieces
}

type pieces struct {
	sizes types.Sizes
	list  []Piece
}

func (p *pieces) piece(off, size int64, pointer bool, name string) {
	if len(p.list) < maxPieces && size > 0 {
		p.list = append(p.list, Piece{off, size, pointer, name})
	}
}

func (p *pieces) add(t types.Type, off int64, name string, depth int) {
	word := p.sizes.Sizeof(types.Typ[types.Uintptr])
	words := func(pointer ...bool) {
		for i, is := range pointer {
			p.piece(off+int64(i)*word, word, is, name)
		}
	}
	switch u := t.Underlying().(type) {
	case *types.Struct:
		for i := range u.NumFields() {
			if u.Field(i).Name() == "_" {
				continue
			}
			p.add(u.Field(i).Type(), off+Offsetof(p.sizes, u, i), u.Field(i).Name(), depth+1)
		}
	case *types.Array:
		size := p.sizes.Sizeof(u.Elem())
		for i := range u.Len() {
			if len(p.list) == maxPieces || size == 0 || i > math.MaxInt32 {
				return
			}
			p.add(u.Elem(), off+i*size, name, depth+1)
		}
	case *types.Slice:
		words(true, false, false)
	case *types.Interface:
		words(true, true)
	case *types.Basic:
		switch {
		case u.Info()&types.IsString != 0:
			words(true, false)
		case u.Kind() == types.Complex64 || u.Kind() == types.Complex128:
			half := p.sizes.Sizeof(u) / 2
			p.piece(off, half, false, name)
			p.piece(off+half, half, false, name)
		default:
			p.piece(off, p.sizes.Sizeof(u), u.Kind() == types.UnsafePointer, name)
		}
	default:
		words(true)
	}
}

// Same reports whether two lists of pieces lie at the same offsets with the
// same sizes; where the shorter list ends, the comparison does.
func Same(a, b []Piece) bool {
	for i := range min(len(a), len(b)) {
		if a[i].Off != b[i].Off || a[i].Size != b[i].Size {
			return false
		}
	}
	return true
}

// Widest is the size of the widest number in t, up to 8: what an atomic access
// to part of it may need as alignment.
func Widest(t types.Type) (n int64) {
	list, _ := Pieces(Wide, t)
	for _, p := range list {
		n = max(n, p.Size)
	}
	return min(n, 8)
}
