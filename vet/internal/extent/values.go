package extent

import (
	"go/types"

	"golang.org/x/tools/go/ssa"

	"moho/vet/internal/prov"
)

func pointee(t types.Type) types.Type {
	if p, ok := t.Underlying().(*types.Pointer); ok {
		return p.Elem()
	}
	return types.Typ[types.Invalid]
}

func isPointer(t types.Type) bool {
	switch u := t.Underlying().(type) {
	case *types.Pointer:
		return true
	case *types.Basic:
		return u.Kind() == types.UnsafePointer
	}
	return false
}

// isConversion reports a pointer whose type is somebody's claim.
func isConversion(v ssa.Value) bool {
	c, ok := v.(*ssa.Convert)
	return ok && isPointer(c.X.Type())
}

func allocText(a *ssa.Alloc) string {
	switch a.Comment {
	case "new", "complit", "slicelit", "makeslice", "varargs":
		return "a new " + prov.TypeName(pointee(a.Type()))
	}
	return "variable " + a.Comment
}

// stripInt removes conversions between integers.
func stripInt(v ssa.Value) ssa.Value {
	for {
		c, ok := v.(*ssa.Convert)
		if !ok {
			return v
		}
		v = c.X
	}
}
