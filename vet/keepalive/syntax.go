package keepalive

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strings"

	"moho/evidence"
	"moho/vet/internal/cgoview"
	"moho/vet/internal/rule"
	"moho/vet/internal/ssafn"
)

// withoutC looks at a package whose C headers are missing, by its syntax: which
// types have a finalizer that hands a field to C, and which functions hand such
// a field to C as the last thing that they do with the object.
func withoutC(p *ssafn.Program) []rule.Hit {
	s := &syntactic{p: p, releases: map[*types.TypeName]map[string]bool{}, done: map[*ast.BlockStmt]bool{}}
	for _, f := range p.Files {
		ast.Inspect(f, s.finalizers)
	}
	var hits []rule.Hit
	for _, f := range p.Files {
		for _, d := range f.Decls {
			if fd, ok := d.(*ast.FuncDecl); ok && fd.Body != nil && !s.done[fd.Body] {
				hits = append(hits, s.function(fd)...)
			}
		}
	}
	return hits
}

type syntactic struct {
	p        *ssafn.Program
	releases map[*types.TypeName]map[string]bool // fields that a finalizer gives back
	done     map[*ast.BlockStmt]bool             // bodies of finalizers
}

// finalizers notes the types for which n sets a finalizer.
func (s *syntactic) finalizers(n ast.Node) bool {
	call, ok := n.(*ast.CallExpr)
	if !ok || len(call.Args) < 2 || !s.isRuntime(call, "SetFinalizer") && !s.isRuntime(call, "AddCleanup") {
		return true
	}
	owner := s.owner(call.Args[0])
	if owner == nil {
		return true
	}
	body := s.body(call.Args[1])
	if body == nil {
		return true
	}
	s.done[body] = true
	if s.releases[owner] == nil {
		s.releases[owner] = map[string]bool{}
	}
	for _, c := range callsOfC(body) {
		for _, arg := range c.Args {
			for _, sel := range fieldsIn(arg) {
				if s.owner(sel.X) == owner {
					s.releases[owner][sel.Sel.Name] = true
				}
			}
		}
	}
	return true
}

func (s *syntactic) isRuntime(call *ast.CallExpr, name string) bool {
	sel, ok := ast.Unparen(call.Fun).(*ast.SelectorExpr)
	if !ok || sel.Sel.Name != name {
		return false
	}
	fn, ok := s.p.Info.Uses[sel.Sel].(*types.Func)
	return ok && fn.Pkg() != nil && fn.Pkg().Path() == "runtime"
}

// owner returns the named type that an expression is a value of or points to,
// if it is of this package.
func (s *syntactic) owner(e ast.Expr) *types.TypeName {
	t := s.p.Info.TypeOf(e)
	if t == nil {
		return nil
	}
	if ptr, ok := types.Unalias(t).(*types.Pointer); ok {
		t = ptr.Elem()
	}
	named, ok := types.Unalias(t).(*types.Named)
	if !ok || named.Obj().Pkg() != s.p.Types {
		return nil
	}
	return named.Obj()
}

// body returns the body of the function that an expression names or is.
func (s *syntactic) body(e ast.Expr) *ast.BlockStmt {
	var id *ast.Ident
	switch e := ast.Unparen(e).(type) {
	case *ast.FuncLit:
		return e.Body
	case *ast.Ident:
		id = e
	case *ast.SelectorExpr:
		id = e.Sel
	default:
		return nil
	}
	for _, f := range s.p.Files {
		for _, d := range f.Decls {
			if fd, ok := d.(*ast.FuncDecl); ok && s.p.Info.Defs[fd.Name] != nil && s.p.Info.Defs[fd.Name] == s.p.Info.Uses[id] {
				return fd.Body
			}
		}
	}
	return nil
}

// callsOfC lists the calls of C functions in a body, conversions to C's types
// among them, in order.
func callsOfC(n ast.Node) []*ast.CallExpr {
	var out []*ast.CallExpr
	ast.Inspect(n, func(n ast.Node) bool {
		if call, ok := n.(*ast.CallExpr); ok && cgoview.OfC(ast.Unparen(call.Fun)) != nil {
			out = append(out, call)
		}
		return true
	})
	return out
}

