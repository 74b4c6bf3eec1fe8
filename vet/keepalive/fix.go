package keepalive

import (
	"go/ast"
	"go/token"
	"go/types"
	"strconv"
	"strings"

	"golang.org/x/tools/go/analysis"

	"moho/vet/internal/lifetime"
	"moho/vet/internal/ssafn"
)

// fixes offers runtime.KeepAlive for every object: after the statement, where
// one follows; else deferred before it, which keeps the object to the end of
// the function. There is none in a loop when it would have to be deferred, and
// none for an object that has no name.
func fixes(p *ssafn.Program, at token.Pos, owners []string) []analysis.SuggestedFix {
	path := lifetime.PathTo(p, at)
	file := fileAt(p, at)
	stmt, plain, loop := statement(path, at)
	if stmt == nil || file == nil || !plain && loop {
		return nil
	}
	pkg, edits := runtimeName(p, file, at)
	if pkg == "" {
		return nil
	}
	indent := strings.Repeat("\t", max(p.Fset.Position(stmt.Pos()).Column-1, 0))
	var text strings.Builder
	for _, name := range owners {
		if !nameable(p, name, at) {
			return nil
		}
		if plain {
			text.WriteString("\n" + indent + pkg + ".KeepAlive(" + name + ")")
		} else {
			text.WriteString("defer " + pkg + ".KeepAlive(" + name + ")\n" + indent)
		}
	}
	where := stmt.Pos()
	if plain {
		where = lineEnd(p, file, stmt.End())
	}
	edits = append(edits, analysis.TextEdit{Pos: where, End: where, NewText: []byte(text.String())})
	return []analysis.SuggestedFix{{Message: "Keep the object until the use is over", TextEdits: edits}}
}

// lineEnd is the end of the line on which a statement ends, behind a comment.
func lineEnd(p *ssafn.Program, file *ast.File, end token.Pos) token.Pos {
	line := p.Fset.PositionFor(end, false).Line
	for _, g := range file.Comments {
		if g.Pos() >= end && p.Fset.PositionFor(g.Pos(), false).Line == line {
			for _, c := range g.List {
				if strings.HasPrefix(c.Text, "//") && p.Fset.PositionFor(c.Pos(), false).Line == line {
					return c.End()
				}
			}
		}
	}
	return end
}

// statement returns the innermost statement of a list around a position. plain
// is set when what follows it is executed after it, on every way; loop when a
// loop of the function is around it.
func statement(path []ast.Node, at token.Pos) (stmt ast.Stmt, plain, loop bool) {
	for i, n := range path {
		if i+1 == len(path) {
			break
		}
		if s, ok := n.(ast.Stmt); ok && stmt == nil && inList(path[i+1]) {
			stmt = s
			switch s.(type) {
			case *ast.ExprStmt, *ast.AssignStmt, *ast.SendStmt, *ast.IncDecStmt, *ast.DeclStmt:
				plain = true
			case *ast.ReturnStmt, *ast.IfStmt, *ast.ForStmt, *ast.RangeStmt, *ast.SwitchStmt:
			default:
				return nil, false, false
			}
			continue
		}
		switch n.(type) {
		case *ast.ForStmt, *ast.RangeStmt:
			loop = loop || stmt != nil
		case *ast.FuncLit, *ast.FuncDecl:
			return stmt, plain, loop
		}
	}
	return stmt, plain, loop
}

func inList(n ast.Node) bool {
	switch n.(type) {
	case *ast.BlockStmt, *ast.CaseClause, *ast.CommClause:
		return true
	}
	return false
}

func fileAt(p *ssafn.Program, pos token.Pos) *ast.File {
	for _, f := range p.Files {
		if f.FileStart <= pos && pos < f.FileEnd {
			return f
		}
	}
	return nil
}

// runtimeName returns the name of package runtime in a file, and the edit that
// imports it when it is not; "" when the name means something else there.
func runtimeName(p *ssafn.Program, file *ast.File, at token.Pos) (name string, edits []analysis.TextEdit) {
	name = "runtime"
	imported := false
	for _, imp := range file.Imports {
		if path, err := strconv.Unquote(imp.Path.Value); err == nil && path == "runtime" {
			imported = true
			if imp.Name != nil {
				name = imp.Name.Name
			}
		}
	}
	obj := lookup(p, name, at)
	if imported {
		if _, ok := obj.(*types.PkgName); !ok {
			return "", nil
		}
		return name, nil
	}
	if obj != nil {
		return "", nil
	}
	var last ast.Decl
	for _, d := range file.Decls {
		if g, ok := d.(*ast.GenDecl); ok && g.Tok == token.IMPORT {
			last = d
		}
	}
	if last == nil {
		return "", nil
	}
	return name, []analysis.TextEdit{{Pos: last.End(), End: last.End(), NewText: []byte("\n\nimport \"runtime\"")}}
}

func lookup(p *ssafn.Program, name string, at token.Pos) types.Object {
	scope := p.Types.Scope().Innermost(at)
	if scope == nil {
		return nil
	}
	_, obj := scope.LookupParent(name, at)
	return obj
}

// nameable reports whether an object's name means it at a position: a variable,
// or a field of one.
func nameable(p *ssafn.Program, name string, at token.Pos) bool {
	parts := strings.Split(name, ".")
	for _, part := range parts {
		if !token.IsIdentifier(part) {
			return false
		}
	}
	_, ok := lookup(p, parts[0], at).(*types.Var)
	return ok
}
