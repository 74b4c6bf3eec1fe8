package typestate

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"strings"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/ast/astutil"
	"golang.org/x/tools/go/ssa"
)

// deferFree frees what born makes when the function returns. It is for memory
// that no path frees or hands on, made once, by a statement of its own that
// names it.
func (w *walker) deferFree(born ssa.Instruction) []analysis.SuggestedFix {
	call, ok := born.(*ssa.Call)
	if !ok || inLoop(born.Block()) || born.Parent() != w.fn {
		return nil
	}
	if f := call.Call.StaticCallee(); f == nil {
		return nil
	} else if _, ok := cName(f); !ok {
		return nil // a wrapper may have a function of its own for that
	}
	pos := call.Pos()
	for _, f := range w.p.Files {
		if pos < f.FileStart || pos >= f.FileEnd {
			continue
		}
		path, _ := astutil.PathEnclosingInterval(f, pos, pos)
		for i, n := range path {
			s, ok := n.(*ast.AssignStmt)
			if !ok || len(s.Lhs) != 1 || i+1 >= len(path) {
				continue
			}
			id, ok := s.Lhs[0].(*ast.Ident)
			_, inBlock := path[i+1].(*ast.BlockStmt)
			if !ok || !inBlock || id.Name == "_" || !onlyConverts(w.p.Info, s.Rhs[0], pos) || !canFree(f) {
				return nil
			}
			v := w.p.Info.ObjectOf(id)
			if v == nil {
				return nil
			}
			arg := "unsafe.Pointer(" + id.Name + ")"
			if b, ok := v.Type().Underlying().(*types.Basic); ok && b.Kind() == types.UnsafePointer {
				arg = id.Name
			}
			indent := strings.Repeat("\t", w.p.Fset.Position(s.Pos()).Column-1)
			return []analysis.SuggestedFix{{
				Message: "Free it when the function returns",
				TextEdits: []analysis.TextEdit{{
					Pos: s.End(), End: s.End(),
					NewText: fmt.Appendf(nil, "\n%sdefer C.free(%s)", indent, arg),
				}},
			}}
		}
	}
	return nil
}

// onlyConverts reports whether e is the call at pos, converted perhaps.
func onlyConverts(info *types.Info, e ast.Expr, pos token.Pos) bool {
	for {
		call, ok := ast.Unparen(e).(*ast.CallExpr)
		switch {
		case !ok:
			return false
		case call.Lparen == pos:
			return true
		case len(call.Args) != 1 || !info.Types[call.Fun].IsType():
			return false
		}
		e = call.Args[0]
	}
}

// canFree reports whether a file may call C.free as it is: its preamble includes
// stdlib.h, and it imports unsafe by that name.
func canFree(f *ast.File) bool {
	imported := false
	for _, imp := range f.Imports {
		imported = imported || imp.Path.Value == `"unsafe"` && imp.Name == nil
	}
	for _, c := range f.Comments {
		if imported && strings.Contains(c.Text(), "<stdlib.h>") && c.Pos() < lastImport(f) {
			return true
		}
	}
	return false
}

func lastImport(f *ast.File) token.Pos {
	end := f.Name.End()
	for _, imp := range f.Imports {
		end = max(end, imp.End())
	}
	return end
}

// inLoop reports whether control can come back to b.
func inLoop(b *ssa.BasicBlock) bool {
	seen := map[*ssa.BasicBlock]bool{}
	work := append([]*ssa.BasicBlock(nil), b.Succs...)
	for len(work) > 0 {
		n := work[len(work)-1]
		work = work[:len(work)-1]
		if n == b {
			return true
		}
		if !seen[n] {
			seen[n] = true
			work = append(work, n.Succs...)
		}
	}
	return false
}