// fieldsIn lists the fields of variables whose values are in an expression. The
// address of a field keeps the object alive.
func fieldsIn(e ast.Expr) []*ast.SelectorExpr {
	var out []*ast.SelectorExpr
	ast.Inspect(e, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit:
			return false
		case *ast.UnaryExpr:
			return n.Op != token.AND
		case *ast.SelectorExpr:
			if id, ok := n.X.(*ast.Ident); ok && id.Name != "C" {
				out = append(out, n)
			}
		}
		return true
	})
	return out
}

// function lists the calls in one function after which an object is not used.
func (s *syntactic) function(fd *ast.FuncDecl) []rule.Hit {
	var hits []rule.Hit
	for _, call := range callsOfC(fd.Body) {
		var owners, fields []string
		for _, arg := range call.Args {
			for _, sel := range fieldsIn(arg) {
				owner := s.owner(sel.X)
				if owner == nil || !s.releases[owner][sel.Sel.Name] || s.usedLater(fd, sel, call) {
					continue
				}
				if name := sel.X.(*ast.Ident).Name; !slices.Contains(owners, name) {
					owners = append(owners, name)
					fields = append(fields, name+"."+sel.Sel.Name)
				}
			}
		}
		if len(owners) == 0 {
			continue
		}
		name := fd.Name.Name
		if fd.Recv != nil && len(fd.Recv.List) == 1 {
			name = strings.TrimPrefix(types.ExprString(fd.Recv.List[0].Type), "*") + "." + name
		}
		hits = append(hits, rule.Hit{
			Pos: call.Pos(), End: call.End(), Severity: evidence.High,
			Message: fmt.Sprintf("%s is used by %s in %s after the last use of %s: its finalizer may have given it back by then",
				strings.Join(fields, " and "), types.ExprString(call.Fun), name, strings.Join(owners, " and ")),
			Flow: []rule.Step{
				{Pos: call.Pos(), Text: "C gets " + strings.Join(fields, " and ") + ", and nothing refers to " + strings.Join(owners, " and ") + " any more"},
			},
			Window: rule.Span{Pos: call.Pos(), End: call.End()},
		})
	}
	return hits
}

// usedLater reports whether the variable of sel is mentioned after a call, in a
// deferred call, in a literal, or in the loop around the call; or was not made
// here and does not have to be kept here: it is a package variable.
func (s *syntactic) usedLater(fd *ast.FuncDecl, sel *ast.SelectorExpr, call *ast.CallExpr) bool {
	obj := s.p.Info.Uses[sel.X.(*ast.Ident)]
	if obj == nil || obj.Parent() == s.p.Types.Scope() {
		return true
	}
	used := false
	var stack []ast.Node
	ast.Inspect(fd.Body, func(n ast.Node) bool {
		if n == nil {
			stack = stack[:len(stack)-1]
			return false
		}
		stack = append(stack, n)
		id, ok := n.(*ast.Ident)
		if !ok || s.p.Info.Uses[id] != obj {
			return true
		}
		switch {
		case id.Pos() > call.End() && reaches(fd, call, id.Pos()):
			used = true
		case id.Pos() < call.Pos() || id.Pos() > call.End():
			for _, around := range stack {
				switch around := around.(type) {
				case *ast.DeferStmt, *ast.FuncLit, *ast.GoStmt:
					used = true
				case *ast.ForStmt:
					used = used || around.Pos() < call.Pos() && call.End() < around.End()
				case *ast.RangeStmt:
					used = used || around.Body.Pos() < call.Pos() && call.End() < around.End() && id.Pos() > around.Body.Pos()
				}
			}
		}
		return true
	})
	return used
}

// reaches reports whether code at pos can be carried out after a call that stands
// before it: not when the call is in a return statement, or in a block that ends
// in one before pos.
func reaches(fd *ast.FuncDecl, call *ast.CallExpr, pos token.Pos) bool {
	ok := true
	ast.Inspect(fd.Body, func(n ast.Node) bool {
		if n == nil || !(n.Pos() <= call.Pos() && call.End() <= n.End()) {
			return false
		}
		switch n := n.(type) {
		case *ast.ReturnStmt:
			ok = ok && pos <= n.End()
		case *ast.BlockStmt:
			ok = ok && (pos <= n.End() || !returns(n.List))
		case *ast.CaseClause:
			ok = ok && (pos <= n.End() || !returns(n.Body))
		}
		return true
	})
	return ok
}

func returns(list []ast.Stmt) bool {
	if len(list) == 0 {
		return false
	}
	_, ok := list[len(list)-1].(*ast.ReturnStmt)
	return ok
}
