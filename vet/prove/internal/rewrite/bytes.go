package rewrite

import (
	"go/ast"
	"go/types"
)

// byteStore tells the runtime that a statement may have changed the bytes of a
// buffer: a string view of it may have changed too.
func (f *file) byteStore(s ast.Stmt) {
	told := map[string]bool{}
	tell := func(e ast.Expr) {
		e = ast.Unparen(e)
		for {
			sl, ok := e.(*ast.SliceExpr)
			if !ok {
				break
			}
			e = ast.Unparen(sl.X)
		}
		if !pure(e) || told[f.source(e)] || !isBytes(f.typeOf(e)) {
			return
		}
		told[f.source(e)] = true
		f.after(s, "_mohoBytes("+f.source(e)+")")
	}
	call := func(e ast.Expr) {
		c, ok := ast.Unparen(e).(*ast.CallExpr)
		if !ok || f.info.Types[c.Fun].IsType() {
			return
		}
		switch path, name := f.callee(c); {
		case path == "" && (name == "len" || name == "cap" || name == "panic" || name == "print" || name == "println"):
			return
		case path == "" && (name == "append" || name == "copy") && len(c.Args) > 0:
			tell(c.Args[0])
			return
		}
		for _, a := range c.Args {
			tell(a)
		}
	}
	switch s := s.(type) {
	case *ast.ExprStmt:
		call(s.X)
	case *ast.AssignStmt:
		for _, l := range s.Lhs {
			if ix, ok := ast.Unparen(l).(*ast.IndexExpr); ok {
				tell(ix.X)
			}
		}
		for _, r := range s.Rhs {
			call(r)
		}
	}
}

func isBytes(t types.Type) bool {
	s, ok := under[*types.Slice](t)
	return ok && isBasic(s.Elem(), types.Uint8) && !isTypeParam(t)
}
