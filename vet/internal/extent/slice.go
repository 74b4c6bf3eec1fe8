package extent

import (
	"go/constant"
	"go/token"
	"go/types"

	"golang.org/x/tools/go/ssa"

	"moho/vet/internal/prov"
	"moho/vet/internal/ssafn"
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
		i, known = prov.Int(index)
	}
	start := off
	if known {
		start += i * elem
	}
	if !known {
		w.loose++
		defer func() { w.loose-- }()
	}
	before := len(w.out)
	inside := func(v ssa.Value) { w.slice(v, index, elem, off, at, depth+1) }
	switch v := v.(type) {
	case *ssa.MakeSlice:
		if n, ok := prov.Int(v.Cap); ok {
			w.span(n*elem, start, Object{Pos: v.Pos(), Text: "a new " + prov.TypeName(v.Type()), Type: elemOf(v), Root: v})
			return
		}
	case *ssa.Const:
		if v.Value != nil && v.Value.Kind() == constant.String {
			w.span(int64(len(constant.StringVal(v.Value))), start, Object{Pos: v.Pos(), Text: "a string constant", Type: types.Typ[types.Byte], Root: v})
		}
		return
	case *ssa.Convert:
		if n, ok := copied(v); ok {
			w.span(n, start, Object{Pos: v.Pos(), Text: "a copy as " + prov.TypeName(v.Type()), Type: elemOf(v), Root: v})
			return
		}
	case *ssa.Slice:
		if w.resliced(v, elem, start, depth) {
			return
		}
	case *ssa.ChangeType:
		inside(v.X)
		return
	case *ssa.Phi:
		// Conditions are asked about the phi itself; constants show in its edges.
		w.choice(v.Edges, inside)
		w.keepKnown(before)
	case *ssa.UnOp:
		if v.Op == token.MUL {
			w.loadedSlice(v, inside)
			w.keepKnown(before)
		}
	case *ssa.Parameter:
		w.parameter(v, depth, inside)
		w.keepKnown(before)
	case *ssa.FreeVar:
		for _, b := range w.p.Bindings(v) {
			inside(b)
		}
		w.keepKnown(before)
	case *ssa.Call:
		if w.sliceCall(v, 0, elem, start, depth, inside); len(w.out) > before {
			w.keepKnown(before)
			return
		}
	case *ssa.Extract:
		if call, ok := v.Tuple.(*ssa.Call); ok {
			if w.sliceCall(call, v.Index, elem, start, depth, inside); len(w.out) > before {
				w.keepKnown(before)
				return
			}
		}
	}
	w.add(Object{Bytes: -1, Offset: -1, Pos: v.Pos(), Text: sliceText(v), Type: elemOf(v), Slice: v, Index: index, Elem: elem, At: at})
}

// loadedSlice follows a slice to what was stored where it is read from. Of a
// variable that is assigned more than once only the variable is known.
func (w *walker) loadedSlice(v *ssa.UnOp, inside func(ssa.Value)) {
	stores, complete := w.p.StoresTo(v.X)
	switch v.X.(type) {
	case *ssa.Alloc, *ssa.FreeVar:
	case *ssa.Global, *ssa.FieldAddr:
		if !complete {
			return
		}
		w.far++
		defer func() { w.far-- }()
	default:
		return
	}
	if len(stores) == 1 {
		inside(stores[0].Val)
	}
}

// sliceCall follows a slice or string that a call returned.
func (w *walker) sliceCall(v *ssa.Call, i int, elem, start int64, depth int, inside func(ssa.Value)) {
	if b, ok := v.Call.Value.(*ssa.Builtin); ok {
		if b.Name() == "Slice" || b.Name() == "String" {
			w.viewed(v, elem, start, depth)
		}
		return
	}
	callee := ssafn.Callee(v.Common())
	switch {
	case callee == nil || ssafn.IsCgo(callee):
	case len(callee.Blocks) > 0:
		w.results(v, callee, i, inside)
	default:
		if n := w.p.Fact(callee).Result(i).Bytes; n > 0 {
			w.span(n, start, Object{Pos: v.Pos(), Text: "the result of " + callee.Name()})
		}
	}
}

