package extent

import (
	"go/constant"
	"go/token"
	"go/types"

	"golang.org/x/tools/go/ssa"

	"moho/vet/internal/prov"
)

// arithmetic takes apart uintptr(p) + c, the one-expression form.
func arithmetic(v ssa.Value) (base ssa.Value, delta int64, ok bool) {
	for range 8 {
		switch u := v.(type) {
		case *ssa.BinOp:
			c, known := constInt(u.Y)
			if !known || u.Op != token.ADD {
				return nil, 0, false
			}
			delta += c
			v = u.X
		case *ssa.Convert:
			if isPointer(u.X.Type()) {
				return u.X, delta, true
			}
			return nil, 0, false
		default:
			return nil, 0, false
		}
	}
	return nil, 0, false
}

func constInt(v ssa.Value) (int64, bool) {
	for {
		c, ok := v.(*ssa.Convert)
		if !ok {
			break
		}
		v = c.X
	}
	c, ok := v.(*ssa.Const)
	if !ok || c.Value == nil || c.Value.Kind() != constant.Int {
		return 0, false
	}
	n, exact := constant.Int64Val(c.Value)
	return n, exact && n > -1<<40 && n < 1<<40
}

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
