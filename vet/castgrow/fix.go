package castgrow

import (
	"bytes"
	"go/ast"
	"go/format"
	"go/token"
	"go/types"

	"golang.org/x/tools/go/analysis"

	"moho/vet/internal/cast"
	"moho/vet/internal/ssafn"
)

// sliceOfString rewrites *(*[]byte)(unsafe.Pointer(&s)), for a variable or
// field s, as unsafe.Slice(unsafe.StringData(s), len(s)).
func sliceOfString(p *ssafn.Program, c cast.Cast) []analysis.SuggestedFix {
	to, ok := c.To.Underlying().(*types.Slice)
	if !ok || !types.Identical(c.To, to) {
		return nil
	}
	if b, ok := to.Elem().(*types.Basic); !ok || b.Kind() != types.Byte {
		return nil
	}
	star := p.Deref(c.Expr)
	if star == nil || len(c.Expr.Args) != 1 || !p.AtLeast(star.Pos(), "go1.20") {
		return nil
	}
	inner, ok := ast.Unparen(c.Expr.Args[0]).(*ast.CallExpr)
	if !ok || len(inner.Args) != 1 {
		return nil
	}
	sel, ok := ast.Unparen(inner.Fun).(*ast.SelectorExpr)
	if !ok || sel.Sel.Name != "Pointer" {
		return nil
	}
	amp, ok := ast.Unparen(inner.Args[0]).(*ast.UnaryExpr)
	if !ok || amp.Op != token.AND || !simple(amp.X) {
		return nil
	}
	if t := p.Info.TypeOf(amp.X); t == nil || !types.Identical(t, types.Typ[types.String]) {
		return nil
	}
	var s, pkg bytes.Buffer
	if format.Node(&s, token.NewFileSet(), amp.X) != nil || format.Node(&pkg, token.NewFileSet(), sel.X) != nil {
		return nil
	}
	text := pkg.String() + ".Slice(" + pkg.String() + ".StringData(" + s.String() + "), len(" + s.String() + "))"
	return []analysis.SuggestedFix{{
		Message:   "Use unsafe.Slice and unsafe.StringData",
		TextEdits: []analysis.TextEdit{{Pos: star.Pos(), End: star.End(), NewText: []byte(text)}},
	}}
}

// simple reports a variable or field: evaluating it twice is like once.
func simple(e ast.Expr) bool {
	for {
		switch x := e.(type) {
		case *ast.Ident:
			return true
		case *ast.SelectorExpr:
			e = x.X
		default:
			return false
		}
	}
}
