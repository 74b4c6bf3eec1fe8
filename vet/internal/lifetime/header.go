package lifetime

import (
	"go/types"

	"golang.org/x/tools/go/ssa"
)

// header follows a string, slice or header variable at base that load reads
// punned; false when base is none.
func (w *bytesWalker) header(load *ssa.UnOp, base ssa.Value) bool {
	t := deref(base.Type())
	if t == nil || types.Identical(t, load.Type()) {
		return false
	}
	str, owner := firstIsHeader(t)
	if !owner && !wordFirst(t) {
		return false
	}
	if w.view == nil && owner && (str != isString(load.Type()) || isAddress(load.Type())) {
		w.view = load
	}
	if _, ok := base.(*ssa.Alloc); ok {
		w.cell(base, load)
		return true
	}
	if fv, ok := base.(*ssa.FreeVar); ok {
		w.cell(fv, load)
		return true
	}
	w.add(base, str)
	return true
}

// cell follows what a local variable holds, also through a header laid over it.
func (w *bytesWalker) cell(cell ssa.Value, load *ssa.UnOp) {
	if fv, ok := cell.(*ssa.FreeVar); ok {
		for _, b := range w.p.Bindings(fv) {
			w.cell(b, load)
		}
		return
	}
	a, ok := cell.(*ssa.Alloc)
	if !ok || !w.enter(cell) {
		return
	}
	n := len(w.roots)
	found := false
	for _, s := range w.cellStores(a, 0) {
		found = true
		w.bytes(s.Val)
	}
	if !found && len(w.roots) == n {
		w.add(cell, isString(deref(a.Type())))
	}
}

// cellStores lists what is stored in the first word of a variable: as a whole,
// to its first field, in literals that capture it, and through a pointer to a
// header that was laid over it.
func (w *bytesWalker) cellStores(cell ssa.Value, depth int) []*ssa.Store {
	if depth > 6 || cell.Referrers() == nil {
		return nil
	}
	var out []*ssa.Store
	for _, ref := range *cell.Referrers() {
		switch ref := ref.(type) {
		case *ssa.Store:
			if ref.Addr == cell && refers(ref.Val.Type()) {
				out = append(out, ref)
			}
		case *ssa.FieldAddr:
			if ref.Field == 0 {
				out = append(out, w.cellStores(ref, depth+1)...)
			}
		case *ssa.Convert:
			if isPointer(ref.Type()) {
				out = append(out, w.cellStores(ref, depth+1)...)
			}
		case *ssa.MakeClosure:
			if fn, ok := ref.Fn.(*ssa.Function); ok {
				for i, b := range ref.Bindings {
					if b == cell && i < len(fn.FreeVars) {
						out = append(out, w.cellStores(fn.FreeVars[i], depth+1)...)
					}
				}
			}
		}
	}
	return out
}

// strip removes conversions between pointer types.
func strip(v ssa.Value) ssa.Value {
	for range 16 {
		switch u := v.(type) {
		case *ssa.Convert:
			if !isPointer(u.X.Type()) {
				return v
			}
			v = u.X
		case *ssa.ChangeType:
			v = u.X
		default:
			return v
		}
	}
	return v
}

func deref(t types.Type) types.Type {
	if ptr, ok := t.Underlying().(*types.Pointer); ok {
		return ptr.Elem()
	}
	return nil
}

// firstIsHeader reports types that begin with a string or slice.
func firstIsHeader(t types.Type) (str, ok bool) {
	for range 8 {
		switch u := t.Underlying().(type) {
		case *types.Basic:
			return true, u.Info()&types.IsString != 0
		case *types.Slice:
			return false, true
		case *types.Struct:
			if u.NumFields() == 0 {
				return false, false
			}
			t = u.Field(0).Type()
		default:
			return false, false
		}
	}
	return false, false
}

// wordFirst reports structs that begin with an address: headers of one's own,
// and reflect's.
func wordFirst(t types.Type) bool {
	st, ok := t.Underlying().(*types.Struct)
	if !ok || st.NumFields() < 2 || st.NumFields() > 3 {
		return false
	}
	first := st.Field(0).Type()
	if ptr, ok := first.Underlying().(*types.Pointer); ok {
		_, basic := ptr.Elem().Underlying().(*types.Basic)
		return basic
	}
	return isAddress(first)
}
