package viewoverrun

import (
	"bytes"
	"go/ast"
	"go/format"
	"go/token"
	"go/types"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/ssa"

	"moho/vet/internal/ssafn"
)

// endsView offers the third bound that ends a view: (*[N]T)(p)[i:j] becomes
// [i:j:j]. It takes a second evaluation of j, so j must be a constant, a
// variable, a field, or made of such by arithmetic and conversion.
func endsView(info *types.Info, p *ssafn.Program, s *ssa.Slice) []analysis.SuggestedFix {
	expr := p.SliceExpr(s.Pos())
	if expr == nil || expr.High == nil || expr.Max != nil || !repeatable(info, expr.High) {
		return nil
	}
	var text bytes.Buffer
	if err := format.Node(&text, token.NewFileSet(), expr.High); err != nil {
		return nil
	}
	return []analysis.SuggestedFix{{
		Message: "End the view with a third slice bound",
		TextEdits: []analysis.TextEdit{{
			Pos:     expr.High.End(),
			End:     expr.High.End(),
			NewText: append([]byte{':'}, text.Bytes()...),
		}},
	}}
}

// repeatable reports whether evaluating e twice is like evaluating it once.
func repeatable(info *types.Info, e ast.Expr) bool {
	ok := true
	ast.Inspect(e, func(n ast.Node) bool {
		switch n := n.(type) {
		case nil, *ast.Ident, *ast.BasicLit, *ast.BinaryExpr, *ast.ParenExpr, *ast.SelectorExpr, *ast.StarExpr:
		case *ast.UnaryExpr:
			ok = ok && n.Op != token.ARROW
		case *ast.CallExpr:
			tv := info.Types[n.Fun]
			ok = ok && (tv.IsType() || tv.IsBuiltin())
		default:
			ok = false
		}
		return ok
	})
	return ok
}
