package rewrite

import (
	"go/ast"
	"go/token"
	"go/types"
	"strings"
)

// leaving tells the runtime where a function gives up the last variable that holds
// memory from C's allocator: at each return, and at the end of the block that
// declares it. Only then a leak has a line where it happens.
func (f *file) leaving(b *ast.BlockStmt, body *ast.BlockStmt) {
	for i, s := range b.List {
		ast.Inspect(s, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.FuncLit:
				f.leaving(n.Body, n.Body)
				return false
			case *ast.BlockStmt:
				f.leaving(n, body)
				return false
			}
			return true
		})
		name, up := f.allocates(s)
		if name == "" {
			continue
		}
		text := "_mohoLeft(" + name + ")"
		if up {
			text = "_mohoLeftUP(" + name + ")"
		}
		for _, later := range b.List[i+1:] {
			f.returns(later, text, name)
		}
		if n := len(b.List); !terminates(b.List[n-1]) && b.Rbrace.IsValid() {
			f.add(b.Rbrace, opening, "; "+text+"; ")
		}
	}
}

// allocates returns the variable that a statement declares to hold memory from C's
// allocator; up says that its type is unsafe.Pointer.
func (f *file) allocates(s ast.Stmt) (name string, up bool) {
	a, ok := s.(*ast.AssignStmt)
	if !ok || a.Tok != token.DEFINE || len(a.Lhs) != 1 || len(a.Rhs) != 1 {
		return "", false
	}
	id, ok := a.Lhs[0].(*ast.Ident)
	if !ok || id.Name == "_" || f.info.Defs[id] == nil {
		return "", false
	}
	e := a.Rhs[0]
	for {
		x, _ := f.conversion(e)
		if x == nil {
			break
		}
		e = x
	}
	c, ok := ast.Unparen(e).(*ast.CallExpr)
	if !ok {
		return "", false
	}
	fn, ok := ast.Unparen(c.Fun).(*ast.Ident)
	if !ok {
		return "", false
	}
	switch strings.TrimPrefix(fn.Name, "_Cfunc_") {
	case "CString", "CBytes", "_CMalloc", "calloc", "strdup", "strndup":
	default:
		return "", false
	}
	t := f.info.Defs[id].Type()
	switch {
	case types.Identical(t, types.Typ[types.UnsafePointer]):
		return id.Name, true
	case f.isPointer(t):
		return id.Name, false
	}
	return "", false
}

// returns puts text before the returns in a statement, unless they return the
// variable itself.
func (f *file) returns(s ast.Stmt, text, name string) {
	ast.Inspect(s, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit:
			return false
		case *ast.LabeledStmt:
			if _, ok := n.Stmt.(*ast.ReturnStmt); ok {
				return false
			}
		case *ast.ReturnStmt:
			if !mentions(n, name) {
				f.before(n, text)
			}
		}
		return true
	})
}

func mentions(n ast.Node, name string) (found bool) {
	ast.Inspect(n, func(n ast.Node) bool {
		id, ok := n.(*ast.Ident)
		found = found || ok && id.Name == name
		return !found
	})
	return found
}

// terminates reports statements after which the end of their block is not reached.
func terminates(s ast.Stmt) bool {
	switch s := s.(type) {
	case *ast.ReturnStmt, *ast.BranchStmt:
		return true
	case *ast.ForStmt:
		return s.Cond == nil
	case *ast.LabeledStmt:
		return terminates(s.Stmt)
	case *ast.BlockStmt:
		return len(s.List) > 0 && terminates(s.List[len(s.List)-1])
	case *ast.IfStmt, *ast.SwitchStmt, *ast.TypeSwitchStmt, *ast.SelectStmt:
		return true // maybe: what does not return here is not told, which is only less
	case *ast.ExprStmt:
		c, ok := s.X.(*ast.CallExpr)
		if !ok {
			return false
		}
		id, ok := c.Fun.(*ast.Ident)
		return ok && id.Name == "panic"
	}
	return false
}
