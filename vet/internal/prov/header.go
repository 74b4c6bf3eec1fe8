package prov

import (
	"go/token"
	"go/types"

	"golang.org/x/tools/go/ssa"

	"moho/vet/internal/ssafn"
)

// HeaderShape reports whether a struct has the words of a string or slice
// header with the address as an integer, by shape and not by name:
// {uintptr, int} or {uintptr, int, int}.
func HeaderShape(t types.Type) bool {
	st, ok := t.Underlying().(*types.Struct)
	if !ok || st.NumFields() < 2 || st.NumFields() > 3 || !isUintptr(st.Field(0).Type()) {
		return false
	}
	for i := 1; i < st.NumFields(); i++ {
		b, ok := st.Field(i).Type().Underlying().(*types.Basic)
		if !ok || b.Kind() != types.Int {
			return false
		}
	}
	return true
}

// IsHeaderOwner reports whether t is a string or slice type, whose header the
// garbage collector knows.
func IsHeaderOwner(t types.Type) bool {
	switch u := t.Underlying().(type) {
	case *types.Slice:
		return true
	case *types.Basic:
		return u.Info()&types.IsString != 0
	}
	return false
}

// RealHeader returns the pointer to a real string or slice variable that addr,
// of a pointer-to-header type, was converted from; nil when it was not.
func RealHeader(addr ssa.Value) ssa.Value {
	ptr, ok := addr.Type().Underlying().(*types.Pointer)
	if !ok || !HeaderShape(ptr.Elem()) {
		return nil
	}
	base := Strip(addr)
	bp, ok := base.Type().Underlying().(*types.Pointer)
	if !ok || !IsHeaderOwner(bp.Elem()) {
		return nil
	}
	return base
}

// headerDataAt returns the string or slice variable whose data address is
// read at field address fa, as a pointer to that variable's memory; nil when
// fa is something else.
func headerDataAt(p *ssafn.Program, fa *ssa.FieldAddr) ssa.Value {
	if fa.Field != 0 {
		return nil
	}
	if base := RealHeader(fa.X); base != nil {
		return dataOf(p, base)
	}
	// A header that was copied by value into a variable.
	root, ok := fa.X.(*ssa.Alloc)
	if !ok || !HeaderShape(root.Type().Underlying().(*types.Pointer).Elem()) {
		return nil
	}
	for _, ref := range *root.Referrers() {
		if s, ok := ref.(*ssa.Store); ok && s.Addr == root {
			if ptr := copiedHeader(p, s.Val); ptr != nil {
				return ptr
			}
		}
	}
	return nil
}

// headerData is [headerDataAt] for a field of a struct value.
func headerData(p *ssafn.Program, f *ssa.Field) ssa.Value {
	if f.Field != 0 {
		return nil
	}
	return copiedHeader(p, f.X)
}

// copiedHeader returns the data of the string or slice whose header v is a copy of.
func copiedHeader(p *ssafn.Program, v ssa.Value) ssa.Value {
	load, ok := v.(*ssa.UnOp)
	if !ok || load.Op != token.MUL {
		return nil
	}
	base := RealHeader(load.X)
	if base == nil {
		return nil
	}
	return dataOf(p, base)
}

// CopiedHeader reports whether v is the header of a real string or slice,
// copied by value, and which variable's.
func CopiedHeader(v ssa.Value) (owner ssa.Value, ok bool) {
	load, isLoad := v.(*ssa.UnOp)
	if !isLoad || load.Op != token.MUL {
		return nil, false
	}
	owner = RealHeader(load.X)
	return owner, owner != nil
}

// dataOf returns a value whose provenance is that of the memory behind the
// string or slice variable at base: what was stored there, when one store is
// all there is, else the variable itself, which the caller's walk resolves.
func dataOf(p *ssafn.Program, base ssa.Value) ssa.Value {
	stores, complete := p.StoresTo(base)
	if complete && len(stores) == 1 {
		return stores[0].Val
	}
	return base
}

// Data lists the origins of the memory behind the string or slice variable
// that base points to.
func Data(p *ssafn.Program, base ssa.Value) []Origin {
	return Of(p, dataOf(p, base), nil)
}

// IsHeaderPointer reports whether v points to a struct of header shape.
func IsHeaderPointer(v ssa.Value) bool {
	ptr, ok := v.Type().Underlying().(*types.Pointer)
	return ok && HeaderShape(ptr.Elem())
}

// PointsToOwner returns the name of the string or slice type that pointer
// type t points to, "" when it points to something else.
func PointsToOwner(t types.Type) string {
	ptr, ok := t.Underlying().(*types.Pointer)
	if !ok || !IsHeaderOwner(ptr.Elem()) {
		return ""
	}
	return TypeName(ptr.Elem())
}
