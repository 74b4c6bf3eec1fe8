package rewrite

import (
	"go/ast"
	"go/types"
	"strings"
)

// atomicArg judges the address of an atomic operation. That of a variable is
// aligned by the compiler where words have 64 bits.
func (f *file) atomicArg(a ast.Expr, name string) {
	if !f.isPointer(f.typeOf(a)) || isTypeParam(f.typeOf(a)) {
		return
	}
	align := "4"
	switch {
	case strings.HasSuffix(name, "64"):
		align = "8"
	case strings.HasSuffix(name, "Pointer"), strings.HasSuffix(name, "intptr"):
		align = wordSize(f.arch)
	case !strings.HasSuffix(name, "32"):
		return
	}
	if u, ok := ast.Unparen(a).(*ast.UnaryExpr); ok && u.Op.String() == "&" && (f.arch != "386" || align != "8") {
		if _, deref := ast.Unparen(u.X).(*ast.StarExpr); !deref && !f.throughCast(u.X) {
			return
		}
	}
	f.wrap(a, "_mohoAlign(", ", "+align+")")
}

func wordSize(arch string) string {
	if arch == "386" || arch == "arm" {
		return "4"
	}
	return "8"
}

// throughCast reports whether a variable is reached through a pointer that was
// made by a conversion from unsafe.Pointer, in the same expression.
func (f *file) throughCast(e ast.Expr) (found bool) {
	ast.Inspect(e, func(n ast.Node) bool {
		if x, ok := n.(ast.Expr); ok {
			if op, t := f.conversion(x); op != nil && f.isPointer(t) && isUnsafePointer(f.typeOf(op)) {
				found = true
			}
		}
		return !found
	})
	return found
}

// alignedCast judges (*T)(unsafe.Pointer(x)) where T has one of sync/atomic's 64-bit
// types in it.
func (f *file) alignedCast(c *ast.CallExpr) {
	x, t := f.conversion(c)
	if x == nil || !isUnsafePointer(f.typeOf(x)) {
		return
	}
	p, ok := under[*types.Pointer](t)
	if !ok || isTypeParam(p.Elem()) || !hasAtomic(p.Elem(), 0) {
		return
	}
	f.wrap(c, "_mohoAlign(", ", 8)")
}

func hasAtomic(t types.Type, depth int) bool {
	if depth > 4 {
		return false
	}
	if n, ok := types.Unalias(t).(*types.Named); ok && n.Obj().Pkg() != nil && n.Obj().Pkg().Path() == "sync/atomic" {
		return n.Obj().Name() == "Int64" || n.Obj().Name() == "Uint64"
	}
	switch u := t.Underlying().(type) {
	case *types.Struct:
		for i := range u.NumFields() {
			if hasAtomic(u.Field(i).Type(), depth+1) {
				return true
			}
		}
	case *types.Array:
		return hasAtomic(u.Elem(), depth+1)
	}
	return false
}
