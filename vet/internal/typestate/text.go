package typestate

import (
	"go/ast"
	"go/token"
	"go/types"
	"strconv"
	"strings"

	"golang.org/x/tools/go/ast/astutil"
	"golang.org/x/tools/go/ssa"

	"moho/vet/internal/prov"
	"moho/vet/internal/rule"
)

func itoa(i int) string { return strconv.Itoa(i) }

func fullName(f *ssa.Function) string { return prov.FuncName(f) }

// expr prints the call that an instruction stands for as its author wrote it.
func (w *walker) expr(in ssa.Instruction) string {
	var call *ast.CallExpr
	if v, ok := in.(ssa.CallInstruction); ok {
		call = w.p.Call(v.Common().Pos())
	}
	if call == nil {
		if v, ok := in.(ssa.CallInstruction); ok {
			if f := v.Common().StaticCallee(); f != nil {
				return funcName(f)
			}
		}
		return "the call"
	}
	return clean(rule.Expr(call))
}

// textAt is the innermost expression around a position that does something, or
// the return statement there.
func (w *walker) textAt(pos token.Pos) string {
	for _, f := range w.p.Files {
		if pos < f.FileStart || pos >= f.FileEnd {
			continue
		}
		path, _ := astutil.PathEnclosingInterval(f, pos, pos)
		for _, n := range path {
			switch n := n.(type) {
			case *ast.FuncLit, *ast.FuncDecl:
				return "the code"
			case *ast.CallExpr, *ast.SelectorExpr, *ast.IndexExpr, *ast.StarExpr, *ast.SliceExpr, *ast.BinaryExpr:
				return clean(rule.Expr(n.(ast.Expr)))
			case *ast.DeferStmt:
				return "defer " + clean(rule.Expr(n.Call))
			case *ast.ReturnStmt:
				return w.returnText(n)
			case *ast.RangeStmt:
				return "range " + clean(rule.Expr(n.X))
			}
		}
	}
	return "the code"
}

func (w *walker) returnText(s *ast.ReturnStmt) string {
	var list []string
	for _, e := range s.Results {
		list = append(list, clean(rule.Expr(e)))
	}
	if len(list) == 0 {
		return "return"
	}
	return "return " + strings.Join(list, ", ")
}

// clean undoes cgo's names.
func clean(s string) string {
	for _, p := range []string{"_Cfunc__CMalloc", "_Cfunc_", "_C2func_", "_Ctype_"} {
		to := "C."
		if strings.HasSuffix(p, "CMalloc") {
			to = "C.malloc"
		}
		s = strings.ReplaceAll(s, "("+p, "("+to)
		s = strings.ReplaceAll(s, p, to)
	}
	if rest, ok := strings.CutPrefix(s, "("); ok {
		if name, args, ok := strings.Cut(rest, ")"); ok && !strings.ContainsAny(name, "( *") {
			s = name + args
		}
	}
	return s
}

// name is what the source calls a value, "" when it has no name.
func (w *walker) name(s sym) string {
	n := w.tab.node(s)
	switch n.kind {
	case input:
		return n.at.(ssa.Value).Name()
	case content:
		return w.name(n.a)
	case field:
		v, ok := n.at.(*types.Var)
		if !ok {
			return ""
		}
		if base := w.name(n.a); base != "" {
			return base + "." + v.Name()
		}
		return v.Name()
	case global:
		return n.at.(*ssa.Global).Name()
	case variable:
		if a, ok := n.at.(*ssa.Alloc); ok && token.IsIdentifier(a.Comment) && a.Comment != "new" && a.Comment != "complit" {
			return a.Comment
		}
	case part:
		return w.name(n.a)
	}
	return ""
}

func (w *walker) isAlloc(n node) bool {
	_, ok := n.at.(*ssa.Alloc)
	return ok
}

func goMemory(n node) string {
	a, ok := n.at.(*ssa.Alloc)
	if ok && token.IsIdentifier(a.Comment) && a.Comment != "new" && a.Comment != "complit" && a.Comment != "makeslice" && a.Comment != "slicelit" {
		return "the variable " + a.Comment
	}
	return "made by new, make or a literal"
}

// goMade reports what Go's allocator yields.
func goMade(n node) bool {
	switch v := n.at.(type) {
	case *ssa.MakeSlice, *ssa.MakeMap, *ssa.MakeChan:
		return true
	case *ssa.Convert:
		return isText(v.Type()) && isText(v.X.Type())
	case *ssa.Call:
		b, ok := v.Call.Value.(*ssa.Builtin)
		return ok && b.Name() == "append"
	}
	return false
}

// nearest is a position for an instruction that has none.
func nearest(in ssa.Instruction) token.Pos {
	if in.Pos().IsValid() {
		return in.Pos()
	}
	if _, ok := in.(ssa.Value); ok {
		for _, op := range in.Operands(nil) {
			if *op != nil && (*op).Pos().IsValid() {
				return (*op).Pos()
			}
		}
	}
	b := in.Block()
	best := token.NoPos
	for _, other := range b.Instrs {
		if other.Pos().IsValid() {
			best = other.Pos()
		}
		if other == in && best.IsValid() {
			return best
		}
	}
	return best
}

// startedUse is where a goroutine uses what it was given: in the literal, or
// at the statement that starts it.
func startedUse(in ssa.Instruction) token.Pos {
	g, ok := in.(*ssa.Go)
	if !ok {
		return in.Pos()
	}
	f := g.Call.StaticCallee()
	if f == nil || f.Parent() == nil {
		return in.Pos()
	}
	for _, list := range [][]ssa.Value{values(f.FreeVars), values(f.Params)} {
		for _, v := range list {
			if refs := v.Referrers(); refs != nil {
				for _, ref := range *refs {
					if pos := nearest(ref); pos.IsValid() {
						return pos
					}
				}
			}
		}
	}
	return in.Pos()
}

func values[T ssa.Value](list []T) []ssa.Value {
	out := make([]ssa.Value, len(list))
	for i, v := range list {
		out[i] = v
	}
	return out
}
