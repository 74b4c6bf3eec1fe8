package lifetime

import (
	"go/ast"
	"go/token"

	"golang.org/x/tools/go/ast/astutil"
	"golang.org/x/tools/go/ssa"

	"moho/vet/internal/prov"
	"moho/vet/internal/ssafn"
)

// OwnerName says in words which object is at risk: the variable or the
// selector that it was read from.
func (r Risk) OwnerName(p *ssafn.Program) string {
	v := r.D.Owner
	if len(r.Via) > 0 && len(r.keeper.Params) > 0 {
		return r.keeper.Params[0].Name()
	}
	return Name(p, v)
}

// Name names a value the way the code does, or by its type.
func Name(p *ssafn.Program, v ssa.Value) string { return name(p, v, 0) }

func name(p *ssafn.Program, v ssa.Value, depth int) string {
	if depth > 8 {
		return "the " + prov.TypeName(v.Type())
	}
	switch u := v.(type) {
	case *ssa.Parameter:
		return u.Name()
	case *ssa.FreeVar:
		return u.Name()
	case *ssa.Global:
		return u.Name()
	case *ssa.UnOp:
		if u.Op == token.MUL {
			return name(p, u.X, depth+1)
		}
	case *ssa.FieldAddr:
		if f := ssafn.Field(u); f != nil {
			return name(p, u.X, depth+1) + "." + f.Name()
		}
	case *ssa.Alloc:
		switch u.Comment {
		case "new", "complit", "":
		default:
			return u.Comment
		}
	case *ssa.IndexAddr:
		return name(p, u.X, depth+1)
	case *ssa.Slice:
		return name(p, u.X, depth+1)
	case *ssa.Convert:
		if isPointer(u.X.Type()) {
			return name(p, u.X, depth+1)
		}
	case *ssa.Phi:
		if u.Comment != "" {
			return u.Comment
		}
	}
	if id := Variable(p, v); id != nil {
		return id.Name
	}
	t := v.Type()
	if n := pointee(t); n != nil {
		return "the " + n.Obj().Name()
	}
	return "the " + prov.TypeName(t)
}

// Variable returns the identifier that the result of a call or literal is
// assigned to, which SSA form keeps no trace of; nil when it is assigned to none.
func Variable(p *ssafn.Program, v ssa.Value) *ast.Ident {
	index := 0
	if e, ok := v.(*ssa.Extract); ok {
		index, v = e.Index, e.Tuple
	}
	pos := v.Pos()
	if !pos.IsValid() {
		return nil
	}
	path := PathTo(p, pos)
	for i, n := range path {
		assign, ok := n.(*ast.AssignStmt)
		if !ok {
			if _, stmt := n.(ast.Stmt); stmt {
				return nil
			}
			continue
		}
		if i == 0 {
			return nil
		}
		for j, rhs := range assign.Rhs {
			if rhs.Pos() > pos || pos >= rhs.End() || !isValue(p, rhs, v) {
				continue
			}
			if len(assign.Rhs) == 1 {
				j = index
			}
			if j < len(assign.Lhs) {
				id, _ := assign.Lhs[j].(*ast.Ident)
				if id != nil && id.Name != "_" {
					return id
				}
			}
		}
		return nil
	}
	return nil
}

// isValue reports whether e itself, and not a part of it, is where v comes from.
func isValue(p *ssafn.Program, e ast.Expr, v ssa.Value) bool {
	e = ast.Unparen(e)
	if u, ok := e.(*ast.UnaryExpr); ok && u.Op == token.AND {
		e = ast.Unparen(u.X)
	}
	switch e := e.(type) {
	case *ast.CallExpr:
		return e.Lparen == v.Pos()
	case *ast.CompositeLit:
		return e.Lbrace == v.Pos() || e.Pos() == v.Pos()
	case *ast.SliceExpr:
		return e.Lbrack == v.Pos()
	case *ast.TypeAssertExpr:
		return e.Lparen == v.Pos()
	}
	return false
}

// PathTo lists the nodes around a position, the innermost first.
func PathTo(p *ssafn.Program, pos token.Pos) []ast.Node {
	for _, f := range p.Files {
		if f.FileStart <= pos && pos < f.FileEnd {
			path, _ := astutil.PathEnclosingInterval(f, pos, pos)
			return path
		}
	}
	return nil
}

// Span is the text of an instruction: the whole expression of a call.
func Span(p *ssafn.Program, instr ssa.Instruction) (pos, end token.Pos) {
	pos = instr.Pos()
	if call := p.Call(pos); call != nil {
		return call.Pos(), call.End()
	}
	if !pos.IsValid() {
		switch v := instr.(type) {
		case *ssa.Store:
			pos = v.Addr.Pos()
		case *ssa.UnOp:
			pos = v.X.Pos()
		}
	}
	return pos, pos
}
