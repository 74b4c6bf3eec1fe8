package rewrite

import (
	"go/ast"
	"go/constant"
	"go/types"
	"strings"
)

// Integers that are addresses: where they are born, where they leave for a system
// call, where they are read as pointers.

// birth marks a conversion to uintptr whose result outlives its expression. One
// that goes straight back to a pointer, or into the arguments of a call that keeps
// the pointer alive, is as the rules want it, and must stay as it is: the compiler
// recognises it by its form.
func (f *file) birth(c *ast.CallExpr) {
	var inner ast.Node = c
	for i := 0; ; i++ {
		switch p := f.parent(i).(type) {
		case *ast.BinaryExpr, *ast.UnaryExpr:
			inner = p
			continue
		case *ast.CallExpr:
			if p.Fun == inner {
				return
			}
			if x, t := f.conversion(p); x != nil {
				if isUnsafePointer(t) || f.isPointer(t) {
					return
				}
				inner = p
				continue
			}
			if !f.plainCall(p) {
				return
			}
		case *ast.AssignStmt, *ast.ValueSpec, *ast.ReturnStmt, *ast.KeyValueExpr, *ast.CompositeLit, *ast.SendStmt:
		default:
			return
		}
		f.wrap(c, "_mohoBirth(", ")")
		return
	}
}

// sum judges unsafe.Add, which the compiler itself has checked since Go 1.26 only.
// The import of unsafe has to stay in use.
func (f *file) sum(c *ast.CallExpr) {
	if f.isConst(c.Args[1]) && f.info.Types[c.Args[1]].Value.Kind() != constant.Int {
		return
	}
	if strings.Contains(f.source(c.Fun), "\n") {
		return
	}
	f.replace(c.Fun, "_mohoAdd")
	f.wrap(c.Args[0], "unsafe.Pointer(", ")")
}

// plainCall reports a call of a function of this package that is written in Go (a
// stub of cgo too) and does not ask for pointers to be kept alive.
func (f *file) plainCall(c *ast.CallExpr) bool {
	fun := ast.Unparen(c.Fun)
	if ix, ok := fun.(*ast.IndexExpr); ok {
		fun = ix.X
	}
	var id *ast.Ident
	switch x := fun.(type) {
	case *ast.Ident:
		id = x
	case *ast.SelectorExpr:
		id = x.Sel
	default:
		return false
	}
	switch o := f.info.Uses[id].(type) {
	case *types.Func:
		d := f.decls[o.Origin()]
		return d != nil && d.Body != nil && !hasPragma(d, "uintptrescapes", "uintptrkeepalive")
	case *types.Var:
		return true // a function value: nothing is kept alive for those
	case *types.Builtin:
		return o.Name() == "append"
	}
	return false
}

// intArg judges an argument of a system call that is not itself made from a pointer.
// In a function that makes its callers keep the pointer, its parameters may be.
func (f *file) intArg(a ast.Expr) {
	if f.isConst(a) || !isUintptr(f.typeOf(a)) || f.hasBirth(a) {
		return
	}
	if d := f.enclosing(); hasPragma(d, "uintptrescapes", "uintptrkeepalive") && f.fromParam(a, d) {
		return
	}
	f.wrap(a, "_mohoInt(", ", false)")
}

// enclosing is the declaration around the node being visited.
func (f *file) enclosing() *ast.FuncDecl {
	if len(f.parents) == 0 {
		return nil
	}
	for _, d := range f.ast.Decls {
		if fd, ok := d.(*ast.FuncDecl); ok && fd.Body != nil && fd.Body.Pos() <= f.parents[0].Pos() && f.parents[0].End() <= fd.Body.End() {
			return fd
		}
	}
	return nil
}

func (f *file) fromParam(e ast.Expr, d *ast.FuncDecl) (found bool) {
	ast.Inspect(e, func(n ast.Node) bool {
		id, ok := n.(*ast.Ident)
		if !ok {
			return true
		}
		o := f.info.Uses[id]
		for _, field := range d.Type.Params.List {
			for _, name := range field.Names {
				found = found || o != nil && f.info.Defs[name] == o
			}
		}
		return true
	})
	return found
}

// load looks at *(*T)(unsafe.Pointer(&v)): a string that shares v's memory, or an
// integer read as a pointer.
func (f *file) load(s *ast.StarExpr) {
	if f.isTarget(s) {
		return
	}
	x, t := f.conversion(s.X)
	if x == nil || !f.isPointer(t) || !isUnsafePointer(f.typeOf(x)) {
		return
	}
	elem := f.typeOf(s)
	if isTypeParam(elem) {
		return
	}
	v := f.addressOf(x)
	switch {
	case isBasic(elem, types.String):
		if v != nil && isBasic(f.typeOf(v), types.String) {
			return
		}
		f.wrap(s, "_mohoStr(", ")")
	case isBytes(elem) && v != nil && isBasic(f.typeOf(v), types.String):
		f.wrap(s, "_mohoIceBytes(", ")")
	case v == nil || !f.isWord(f.typeOf(v)):
	case isUnsafePointer(elem):
		if types.Identical(elem, types.Typ[types.UnsafePointer]) {
			f.wrap(s, "_mohoUP(", ")")
		}
	case f.isPointer(elem):
		f.wrap(s, "_mohoPtr(", ")")
	}
}

// isTarget reports whether an expression is stored to or its address taken.
func (f *file) isTarget(e ast.Expr) bool {
	inner := ast.Node(e)
	for k := len(f.parents) - 1; k >= 0; k-- {
		switch p := f.parents[k].(type) {
		case *ast.ParenExpr:
			inner = p
			continue
		case *ast.UnaryExpr:
			return p.Op.String() == "&"
		case *ast.IncDecStmt:
			return true
		case *ast.AssignStmt:
			for _, l := range p.Lhs {
				if l == inner {
					return true
				}
			}
			return false
		case *ast.RangeStmt:
			return p.Key == inner || p.Value == inner
		case *ast.SelectorExpr, *ast.IndexExpr:
			// A field of it may be stored to; a view of it is no load.
			if x, ok := p.(*ast.SelectorExpr); ok && x.X == inner {
				inner = p
				continue
			}
			if x, ok := p.(*ast.IndexExpr); ok && x.X == inner {
				inner = p
				continue
			}
			return false
		}
		return false
	}
	return false
}
