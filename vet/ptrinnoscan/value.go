package ptrinnoscan

import (
	"go/token"
	"go/types"

	"golang.org/x/tools/go/ssa"

	"moho/vet/internal/extent"
	"moho/vet/internal/fact"
	"moho/vet/internal/layout"
	"moho/vet/internal/prov"
	"moho/vet/internal/ssafn"
)

// A value is what is stored, asked whether the collector has to see it.
type value struct {
	p     *ssafn.Program
	into  types.Type // what the address points into, by its type
	pos   token.Pos
	text  string
	one   bool // the memory is one object, not an arena
	whole bool // only its type is known
}

// matters reports whether v holds a pointer to Go memory that may be freed.
func (w *value) matters(v ssa.Value, depth int) bool {
	if isNil(v) || depth > 6 {
		return false
	}
	if _, ok := v.Type().Underlying().(*types.Struct); ok {
		return w.structMatters(v, depth)
	}
	if phi, ok := v.(*ssa.Phi); ok {
		for _, e := range phi.Edges {
			if w.matters(e, depth+2) {
				return true
			}
		}
		return false
	}
	if w.inside(v) {
		return false
	}
	for _, o := range prov.Of(w.p, v, nil) {
		switch {
		case o.Kind&(fact.Local|fact.Heap|fact.Reflect) != 0:
		case o.Kind == fact.Given && !w.alike(v):
		case o.Kind == fact.Loaded && !w.alike(v):
			w.whole = true
		default:
			continue
		}
		w.pos, w.text = o.Pos, o.Text
		return true
	}
	return false
}

// inside reports a pointer that was cut out of bytes or numbers which the
// collector does not look into either: what lies there is kept alive by other
// means.
func (w *value) inside(v ssa.Value) bool {
	if c, ok := v.(*ssa.Convert); ok && isUnsafePointer(c.Type()) {
		v = c.X
	}
	if _, ok := v.Type().Underlying().(*types.Pointer); !ok && !isUnsafePointer(v.Type()) {
		return false
	}
	if base, cast := root(v); !cast {
		switch base := base.(type) {
		case *ssa.Alloc, *ssa.Global:
			return false
		case *ssa.IndexAddr:
			if types.Identical(pointee(base.Type()), pointee(v.Type())) {
				return false // an element of a slice of such
			}
		}
	}
	scan, _, _ := extent.Scanning(w.p, v, 0)
	if scan != extent.Noscan && scan != extent.Claimed {
		return false
	}
	for _, o := range extent.Of(w.p, v) {
		if !o.Typed && o.Type != nil && types.Identical(o.Type, pointee(v.Type())) {
			return false // an object of its own
		}
	}
	return true
}

// alike reports a pointer of the type that lies in the memory itself: it may
// well point to another one there.
func (w *value) alike(v ssa.Value) bool {
	return !w.one && types.Identical(pointee(v.Type()), w.into)
}

// structMatters looks at the fields that a struct was given.
func (w *value) structMatters(v ssa.Value, depth int) bool {
	load, ok := v.(*ssa.UnOp)
	if !ok || load.Op != token.MUL {
		w.whole = true
		return true
	}
	a, ok := load.X.(*ssa.Alloc)
	if !ok {
		base, cast := root(load.X)
		if cast || handedOut(w.p, base) {
			return false // moved from such memory
		}
		w.whole = true
		return true
	}
	return w.fieldsMatter(a, depth)
}

func (w *value) fieldsMatter(addr ssa.Value, depth int) bool {
	if addr.Referrers() == nil || depth > 6 {
		return false
	}
	for _, ref := range *addr.Referrers() {
		switch ref := ref.(type) {
		case *ssa.FieldAddr:
			if ref.X == addr && w.fieldsMatter(ref, depth+1) {
				return true
			}
		case *ssa.Store:
			if ref.Addr == addr && layout.HasPointers(ref.Val.Type()) && w.matters(ref.Val, depth+1) {
				return true
			}
		}
	}
	return false
}

func isUnsafePointer(t types.Type) bool {
	b, ok := t.Underlying().(*types.Basic)
	return ok && b.Kind() == types.UnsafePointer
}
