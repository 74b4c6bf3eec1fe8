package syscallsplit

import (
	"go/ast"
	"go/token"
	"go/types"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/ssa"

	"moho/vet/internal/ssafn"
)

// fixes offers to move the conversion into the argument list: the argument is a
// variable that is defined once, by uintptr(unsafe.Pointer(x)), used only here,
// and x is an expression whose parts nothing changes in between.
//
//	p := uintptr(unsafe.Pointer(&v))     →  (gone)
//	syscall.Syscall(trap, fd, r, p)      →  syscall.Syscall(trap, fd, r, uintptr(unsafe.Pointer(&v)))
func fixes(pass *analysis.Pass, p *ssafn.Program, arg ast.Expr, call ssa.CallInstruction) []analysis.SuggestedFix {
	id, ok := ast.Unparen(arg).(*ast.Ident)
	if !ok {
		return nil
	}
	obj, ok := p.Info.Uses[id].(*types.Var)
	if !ok || obj.IsField() || obj.Pkg() == nil || obj.Parent() == obj.Pkg().Scope() {
		return nil
	}
	for other, use := range p.Info.Uses {
		if use == obj && other != id {
			return nil
		}
	}
	def, file := definition(p, obj)
	if def == nil || !movable(p, file, def.Rhs[0], def.End(), arg.Pos()) || !together(file, def, arg) {
		return nil
	}
	tok := pass.Fset.File(def.Pos())
	text, err := pass.ReadFile(tok.Name())
	if err != nil {
		return nil
	}
	from, to := tok.Offset(def.Rhs[0].Pos()), tok.Offset(def.Rhs[0].End())
	start, end := tok.Offset(def.Pos()), tok.Offset(def.End())
	if from < 0 || to > len(text) || end > len(text) {
		return nil
	}
	conversion := text[from:to]
	// The definition goes with its line, when it has that to itself.
	for start > 0 && (text[start-1] == ' ' || text[start-1] == '\t') {
		start--
	}
	if end >= len(text) || text[end] != '\n' || start > 0 && text[start-1] != '\n' {
		return nil
	}
	return []analysis.SuggestedFix{{
		Message: "Move the conversion into the argument list",
		TextEdits: []analysis.TextEdit{
			{Pos: tok.Pos(start), End: tok.Pos(end + 1)},
			{Pos: arg.Pos(), End: arg.End(), NewText: conversion},
		},
	}}
}

// definition finds the only statement that gives obj a value, a := with one
// variable, and its file.
func definition(p *ssafn.Program, obj *types.Var) (*ast.AssignStmt, *ast.File) {
	for _, f := range p.Files {
		if obj.Pos() < f.FileStart || obj.Pos() >= f.FileEnd {
			continue
		}
		var def *ast.AssignStmt
		ast.Inspect(f, func(n ast.Node) bool {
			if a, ok := n.(*ast.AssignStmt); ok && a.Tok == token.DEFINE && len(a.Lhs) == 1 && len(a.Rhs) == 1 {
				if id, ok := a.Lhs[0].(*ast.Ident); ok && p.Info.Defs[id] == types.Object(obj) {
					def = a
				}
			}
			return true
		})
		return def, f
	}
	return nil, nil
}

// movable reports whether e means the same at a later place: it is a chain of
// conversions, selections and constant indexes around local variables that are
// not assigned to in between.
func movable(p *ssafn.Program, file *ast.File, e ast.Expr, from, to token.Pos) bool {
	parts := map[types.Object]bool{}
	ok := true
	ast.Inspect(e, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.CallExpr:
			ok = ok && p.Info.Types[n.Fun].IsType()
		case *ast.Ident:
			if v, isVar := p.Info.Uses[n].(*types.Var); isVar && !v.IsField() {
				parts[v] = true
				ok = ok && v.Pkg() != nil && v.Parent() != v.Pkg().Scope()
			}
		case *ast.IndexExpr:
			ok = ok && p.Info.Types[n.Index].Value != nil
		case nil, *ast.SelectorExpr, *ast.UnaryExpr, *ast.ParenExpr, *ast.StarExpr, *ast.BasicLit:
		default:
			ok = false
		}
		return true
	})
	ast.Inspect(file, func(n ast.Node) bool {
		if n == nil || n.End() < from || n.Pos() > to {
			return false
		}
		changed := func(e ast.Expr) {
			for {
				switch u := ast.Unparen(e).(type) {
				case *ast.SelectorExpr:
					e = u.X
					continue
				case *ast.Ident:
					if parts[p.Info.Uses[u]] {
						ok = false
					}
				}
				return
			}
		}
		switch n := n.(type) {
		case *ast.AssignStmt:
			if n.Pos() >= from {
				for _, l := range n.Lhs {
					changed(l)
				}
			}
		case *ast.IncDecStmt:
			changed(n.X)
		case *ast.RangeStmt:
			if n.Pos() >= from && n.Key != nil {
				changed(n.Key)
			}
		}
		return true
	})
	return ok
}

// together reports whether the innermost block around the definition is also
// around the use, with no function or loop between the two.
func together(file *ast.File, def *ast.AssignStmt, use ast.Expr) bool {
	ok := false
	ast.Inspect(file, func(n ast.Node) bool {
		list, isBlock := n.(*ast.BlockStmt)
		if !isBlock {
			return true
		}
		for i, s := range list.List {
			if s != ast.Stmt(def) {
				continue
			}
			for _, later := range list.List[i+1:] {
				if later.Pos() <= use.Pos() && use.Pos() < later.End() {
					ok = plain(later, use)
				}
			}
		}
		return true
	})
	return ok
}

// plain reports whether no function literal or loop lies between s and use.
func plain(s ast.Stmt, use ast.Expr) bool {
	ok := true
	ast.Inspect(s, func(n ast.Node) bool {
		if n == nil || use.Pos() < n.Pos() || use.Pos() >= n.End() {
			return false
		}
		switch n.(type) {
		case *ast.FuncLit, *ast.ForStmt, *ast.RangeStmt, *ast.DeferStmt, *ast.GoStmt:
			ok = false
		}
		return true
	})
	return ok
}
