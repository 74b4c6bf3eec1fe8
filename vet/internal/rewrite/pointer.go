package rewrite

import (
	"go/ast"
	"go/token"
	"go/types"
	"go/version"

	"golang.org/x/tools/go/analysis"

	"moho/vet/internal/ssafn"
)

// KeepPointer offers to keep the address in an unsafe.Pointer, where that can be
// done for certain: the integer is a local variable defined once from a
// pointer, and every use makes it a pointer again, with a sum at most.
//
//	u := uintptr(p)          u := p
//	q := unsafe.Pointer(u)   q := u
//	q := unsafe.Pointer(u+8) q := unsafe.Add(u, 8)
func KeepPointer(p *ssafn.Program, call *ast.CallExpr) []analysis.SuggestedFix {
	file := fileOf(p, call.Pos())
	if file == nil {
		return nil
	}
	obj, _ := sum(p.Info, call.Args[0])
	if obj == nil {
		return nil
	}
	f := &fixer{info: p.Info, obj: obj, handled: map[*ast.Ident]bool{}}
	ast.Inspect(file, f.visit)
	if f.defined != 1 || f.adds && !hasAdd(p, file) {
		return nil
	}
	for id, use := range p.Info.Uses {
		if use == obj && !f.handled[id] {
			return nil
		}
	}
	return []analysis.SuggestedFix{{
		Message:   "Keep the address in an unsafe.Pointer",
		TextEdits: f.edits,
	}}
}

type fixer struct {
	info    *types.Info
	obj     *types.Var
	handled map[*ast.Ident]bool
	edits   []analysis.TextEdit
	defined int
	adds    bool
}

func (f *fixer) visit(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.AssignStmt:
		if n.Tok == token.DEFINE && len(n.Lhs) == 1 && len(n.Rhs) == 1 {
			if id, ok := n.Lhs[0].(*ast.Ident); ok && f.info.Defs[id] == types.Object(f.obj) {
				f.definition(n.Rhs[0])
			}
		}
	case *ast.CallExpr:
		if obj, offset := sum(f.info, arg(n)); obj == f.obj && isPointerConversion(f.info, n) {
			f.use(n, offset)
		}
	}
	return true
}

// definition unwraps uintptr(p), where p is an unsafe.Pointer.
func (f *fixer) definition(rhs ast.Expr) {
	call, ok := rhs.(*ast.CallExpr)
	if !ok || len(call.Args) != 1 || !f.info.Types[call.Fun].IsType() {
		return
	}
	if b, ok := f.info.TypeOf(call.Args[0]).(*types.Basic); !ok || b.Kind() != types.UnsafePointer {
		return
	}
	f.defined++
	f.edits = append(f.edits,
		analysis.TextEdit{Pos: call.Pos(), End: call.Args[0].Pos()},
		analysis.TextEdit{Pos: call.Args[0].End(), End: call.End()})
}

// use rewrites unsafe.Pointer(u) and unsafe.Pointer(u + offset).
func (f *fixer) use(call *ast.CallExpr, offset ast.Expr) {
	if offset == nil {
		id := ast.Unparen(call.Args[0]).(*ast.Ident)
		f.handled[id] = true
		f.edits = append(f.edits, analysis.TextEdit{Pos: call.Pos(), End: call.End(), NewText: []byte(id.Name)})
		return
	}
	op := ast.Unparen(call.Args[0]).(*ast.BinaryExpr)
	f.handled[ast.Unparen(op.X).(*ast.Ident)] = true
	f.adds = true
	// The package may be imported under another name: keep its selector.
	sel := ast.Unparen(call.Fun).(*ast.SelectorExpr)
	f.edits = append(f.edits,
		analysis.TextEdit{Pos: sel.Sel.Pos(), End: sel.Sel.End(), NewText: []byte("Add")},
		analysis.TextEdit{Pos: op.X.End(), End: op.Y.Pos(), NewText: []byte(", ")})
}

func arg(call *ast.CallExpr) ast.Expr {
	if len(call.Args) != 1 {
		return nil
	}
	return call.Args[0]
}

// sum takes apart u and u + offset, for a local variable u; the offset must be
// an expression that is evaluated in one place only.
func sum(info *types.Info, e ast.Expr) (u *types.Var, offset ast.Expr) {
	if e == nil {
		return nil, nil
	}
	e = ast.Unparen(e)
	if op, ok := e.(*ast.BinaryExpr); ok && op.Op == token.ADD {
		e, offset = ast.Unparen(op.X), op.Y
	}
	id, ok := e.(*ast.Ident)
	if !ok {
		return nil, nil
	}
	v, ok := info.Uses[id].(*types.Var)
	if !ok || v.IsField() || v.Parent() == nil || v.Pkg() == nil || v.Parent() == v.Pkg().Scope() {
		return nil, nil
	}
	return v, offset
}

func isPointerConversion(info *types.Info, call *ast.CallExpr) bool {
	_, selector := ast.Unparen(call.Fun).(*ast.SelectorExpr)
	b, ok := info.TypeOf(call).(*types.Basic)
	return selector && ok && b.Kind() == types.UnsafePointer && info.Types[call.Fun].IsType()
}

// hasAdd reports whether the file's language version has unsafe.Add.
func hasAdd(p *ssafn.Program, file *ast.File) bool {
	v := p.Info.FileVersions[file]
	return v == "" || version.Compare(v, "go1.17") >= 0
}

func fileOf(p *ssafn.Program, pos token.Pos) *ast.File {
	for _, f := range p.Files {
		if f.FileStart <= pos && pos < f.FileEnd {
			return f
		}
	}
	return nil
}
