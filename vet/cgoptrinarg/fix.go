package cgoptrinarg

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/ast/astutil"

	"moho/vet/internal/ssafn"
)

// pinFix offers to pin what a statement of a function's own block puts into the
// object, up to the end of the function. What is pinned must be a variable that
// is a pointer, or an element of a slice or array that is one, at a constant
// index: then saying it twice is like saying it once.
func pinFix(p *ssafn.Program, stored token.Pos, nth int) []analysis.SuggestedFix {
	file := fileAt(p, stored)
	if file == nil {
		return nil
	}
	path, _ := astutil.PathEnclosingInterval(file, stored, stored)
	var stmt ast.Stmt
	var fn *ast.FuncDecl
	for i, n := range path {
		body, ok := n.(*ast.BlockStmt)
		if !ok || i == 0 {
			if _, literal := n.(*ast.FuncLit); literal {
				return nil
			}
			continue
		}
		if i+1 < len(path) {
			if fn, ok = path[i+1].(*ast.FuncDecl); !ok || fn.Body != body {
				return nil // inside a loop or branch
			}
			stmt, _ = path[i-1].(ast.Stmt)
		}
		break
	}
	if fn == nil || stmt == nil {
		return nil
	}
	what := pinnable(p.Info, stmt)
	name := "pinner"
	if nth > 1 {
		name = fmt.Sprintf("pinner%d", nth)
	}
	if what == nil || uses(fn, name) {
		return nil
	}
	edits := []analysis.TextEdit{{
		Pos: stmt.Pos(), End: stmt.Pos(),
		NewText: fmt.Appendf(nil, "var %s runtime.Pinner\n\tdefer %s.Unpin()\n\t%s.Pin(%s)\n\t", name, name, name, types.ExprString(what)),
	}}
	imported, ok := importsRuntime(file)
	if !ok {
		return nil
	}
	if !imported {
		last := file.Imports[len(file.Imports)-1]
		end := last.End()
		for _, d := range file.Decls {
			if g, ok := d.(*ast.GenDecl); ok && g.Tok == token.IMPORT {
				end = g.End()
			}
		}
		edits = append(edits, analysis.TextEdit{Pos: end, End: end, NewText: []byte("\n\nimport \"runtime\"")})
	}
	return []analysis.SuggestedFix{{Message: "Pin the object until the function returns", TextEdits: edits}}
}

func fileAt(p *ssafn.Program, pos token.Pos) *ast.File {
	for _, f := range p.Files {
		if f.FileStart <= pos && pos < f.FileEnd {
			return f
		}
	}
	return nil
}

// importsRuntime reports whether a file imports package runtime under its name;
// ok is false when it does under another, or has no imports at all.
func importsRuntime(f *ast.File) (imported, ok bool) {
	for _, imp := range f.Imports {
		if imp.Path.Value == `"runtime"` {
			return imp.Name == nil, imp.Name == nil
		}
	}
	return false, len(f.Imports) > 0
}

func uses(fn *ast.FuncDecl, name string) bool {
	found := false
	ast.Inspect(fn, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok && (id.Name == name) {
			found = true
		}
		return !found
	})
	return found
}

// pinnable returns the one pointer to Go memory that a statement converts to an
// unsafe.Pointer, nil when there is none, or several.
func pinnable(info *types.Info, stmt ast.Stmt) ast.Expr {
	var found []ast.Expr
	ast.Inspect(stmt, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit:
			return false
		case *ast.CallExpr:
			sel, ok := ast.Unparen(n.Fun).(*ast.SelectorExpr)
			if !ok || sel.Sel.Name != "Pointer" || len(n.Args) != 1 || !info.Types[n.Fun].IsType() {
				return true
			}
			if e := ast.Unparen(n.Args[0]); again(info, e) {
				found = append(found, e)
			} else {
				found = append(found, nil)
			}
			return false
		}
		return true
	})
	if len(found) != 1 {
		return nil
	}
	return found[0]
}

// again reports an expression that may be evaluated twice: p, or &b[0].
func again(info *types.Info, e ast.Expr) bool {
	if id, ok := e.(*ast.Ident); ok {
		_, pointer := info.TypeOf(id).Underlying().(*types.Pointer)
		_, variable := info.Uses[id].(*types.Var)
		return pointer && variable
	}
	addr, ok := e.(*ast.UnaryExpr)
	if !ok || addr.Op != token.AND {
		return false
	}
	index, ok := addr.X.(*ast.IndexExpr)
	if !ok || info.Types[index.Index].Value == nil {
		return false
	}
	id, ok := index.X.(*ast.Ident)
	if !ok {
		return false
	}
	_, slice := info.TypeOf(id).Underlying().(*types.Slice)
	return slice
}
