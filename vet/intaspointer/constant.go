package intaspointer

import (
	"fmt"
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"

	"golang.org/x/tools/go/ast/astutil"

	"moho/evidence"
	"moho/vet/internal/prov"
	"moho/vet/internal/rule"
	"moho/vet/internal/ssafn"
)

// constants finds conversions of constants, which have no place in SSA form.
func constants(p *ssafn.Program) []rule.Hit {
	var hits []rule.Hit
	for _, file := range p.Files {
		ast.Inspect(file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok || len(call.Args) != 1 || !isUnsafe(p.Info, call) {
				return true
			}
			v := p.Info.Types[call.Args[0]].Value
			if v == nil {
				return true
			}
			if h, ok := constantHit(p, file, call, v); ok {
				hits = append(hits, h)
			}
			return true
		})
	}
	return hits
}

// isUnsafe reports conversions to unsafe.Pointer.
func isUnsafe(info *types.Info, call *ast.CallExpr) bool {
	tv, ok := info.Types[call.Fun]
	if !ok || !tv.IsType() {
		return false
	}
	b, ok := tv.Type.Underlying().(*types.Basic)
	return ok && b.Kind() == types.UnsafePointer
}

func constantHit(p *ssafn.Program, file *ast.File, call *ast.CallExpr, v constant.Value) (rule.Hit, bool) {
	n, exact := constant.Uint64Val(constant.ToInt(v))
	sev := evidence.Medium
	switch {
	case !exact || n == 0 || n >= greatest(p)-prov.MinLegalPointer:
		return rule.Hit{}, false // nil, and the error values of C and the kernel
	case n < prov.MinLegalPointer:
		sev = evidence.High
	}
	path, _ := astutil.PathEnclosingInterval(file, call.Pos(), call.End())
	slot, at := place(p.Info, path)
	if slot == "" || sev == evidence.Medium && slot == variable {
		return rule.Hit{}, false
	}
	msg := fmt.Sprintf("%s in %s makes a pointer of the constant %s, and it is %s: the garbage collector and stacks that grow take it for an address",
		rule.Expr(call), within(path), v.String(), slot)
	flow := []rule.Step{{Pos: call.Pos(), Text: "the number becomes a pointer"}}
	if at != call.Pos() {
		flow = append(flow, rule.Step{Pos: at, Text: "it is " + slot})
	}
	return rule.Hit{Pos: call.Pos(), End: call.End(), Severity: sev, Message: msg, Flow: flow}, true
}

// greatest is the largest value of a uintptr.
func greatest(p *ssafn.Program) uint64 {
	if p.Sizes.Sizeof(types.Typ[types.Uintptr]) == 4 {
		return 1<<32 - 1
	}
	return 1<<64 - 1
}

const variable = "kept in a variable"

// place says in words where the value of the expression at the head of path
// goes, "" when it is only compared, followed at once, or made a number.
func place(info *types.Info, path []ast.Node) (slot string, at token.Pos) {
	self := path[0]
	for _, n := range path[1:] {
		switch n := n.(type) {
		case *ast.ParenExpr:
		case *ast.CallExpr:
			tv := info.Types[n.Fun]
			if tv.IsType() {
				if !prov.IsPointer(tv.Type) {
					return "", token.NoPos
				}
				self = n
				continue
			}
			if n.Fun == self || tv.IsBuiltin() && !isAppend(info, n) {
				return "", token.NoPos
			}
			return "passed to " + rule.Expr(n.Fun), n.Pos()
		case *ast.StarExpr, *ast.SelectorExpr, *ast.BinaryExpr, *ast.IndexExpr, *ast.SliceExpr, *ast.CaseClause, *ast.SwitchStmt, *ast.IfStmt:
			return "", token.NoPos
		case *ast.ReturnStmt:
			return "returned", n.Pos()
		case *ast.ValueSpec:
			return variable, n.Pos()
		case *ast.AssignStmt:
			for i, r := range n.Rhs {
				if r.Pos() <= self.Pos() && self.Pos() < r.End() && i < len(n.Lhs) {
					if id, ok := n.Lhs[i].(*ast.Ident); ok {
						if id.Name == "_" {
							return "", token.NoPos
						}
						return variable, n.Pos()
					}
				}
			}
			return "kept in memory", n.Pos()
		case *ast.KeyValueExpr, *ast.CompositeLit, *ast.SendStmt:
			return "kept in memory", n.Pos()
		default:
			return "", token.NoPos
		}
		self = n
	}
	return "", token.NoPos
}

func isAppend(info *types.Info, call *ast.CallExpr) bool {
	id, ok := ast.Unparen(call.Fun).(*ast.Ident)
	return ok && id.Name == "append" && info.Types[call.Fun].IsBuiltin()
}

// within names the declaration around an expression.
func within(path []ast.Node) string {
	for _, n := range path {
		switch n := n.(type) {
		case *ast.FuncDecl:
			if n.Recv != nil && len(n.Recv.List) > 0 {
				t := n.Recv.List[0].Type
				if star, ok := t.(*ast.StarExpr); ok {
					t = star.X
				}
				return types.ExprString(t) + "." + n.Name.Name
			}
			return n.Name.Name
		case *ast.ValueSpec:
			if len(n.Names) > 0 {
				return n.Names[0].Name
			}
		}
	}
	return "a declaration"
}
