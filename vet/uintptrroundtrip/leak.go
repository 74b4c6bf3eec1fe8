package uintptrroundtrip

import (
	"golang.org/x/tools/go/ssa"

	"moho/vet/internal/prov"
	"moho/vet/internal/ssafn"
)

// leaks looks for a caller of the identity function f that passes the address
// of one of its variables and lets the result leave. The origin names it.
func leaks(p *ssafn.Program, f *ssa.Function) (prov.Origin, bool) {
	calls, _ := p.Callers(f)
	for _, c := range calls {
		call, ok := c.(*ssa.Call)
		if !ok || len(call.Call.Args) == 0 {
			continue
		}
		for _, arg := range call.Call.Args {
			root, ok := base(arg).(*ssa.Alloc)
			if ok && leaves(call, root, map[ssa.Value]bool{}) {
				return prov.Origin{Kind: prov.Local, Pos: root.Pos(), Text: variable(root) + " of " + prov.FuncName(call.Parent())}, true
			}
		}
	}
	return prov.Origin{}, false
}

func variable(a *ssa.Alloc) string {
	switch a.Comment {
	case "new", "complit", "slicelit", "makeslice", "varargs":
		return "a new " + prov.TypeName(a.Type())
	}
	return "variable " + a.Comment
}

// base returns the variable that a pointer points into.
func base(v ssa.Value) ssa.Value {
	for range 32 {
		v = prov.Strip(v)
		switch u := v.(type) {
		case *ssa.FieldAddr:
			v = u.X
		case *ssa.IndexAddr:
			v = u.X
		default:
			return v
		}
	}
	return v
}

// leaves reports whether a pointer into root, or something derived from it by
// conversion or selection, is returned, sent, or stored anywhere but in a
// variable of the same function.
func leaves(v ssa.Value, root *ssa.Alloc, seen map[ssa.Value]bool) bool {
	if seen[v] || v.Referrers() == nil {
		return false
	}
	seen[v] = true
	for _, ref := range *v.Referrers() {
		switch ref := ref.(type) {
		case *ssa.Return, *ssa.Send, *ssa.MapUpdate, *ssa.Go:
			return true
		case *ssa.Store:
			if ref.Val != v {
				continue
			}
			cell, ok := base(ref.Addr).(*ssa.Alloc)
			if !ok {
				return true
			}
			if cell != root && leavesCell(cell, root, seen) {
				return true
			}
		case *ssa.Convert, *ssa.ChangeType, *ssa.FieldAddr, *ssa.IndexAddr, *ssa.Phi, *ssa.MakeInterface, *ssa.Slice:
			if leaves(ref.(ssa.Value), root, seen) {
				return true
			}
		}
	}
	return false
}

// leavesCell follows a pointer that was put into another variable.
func leavesCell(cell, root *ssa.Alloc, seen map[ssa.Value]bool) bool {
	for _, ref := range *cell.Referrers() {
		if load, ok := ref.(*ssa.UnOp); ok && leaves(load, root, seen) {
			return true
		}
	}
	return false
}
