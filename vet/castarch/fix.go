package castarch

import (
	"go/ast"
	"go/types"

	"golang.org/x/tools/go/analysis"

	"moho/vet/internal/cast"
	"moho/vet/internal/ssafn"
)

// assertion offers a constant that does not compile where the sizes differ, as
// the declaration before the function.
func assertion(p *ssafn.Program, c cast.Cast, pr pair, other types.Sizes) []analysis.SuggestedFix {
	if other.Sizeof(pr.from) == other.Sizeof(pr.to) || p.Sizes.Sizeof(pr.from) != p.Sizes.Sizeof(pr.to) {
		return nil
	}
	pkg := unsafeName(p, c)
	from, ok1 := zero(p, pr.from)
	to, ok2 := zero(p, pr.to)
	decl := declAround(p, c)
	if pkg == "" || !ok1 || !ok2 || decl == nil {
		return nil
	}
	a, b := pkg+".Sizeof("+from+")", pkg+".Sizeof("+to+")"
	pos := decl.Pos()
	if decl.Doc != nil {
		pos = decl.Doc.Pos()
	}
	text := "// Does not compile where the two have different sizes.\nconst _ = uint(" + a + "-" + b + ") + uint(" + b + "-" + a + ")\n\n"
	return []analysis.SuggestedFix{{
		Message:   "Assert that the sizes are the same",
		TextEdits: []analysis.TextEdit{{Pos: pos, End: pos, NewText: []byte(text)}},
	}}
}

func declAround(p *ssafn.Program, c cast.Cast) *ast.FuncDecl {
	f := p.File(c.Expr.Pos())
	if f == nil {
		return nil
	}
	for _, d := range f.Decls {
		if fn, ok := d.(*ast.FuncDecl); ok && fn.Pos() <= c.Expr.Pos() && c.Expr.Pos() < fn.End() {
			return fn
		}
	}
	return nil
}

// unsafeName is what the file calls package unsafe.
func unsafeName(p *ssafn.Program, c cast.Cast) string {
	f := p.File(c.Expr.Pos())
	if f == nil {
		return ""
	}
	for _, imp := range f.Imports {
		if imp.Path.Value != `"unsafe"` {
			continue
		}
		if imp.Name == nil {
			return "unsafe"
		}
		if imp.Name.Name != "_" && imp.Name.Name != "." {
			return imp.Name.Name
		}
	}
	return ""
}

// zero writes a value of type t that may stand outside of any function: of a
// predeclared number, or of a struct of the package itself.
func zero(p *ssafn.Program, t types.Type) (string, bool) {
	switch t := types.Unalias(t).(type) {
	case *types.Basic:
		if t.Info()&types.IsNumeric != 0 {
			return t.Name() + "(0)", true
		}
	case *types.Named:
		obj := t.Obj()
		if obj.Pkg() != p.Pkg.Pkg || obj.Parent() != obj.Pkg().Scope() || t.TypeArgs().Len() > 0 {
			return "", false
		}
		switch u := t.Underlying().(type) {
		case *types.Struct:
			return obj.Name() + "{}", true
		case *types.Basic:
			if u.Info()&types.IsNumeric != 0 {
				return obj.Name() + "(0)", true
			}
		}
	}
	return "", false
}
