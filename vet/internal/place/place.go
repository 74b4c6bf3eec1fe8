// Package place names the function around a position the way the compiler and
// linker will: package path, symbol, closures, and the lines of the statement.
//
// # Untrusted input
//
// Source code under analysis; each walk is over one declaration's syntax.
//
// # Compatibility
//
// Internal to vet. The names follow Go 1.22 and newer, where range-over-func
// bodies are functions; see [evidence.Place] for what may differ.
package place

import (
	"fmt"
	"go/ast"
	"go/token"
	"strings"

	"golang.org/x/tools/go/ast/astutil"
)

// A Place is where a position lies, in one package.
//
// Symbol is F, T.M or (*T).M without type arguments, init.N for the Nth init
// function of the package, and init for initialisers of package variables.
// Pos and End bound the statement: all of a simple one, the head of one that
// has a body.
type Place struct {
	Symbol   string
	Closures []string
	Pos, End token.Pos
}

// Find returns the place of pos in files, which are those of one package in
// the order the compiler gets them. isFunc reports whether an expression has a
// function type: a range over one turns its body into a function.
func Find(files []*ast.File, pos token.Pos, isFunc func(ast.Expr) bool) (Place, bool) {
	for _, f := range files {
		if f.FileStart <= pos && pos < f.FileEnd {
			return find(files, f, pos, isFunc)
		}
	}
	return Place{}, false
}

func find(files []*ast.File, f *ast.File, pos token.Pos, isFunc func(ast.Expr) bool) (Place, bool) {
	path, _ := astutil.PathEnclosingInterval(f, pos, pos)
	var p Place
	p.Pos, p.End = Statement(path)
	for _, n := range path {
		switch d := n.(type) {
		case *ast.FuncDecl:
			p.Symbol = symbol(files, d)
			p.Closures = closures(d.Body, pos, isFunc)
			return p, true
		case *ast.GenDecl:
			if d.Tok == token.VAR {
				p.Symbol = "init"
				p.Closures = packageClosures(files, pos, isFunc)
				return p, true
			}
		}
	}
	return p, false
}

// Statement bounds the innermost statement or declaration on a path of syntax,
// inner nodes first. Of one with a body it is the head, of a function the
// signature.
func Statement(path []ast.Node) (pos, end token.Pos) {
	for _, n := range path {
		switch s := n.(type) {
		case *ast.BlockStmt, *ast.LabeledStmt:
			continue
		case *ast.IfStmt:
			return s.Pos(), s.Body.Lbrace
		case *ast.ForStmt:
			return s.Pos(), s.Body.Lbrace
		case *ast.RangeStmt:
			return s.Pos(), s.Body.Lbrace
		case *ast.SwitchStmt:
			return s.Pos(), s.Body.Lbrace
		case *ast.TypeSwitchStmt:
			return s.Pos(), s.Body.Lbrace
		case *ast.SelectStmt:
			return s.Pos(), s.Body.Lbrace
		case *ast.CaseClause:
			return s.Pos(), s.Colon
		case *ast.CommClause:
			return s.Pos(), s.Colon
		case ast.Stmt:
			return s.Pos(), s.End()
		case ast.Spec:
			return s.Pos(), s.End()
		case *ast.FuncDecl:
			return s.Pos(), s.Type.End()
		}
	}
	if len(path) > 0 {
		return path[0].Pos(), path[0].End()
	}
	return token.NoPos, token.NoPos
}

// symbol is the linker's name of a declared function, without its package and
// without type parameters.
func symbol(files []*ast.File, d *ast.FuncDecl) string {
	name := d.Name.Name
	if d.Recv == nil || len(d.Recv.List) == 0 {
		if name == "init" {
			return fmt.Sprintf("init.%d", initIndex(files, d))
		}
		return name
	}
	t := ast.Unparen(d.Recv.List[0].Type)
	if star, ok := t.(*ast.StarExpr); ok {
		return "(*" + typeName(star.X) + ")." + name
	}
	return typeName(t) + "." + name
}

// typeName is the name of a receiver's type without its parameters.
func typeName(e ast.Expr) string {
	switch e := ast.Unparen(e).(type) {
	case *ast.Ident:
		return e.Name
	case *ast.IndexExpr:
		return typeName(e.X)
	case *ast.IndexListExpr:
		return typeName(e.X)
	}
	return "?"
}

// initIndex counts the init functions before d in the package.
func initIndex(files []*ast.File, d *ast.FuncDecl) int {
	n := 0
	for _, f := range files {
		for _, decl := range f.Decls {
			if decl == ast.Decl(d) {
				return n
			}
			if fd, ok := decl.(*ast.FuncDecl); ok && fd.Recv == nil && fd.Name.Name == "init" {
				n++
			}
		}
	}
	return n
}

// Link escapes a package path as the linker does in symbol names: blanks,
// dots after the last slash, %, " and bytes beyond ASCII become %xx.
//
// Source: $GOROOT/src/cmd/internal/objabi/path.go (PathToPrefix), go1.26.
func Link(path string) string {
	slash := strings.LastIndex(path, "/")
	var b strings.Builder
	for i := 0; i < len(path); i++ {
		c := path[i]
		if c <= ' ' || c == '.' && i > slash || c == '%' || c == '"' || c >= 0x7f {
			fmt.Fprintf(&b, "%%%02x", c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}
