package rewrite

import (
	"go/ast"
	"go/types"
	"strings"
)

func (p *pkg) typeOf(e ast.Expr) types.Type {
	if tv, ok := p.info.Types[e]; ok && tv.Type != nil {
		return tv.Type
	}
	if id, ok := e.(*ast.Ident); ok {
		if o := p.object(id); o != nil {
			return o.Type()
		}
	}
	return nil
}

func (p *pkg) object(id *ast.Ident) types.Object {
	if o := p.info.Defs[id]; o != nil {
		return o
	}
	return p.info.Uses[id]
}

func under[T types.Type](t types.Type) (T, bool) {
	var zero T
	if t == nil {
		return zero, false
	}
	u, ok := t.Underlying().(T)
	return u, ok
}

func isBasic(t types.Type, kinds ...types.BasicKind) bool {
	b, ok := under[*types.Basic](t)
	if !ok {
		return false
	}
	for _, k := range kinds {
		if b.Kind() == k {
			return true
		}
	}
	return false
}

func isUnsafePointer(t types.Type) bool { return isBasic(t, types.UnsafePointer) }
func isUintptr(t types.Type) bool       { return isBasic(t, types.Uintptr) }

// isWord reports integers that can hold an address.
func (p *pkg) isWord(t types.Type) bool {
	b, ok := under[*types.Basic](t)
	return ok && b.Info()&types.IsInteger != 0 && b.Info()&types.IsUntyped == 0 && p.sizes.Sizeof(b) == p.sizes.Sizeof(types.Typ[types.Uintptr])
}

func (p *pkg) isPointer(t types.Type) bool {
	_, ok := under[*types.Pointer](t)
	return ok
}

func isTypeParam(t types.Type) bool {
	_, ok := types.Unalias(t).(*types.TypeParam)
	return ok
}

func (p *pkg) isConst(e ast.Expr) bool { return p.info.Types[e].Value != nil }

// conversion returns the operand of T(x) and T; nil for anything else.
func (p *pkg) conversion(e ast.Expr) (x ast.Expr, t types.Type) {
	c, ok := ast.Unparen(e).(*ast.CallExpr)
	if !ok || len(c.Args) != 1 {
		return nil, nil
	}
	tv, ok := p.info.Types[c.Fun]
	if !ok || !tv.IsType() {
		return nil, nil
	}
	return c.Args[0], tv.Type
}

// addressOf returns v of unsafe.Pointer(&v), through conversions between pointers.
func (p *pkg) addressOf(e ast.Expr) ast.Expr {
	if u := p.addressOfVar(e); u != nil {
		return ast.Unparen(u.X)
	}
	return nil
}

// addressOfVar returns &v of it.
func (p *pkg) addressOfVar(e ast.Expr) *ast.UnaryExpr {
	for {
		x, t := p.conversion(e)
		if x == nil || !isUnsafePointer(t) && !p.isPointer(t) {
			break
		}
		e = x
	}
	if u, ok := ast.Unparen(e).(*ast.UnaryExpr); ok && u.Op.String() == "&" {
		return u
	}
	return nil
}

// isBirth reports a conversion of an unsafe.Pointer to an integer, or a call that
// gives an address as one.
func (p *pkg) isBirth(e ast.Expr) bool {
	if x, t := p.conversion(e); x != nil {
		return isUintptr(t) && isUnsafePointer(p.typeOf(x))
	}
	c, ok := ast.Unparen(e).(*ast.CallExpr)
	if !ok || len(c.Args) != 0 || !isUintptr(p.typeOf(c)) {
		return false
	}
	s, ok := ast.Unparen(c.Fun).(*ast.SelectorExpr)
	if !ok || s.Sel.Name != "Pointer" && s.Sel.Name != "UnsafeAddr" {
		return false
	}
	f, ok := p.info.Uses[s.Sel].(*types.Func)
	return ok && f.Pkg() != nil && f.Pkg().Path() == "reflect"
}

// hasBirth reports whether an address becomes an integer somewhere in e.
func (p *pkg) hasBirth(e ast.Expr) (found bool) {
	ast.Inspect(e, func(n ast.Node) bool {
		if x, ok := n.(ast.Expr); ok && p.isBirth(x) {
			found = true
		}
		return !found
	})
	return found
}

// callee returns the package path and name of a function or method that is called
// by name: unsafe, Slice or sync/atomic, AddInt64.
func (p *pkg) callee(c *ast.CallExpr) (path, name string) {
	fun := ast.Unparen(c.Fun)
	switch f := fun.(type) {
	case *ast.IndexExpr:
		fun = f.X
	case *ast.IndexListExpr:
		fun = f.X
	}
	var id *ast.Ident
	switch f := fun.(type) {
	case *ast.Ident:
		id = f
	case *ast.SelectorExpr:
		id = f.Sel
	default:
		return "", ""
	}
	switch o := p.info.Uses[id].(type) {
	case *types.Builtin:
		if _, qualified := fun.(*ast.SelectorExpr); qualified {
			return "unsafe", o.Name()
		}
		return "", o.Name()
	case *types.Func:
		if o.Pkg() != nil {
			return o.Pkg().Path(), o.Name()
		}
	}
	return "", ""
}

// isSyscall reports the functions that enter the kernel with integers.
func isSyscall(path, name string) bool {
	if path != "syscall" && !strings.HasSuffix(path, "golang.org/x/sys/unix") && !strings.HasSuffix(path, "golang.org/x/sys/windows") {
		return false
	}
	return strings.Contains(name, "yscall")
}

// pure reports expressions that can be evaluated again without effect.
func pure(e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name != "_"
	case *ast.SelectorExpr:
		return pure(e.X)
	case *ast.ParenExpr:
		return pure(e.X)
	case *ast.StarExpr:
		return pure(e.X)
	}
	return false
}

// A shape is what a struct has in common with the header of a slice or a string.
type shape struct {
	slice   bool
	integer bool // the data word is an integer
}

// headerShape reports structs of a data word, a length and maybe a capacity.
func (p *pkg) headerShape(t types.Type) (shape, bool) {
	s, ok := under[*types.Struct](t)
	if !ok || s.NumFields() < 2 || s.NumFields() > 3 {
		return shape{}, false
	}
	data := s.Field(0).Type()
	if !isUintptr(data) && !isUnsafePointer(data) && !p.isPointer(data) {
		return shape{}, false
	}
	for i := 1; i < s.NumFields(); i++ {
		if !isBasic(s.Field(i).Type(), types.Int, types.Uintptr, types.Uint, types.Int64, types.Uint64) || !p.isWord(s.Field(i).Type()) {
			return shape{}, false
		}
	}
	return shape{slice: s.NumFields() == 3, integer: isUintptr(data)}, true
}

// isReflectHeader reports reflect's own two.
func isReflectHeader(t types.Type) bool {
	n, ok := types.Unalias(t).(*types.Named)
	if !ok || n.Obj().Pkg() == nil || n.Obj().Pkg().Path() != "reflect" {
		return false
	}
	return n.Obj().Name() == "SliceHeader" || n.Obj().Name() == "StringHeader"
}
