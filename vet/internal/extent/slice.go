package extent

import (
	"go/constant"
	"go/token"
	"go/types"

	"golang.org/x/tools/go/ssa"

	"moho/vet/internal/prov"
)

// slice adds the object that element index (nil for 0) of slice or string v,
// off bytes into the element, lies in. at is where the element is addressed.
func (w *walker) slice(v, index ssa.Value, elem, off int64, at *ssa.BasicBlock, depth int) {
	if !w.enter(v, depth) {
		return
	}
	defer delete(w.seen, v)
	i, known := int64(0), true
	if index != nil {
		i, known = constInt(index)
	}
	start := off
	if known {
		start += i * elem
	}
	switch v := v.(type) {
	case *ssa.MakeSlice:
		if n, ok := constInt(v.Cap); ok {
			w.span(n*elem-start, v.Pos(), "a new "+prov.TypeName(v.Type()))
			return
		}
	case *ssa.Const:
		if v.Value != nil && v.Value.Kind() == constant.String {
			w.span(int64(len(constant.StringVal(v.Value)))-start, v.Pos(), "a string constant")
		}
		return
	case *ssa.Slice:
		if w.resliced(v, elem, start, depth) {
			return
		}
	case *ssa.ChangeType:
		w.slice(v.X, index, elem, off, at, depth+1)
		return
	case *ssa.Phi:
		// Conditions are asked about the phi itself; constants show in its edges.
		before := len(w.out)
		for _, e := range v.Edges {
			w.slice(e, index, elem, off, at, depth+1)
		}
		w.keepKnown(before)
	case *ssa.UnOp:
		if a, ok := v.X.(*ssa.Alloc); ok && v.Op == token.MUL {
			before := len(w.out)
			if stores, _ := w.p.StoresTo(a); len(stores) == 1 {
				w.slice(stores[0].Val, index, elem, off, at, depth+1)
			}
			w.keepKnown(before)
		}
	case *ssa.Parameter:
		before := len(w.out)
		w.parameter(v, depth, func(arg ssa.Value) { w.slice(arg, index, elem, off, at, depth+1) })
		w.keepKnown(before)
	}
	w.add(Object{Bytes: -1, Pos: v.Pos(), Text: sliceText(v), Slice: v, Index: index, Elem: elem, At: at})
}

func (w *walker) span(n int64, pos token.Pos, text string) {
	if n >= 0 {
		w.add(Object{Bytes: n, Pos: pos, Text: text})
	}
}

// keepKnown drops what was added since before without a size: the slice asked
// about stands for it.
func (w *walker) keepKnown(before int) {
	kept := w.out[:before]
	for _, o := range w.out[before:] {
		if o.Bytes >= 0 {
			kept = append(kept, o)
		}
	}
	w.out = kept
}

// resliced handles x[lo:hi:max] with constant bounds; false means that v must
// be taken as a slice of unknown length.
func (w *walker) resliced(v *ssa.Slice, elem, start int64, depth int) bool {
	lo := int64(0)
	if v.Low != nil {
		var ok bool
		if lo, ok = constInt(v.Low); !ok {
			return false
		}
	}
	if v.Max != nil {
		if m, ok := constInt(v.Max); ok {
			w.span((m-lo)*elem-start, v.Pos(), sliceText(v))
			return true
		}
		return false
	}
	if ptr, ok := v.X.Type().Underlying().(*types.Pointer); ok {
		if _, ok := ptr.Elem().Underlying().(*types.Array); ok && !isConversion(v.X) {
			before := len(w.out)
			w.pointer(v.X, start+lo*elem, depth+1)
			return len(w.out) > before
		}
		return false
	}
	if m, ok := v.X.(*ssa.MakeSlice); ok {
		if n, ok := constInt(m.Cap); ok {
			w.span((n-lo)*elem-start, m.Pos(), "a new "+prov.TypeName(m.Type()))
			return true
		}
	}
	return false
}

func sliceText(v ssa.Value) string {
	kind := "slice"
	if b, ok := v.Type().Underlying().(*types.Basic); ok && b.Info()&types.IsString != 0 {
		kind = "string"
	}
	switch u := v.(type) {
	case *ssa.Parameter:
		return kind + " " + u.Name()
	case *ssa.UnOp:
		switch x := u.X.(type) {
		case *ssa.Alloc:
			return kind + " " + x.Comment
		default:
			return kind + " " + named{u}.Name()
		}
	case *ssa.Phi:
		if u.Comment != "" {
			return kind + " " + u.Comment
		}
	}
	return "a " + kind + " of type " + prov.TypeName(v.Type())
}