// viewed handles what unsafe.Slice and unsafe.String made: it can't be longer
// than what lies below, as far as that is known for certain.
func (w *walker) viewed(v *ssa.Call, elem, start int64, depth int) {
	before := len(w.out)
	w.pointer(v.Call.Args[0], start, depth+1)
	kept := w.out[:before]
	for _, o := range w.out[before:] {
		if !o.Typed && o.Bytes >= 0 {
			kept = append(kept, o)
		}
	}
	w.out = kept
}

// span adds an object of n bytes that the pointer lies start bytes into.
func (w *walker) span(n, start int64, o Object) {
	if start >= 0 && n >= start {
		o.Bytes, o.Offset = n-start, start
		w.add(o)
	}
}

// copied is the room of a []byte made from a string constant: the runtime
// rounds it up, to 32 bytes at least when it stays on the stack.
//
// Source: $GOROOT/src/runtime/string.go (stringtoslicebyte), go1.26.
func copied(v *ssa.Convert) (n int64, ok bool) {
	c, ok := v.X.(*ssa.Const)
	if !ok || c.Value == nil || c.Value.Kind() != constant.String {
		return 0, false
	}
	t, ok := v.Type().Underlying().(*types.Slice)
	if !ok {
		return 0, false
	}
	if b, ok := t.Elem().Underlying().(*types.Basic); !ok || b.Kind() != types.Byte {
		return 0, false
	}
	n = int64(len(constant.StringVal(c.Value)))
	return max(32, n+n/8), true
}

// elemOf is the type of an element of a slice or string.
func elemOf(v ssa.Value) types.Type {
	if s, ok := v.Type().Underlying().(*types.Slice); ok {
		return s.Elem()
	}
	return types.Typ[types.Byte]
}

// keepKnown drops the slices that were added since before without a size: the
// slice asked about stands for them.
func (w *walker) keepKnown(before int) {
	kept := w.out[:before]
	for _, o := range w.out[before:] {
		if o.Bytes >= 0 || o.Slice == nil {
			kept = append(kept, o)
		}
	}
	w.out = kept
}

// resliced handles x[lo:hi:max]; false means that v must also be taken as a
// slice of unknown length. Where lo is not constant, what is added is the most
// that there can be.
func (w *walker) resliced(v *ssa.Slice, elem, start int64, depth int) bool {
	lo, exact := int64(0), true
	if v.Low != nil {
		if lo, exact = prov.Int(v.Low); !exact {
			lo = 0
			w.loose++
			defer func() { w.loose-- }()
		}
	}
	if v.Max != nil {
		m, ok := prov.Int(v.Max)
		if ok {
			w.span((m-lo)*elem, start, Object{Pos: v.Pos(), Text: sliceText(v), Type: elemOf(v), Root: v})
		}
		return ok && exact
	}
	if ptr, ok := v.X.Type().Underlying().(*types.Pointer); ok {
		if _, ok := ptr.Elem().Underlying().(*types.Array); ok && !isConversion(v.X) {
			before := len(w.out)
			w.pointer(v.X, start+lo*elem, depth+1)
			w.elements(before, ptr.Elem().Underlying().(*types.Array).Elem())
			return len(w.out) > before && exact
		}
		return false
	}
	before := len(w.out)
	w.slice(v.X, nil, elem, start+lo*elem, v.Block(), depth+1)
	sized := len(w.out) > before
	for _, o := range w.out[before:] {
		sized = sized && o.Bytes >= 0
	}
	w.keepKnown(before)
	return sized && exact
}

// elements gives arrays that are used as slices the type of their elements.
func (w *walker) elements(before int, t types.Type) {
	for i := range w.out[before:] {
		if o := &w.out[before+i]; o.Type != nil && types.Identical(o.Type.Underlying(), types.NewArray(t, arrayLen(o.Type))) {
			o.Type = t
		}
	}
}

func arrayLen(t types.Type) int64 {
	if a, ok := t.Underlying().(*types.Array); ok {
		return a.Len()
	}
	return -1
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
