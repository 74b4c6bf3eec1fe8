package lifetime

import (
	"go/token"
	"go/types"
	"slices"

	"golang.org/x/tools/go/ssa"

	"moho/vet/internal/ssafn"
)

// roots lists the values that the memory behind v comes from: parameters,
// calls, allocations and what is read from elsewhere.
func roots(v ssa.Value, out map[ssa.Value]bool, seen map[ssa.Value]bool) {
	if v == nil || seen[v] || len(seen) > 200 {
		return
	}
	seen[v] = true
	switch u := v.(type) {
	case *ssa.Slice:
		roots(u.X, out, seen)
	case *ssa.Convert:
		roots(u.X, out, seen)
	case *ssa.ChangeType:
		roots(u.X, out, seen)
	case *ssa.SliceToArrayPointer:
		roots(u.X, out, seen)
	case *ssa.IndexAddr:
		roots(u.X, out, seen)
	case *ssa.MakeInterface:
		roots(u.X, out, seen)
	case *ssa.Phi:
		for _, e := range u.Edges {
			roots(e, out, seen)
		}
	case *ssa.UnOp:
		if a, ok := u.X.(*ssa.Alloc); ok && u.Op == token.MUL {
			for _, s := range storesInto(a) {
				if refers(s.Val.Type()) {
					roots(s.Val, out, seen)
				}
			}
			return
		}
		out[v] = true
	case *ssa.Call:
		if _, ok := u.Call.Value.(*ssa.Builtin); ok && len(u.Call.Args) > 0 {
			roots(u.Call.Args[0], out, seen)
			return
		}
		out[v] = true
	case *ssa.Const:
	default:
		out[v] = true
	}
}

// storesInto lists the stores to a local variable or to a field of it.
func storesInto(a *ssa.Alloc) []*ssa.Store {
	var out []*ssa.Store
	for _, ref := range *a.Referrers() {
		switch ref := ref.(type) {
		case *ssa.Store:
			if ref.Addr == a {
				out = append(out, ref)
			}
		case *ssa.FieldAddr:
			for _, r := range *ref.Referrers() {
				if s, ok := r.(*ssa.Store); ok && s.Addr == ref {
					out = append(out, s)
				}
			}
		}
	}
	return out
}

// refers reports whether a value of type t can refer to memory or be the
// handle of something: numbers count only as uintptr.
func refers(t types.Type) bool { return refersAt(t, 0) }

func refersAt(t types.Type, depth int) bool {
	if depth > 8 {
		return true
	}
	switch u := t.Underlying().(type) {
	case *types.Basic:
		return u.Kind() == types.UnsafePointer || u.Kind() == types.Uintptr || u.Info()&types.IsString != 0
	case *types.Struct:
		for f := range u.Fields() {
			if refersAt(f.Type(), depth+1) {
				return true
			}
		}
		return false
	case *types.Array:
		return refersAt(u.Elem(), depth+1)
	}
	return true
}

func common(a, b map[ssa.Value]bool) bool {
	for v := range a {
		if b[v] {
			return true
		}
	}
	return false
}

func rootsOf(v ssa.Value) map[ssa.Value]bool {
	out := map[ssa.Value]bool{}
	roots(v, out, map[ssa.Value]bool{})
	return out
}

// fieldStore is an assignment of one field of an object.
type fieldStore struct {
	object ssa.Value
	field  string
	val    ssa.Value
}

// fieldStores lists what f assigns to the fields of objects of type named.
func fieldStores(f *ssa.Function, named *types.Named) []fieldStore {
	var out []fieldStore
	for _, b := range f.Blocks {
		for _, instr := range b.Instrs {
			s, ok := instr.(*ssa.Store)
			if !ok {
				continue
			}
			fa, ok := s.Addr.(*ssa.FieldAddr)
			if !ok {
				continue
			}
			if n := pointee(fa.X.Type()); n == nil || n.Origin() != named.Origin() {
				continue
			}
			if v := ssafn.Field(fa); v != nil {
				out = append(out, fieldStore{fa.X, v.Name(), s.Val})
			}
		}
	}
	return out
}

// fieldsOf names the fields of object in which f keeps what val refers to, or,
// when inner names a field of val's struct, what that field refers to.
func fieldsOf(f *ssa.Function, object, val ssa.Value, inner string) []string {
	if load, ok := val.(*ssa.UnOp); ok && load.Op == token.MUL {
		if fa, ok := load.X.(*ssa.FieldAddr); ok && pointee(fa.X.Type()) != nil && pointee(fa.X.Type()) == pointee(object.Type()) {
			if v := ssafn.Field(fa); v != nil {
				return []string{v.Name()}
			}
		}
		if a, ok := load.X.(*ssa.Alloc); ok && inner != "" {
			if v := structField(a, inner); v != nil {
				return fieldsOf(f, object, v, "")
			}
		}
	}
	named := pointee(object.Type())
	if named == nil {
		return nil
	}
	want := rootsOf(val)
	var out []string
	for _, s := range fieldStores(f, named) {
		if refersOrHandle(s.val.Type()) && (s.val == val || common(rootsOf(s.val), want)) && !slices.Contains(out, s.field) {
			out = append(out, s.field)
		}
	}
	return out
}

// structField returns what is assigned to a field of a local struct.
func structField(a *ssa.Alloc, name string) ssa.Value {
	for _, ref := range *a.Referrers() {
		fa, ok := ref.(*ssa.FieldAddr)
		if !ok {
			continue
		}
		if v := ssafn.Field(fa); v == nil || v.Name() != name {
			continue
		}
		for _, r := range *fa.Referrers() {
			if s, ok := r.(*ssa.Store); ok && s.Addr == fa {
				return s.Val
			}
		}
	}
	return nil
}

func refersOrHandle(t types.Type) bool { return refers(t) || isHandle(t) }

// sharing names the other fields of a type that are given what a released field
// is given, or a part of it, where an object is put together.
func sharing(p *ssafn.Program, t types.Type, released []string) []string {
	named, ok := types.Unalias(t).(*types.Named)
	if !ok {
		return nil
	}
	var out []string
	for _, f := range p.Funcs {
		stores := fieldStores(f, named)
		for _, s := range stores {
			if !slices.Contains(released, s.field) || !refers(s.val.Type()) {
				continue
			}
			mine := rootsOf(s.val)
			for _, other := range stores {
				if other.object == s.object && !slices.Contains(released, other.field) && !slices.Contains(out, other.field) &&
					refers(other.val.Type()) && common(mine, rootsOf(other.val)) {
					out = append(out, other.field)
				}
			}
		}
	}
	return out
}
