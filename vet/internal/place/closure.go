package place

import (
	"fmt"
	"go/ast"
	"go/token"
	"slices"
)

// A scope is one function whose literals the compiler numbers: a declared
// function or a literal. Bodies of range-over-func loops have numbers too, but
// what lies inside them counts on in the function around the loop.
type scope struct {
	top      bool // a declared function: its literals are called func1, not 1
	literals int
	ranges   int
}

// finder walks one function in the order in which the compiler meets literals.
type finder struct {
	pos    token.Pos
	isFunc func(ast.Expr) bool
	found  []string
}

// closures returns the chain of literals and range bodies around pos in the
// body of a declared function, outermost first.
//
// Source: $GOROOT/src/cmd/compile/internal/ir/func.go (closureName), go1.26.
func closures(body *ast.BlockStmt, pos token.Pos, isFunc func(ast.Expr) bool) []string {
	if body == nil {
		return nil
	}
	f := &finder{pos: pos, isFunc: isFunc}
	f.walk(body, &scope{top: true}, nil)
	return f.found
}

// packageClosures does the same for initialisers of package variables, whose
// literals are numbered through the package as if they stood in one function.
func packageClosures(files []*ast.File, pos token.Pos, isFunc func(ast.Expr) bool) []string {
	f := &finder{pos: pos, isFunc: isFunc}
	s := &scope{top: true}
	for _, file := range files {
		for _, decl := range file.Decls {
			if d, ok := decl.(*ast.GenDecl); ok && d.Tok == token.VAR {
				f.walk(d, s, nil)
			}
		}
	}
	return f.found
}

// walk visits n, which lies in scope s with the given chain.
func (f *finder) walk(n ast.Node, s *scope, chain []string) {
	ast.Inspect(n, func(m ast.Node) bool {
		switch m := m.(type) {
		case *ast.FuncLit:
			s.literals++
			name := fmt.Sprintf("%d", s.literals)
			if s.top {
				name = "func" + name
			}
			inner := f.enter(m.Body, chain, name)
			f.walk(m.Body, &scope{}, inner)
			return false
		case *ast.RangeStmt:
			if !f.isFunc(m.X) {
				return true
			}
			f.walk(m.X, s, chain)
			s.ranges++
			f.enter(m.Body, chain, fmt.Sprintf("range%d", s.ranges))
			f.walk(m.Body, s, chain)
			return false
		}
		return true
	})
}

// enter returns chain with name added, and notes it when the position lies in
// body; a literal or range body further inside overwrites that.
func (f *finder) enter(body *ast.BlockStmt, chain []string, name string) []string {
	inner := append(slices.Clone(chain), name)
	if body.Pos() <= f.pos && f.pos < body.End() {
		f.found = inner
	}
	return inner
}
