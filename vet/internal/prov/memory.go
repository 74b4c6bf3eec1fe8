package prov

import (
	"go/token"
	"go/types"

	"golang.org/x/tools/go/ssa"

	"moho/vet/internal/rule"
	"moho/vet/internal/ssafn"
)

// stores goes on at what was stored in a cell, which v was read from.
func (w *birthWalker) stores(list []*ssa.Store, v ssa.Value, text string, cell ssa.Value, ctx *Context, h *hop) {
	for _, s := range list {
		c := ctx
		if s.Parent() != v.Parent() {
			c = nil
		}
		step := rule.Step{Pos: s.Pos(), Text: text}
		w.walk(s.Val, c, false, &hop{Hop{Step: step, Way: Stored, Cell: cell, At: s}, h})
	}
}

// elems goes on at what was put into a container, which v was taken from.
func (w *birthWalker) elems(container, v ssa.Value, text string, h *hop) {
	for _, e := range w.p.Elems(container) {
		step := rule.Step{Pos: e.At.Pos(), Text: text}
		w.walk(e.Val, nil, false, &hop{Hop{Step: step, Way: Stored, Cell: container, At: e.At}, h})
	}
}

func (w *birthWalker) extract(v *ssa.Extract, ctx *Context, straight bool, h *hop) {
	switch t := v.Tuple.(type) {
	case *ssa.Call:
		w.call(t, v.Index, ctx, straight, h)
	case *ssa.Lookup:
		w.elems(t.X, v, "kept in "+valueName(t.X), h)
	case *ssa.UnOp:
		if t.Op == token.ARROW {
			w.elems(t.X, v, "sent on "+valueName(t.X), h)
		}
	case *ssa.Next:
		if r, ok := t.Iter.(*ssa.Range); ok && v.Index == 2 {
			w.elems(r.X, v, "kept in "+valueName(r.X), h)
		}
	case *ssa.TypeAssert:
		w.boxed(t.X, t.AssertedType, ctx, h, 0)
	case *ssa.Select:
		at := 2 // index and ok go first, then one value per receive
		for _, s := range t.States {
			if s.Dir != types.RecvOnly {
				continue
			}
			if at == v.Index {
				w.elems(s.Chan, v, "sent on "+valueName(s.Chan), h)
			}
			at++
		}
	}
}

// boxed goes on at the integers of type t that an interface may hold.
func (w *birthWalker) boxed(v ssa.Value, t types.Type, ctx *Context, h *hop, depth int) {
	if depth > 8 || *w.left == 0 || w.seen[visit{v, ctx}] {
		return
	}
	*w.left--
	w.seen[visit{v, ctx}] = true
	switch v := v.(type) {
	case *ssa.MakeInterface:
		if types.Identical(v.X.Type(), t) {
			w.walk(v.X, ctx, false, h)
		}
	case *ssa.ChangeInterface:
		w.boxed(v.X, t, ctx, h, depth+1)
	case *ssa.Phi:
		for _, e := range v.Edges {
			w.boxed(e, t, ctx, h, depth+1)
		}
	case *ssa.UnOp:
		if v.Op == token.ARROW {
			w.boxedElems(v.X, t, h, depth)
			return
		}
		if ia, ok := v.X.(*ssa.IndexAddr); ok {
			w.boxedElems(ia.X, t, h, depth)
			return
		}
		stores, _ := w.p.StoresTo(v.X)
		for _, s := range stores {
			step := rule.Step{Pos: s.Pos(), Text: "kept in " + cellName(v.X)}
			w.boxed(s.Val, t, nil, &hop{Hop{Step: step, Way: Stored, Cell: v.X, At: s}, h}, depth+1)
		}
	case *ssa.Lookup:
		w.boxedElems(v.X, t, h, depth)
	case *ssa.Parameter:
		w.boxedParameter(v, t, ctx, h, depth)
	case *ssa.Call:
		callee := ssafn.Callee(v.Common())
		if callee == nil || ctx != nil && ctx.depth >= maxDepth {
			return
		}
		step := rule.Step{Pos: v.Pos(), Text: "returned by " + FuncName(callee)}
		for _, r := range Results(callee, 0) {
			w.boxed(r, t, Push(ctx, v), &hop{Hop{Step: step, Way: Returned, Call: v}, h}, depth+1)
		}
	}
}

func (w *birthWalker) boxedElems(container ssa.Value, t types.Type, h *hop, depth int) {
	for _, e := range w.p.Elems(container) {
		step := rule.Step{Pos: e.At.Pos(), Text: "kept in " + valueName(container)}
		w.boxed(e.Val, t, nil, &hop{Hop{Step: step, Way: Stored, Cell: container, At: e.At}, h}, depth+1)
	}
}

func (w *birthWalker) boxedParameter(v *ssa.Parameter, t types.Type, ctx *Context, h *hop, depth int) {
	fn := v.Parent()
	calls, _ := w.p.Callers(fn)
	up := (*Context)(nil)
	if ctx != nil && ssafn.Callee(ctx.call.Common()) == fn {
		calls, up = []ssa.CallInstruction{ctx.call}, ctx.up
	}
	for i, c := range calls {
		if i == maxCallers {
			break
		}
		if arg := Argument(c, v); arg != nil {
			step := rule.Step{Pos: c.Pos(), Text: "passed to " + FuncName(fn) + " as " + v.Name()}
			w.boxed(arg, t, up, &hop{Hop{Step: step, Way: Passed, Call: c}, h}, depth+1)
		}
	}
}

// pointed goes on at the variable that a pointer to an integer, which v was
// read through, points to.
func (w *birthWalker) pointed(v *ssa.UnOp, ctx *Context, h *hop) {
	switch v.X.(type) {
	case *ssa.Parameter, *ssa.UnOp, *ssa.Phi, *ssa.Call:
	default:
		return
	}
	for _, cell := range cells(w.p, v.X) {
		if ia, ok := cell.(*ssa.IndexAddr); ok {
			w.elems(ia.X, v, "kept in "+valueName(ia.X), h)
			continue
		}
		stores, _ := w.p.StoresTo(cell)
		w.stores(stores, v, "kept in "+cellName(cell), cell, nil, h)
	}
}

// maxCells bounds how many variables a pointer to an integer is taken to point to.
const maxCells = 32

// cells lists the variables, fields and elements that pointer v may be the
// address of, itself left out.
func cells(p *ssafn.Program, v ssa.Value) []ssa.Value {
	var out []ssa.Value
	seen := map[ssa.Value]bool{}
	var walk func(v ssa.Value, depth int)
	walk = func(v ssa.Value, depth int) {
		v = Strip(v)
		if depth > 8 || seen[v] || len(out) >= maxCells {
			return
		}
		seen[v] = true
		switch v := v.(type) {
		case *ssa.Alloc, *ssa.Global, *ssa.FieldAddr, *ssa.FreeVar, *ssa.IndexAddr:
			out = append(out, v)
		case *ssa.Phi:
			for _, e := range v.Edges {
				walk(e, depth+1)
			}
		case *ssa.UnOp:
			stores, _ := p.StoresTo(v.X)
			for _, s := range stores {
				walk(s.Val, depth+1)
			}
		case *ssa.Parameter:
			calls, _ := p.Callers(v.Parent())
			for i, c := range calls {
				if arg := Argument(c, v); arg != nil && i < maxCallers {
					walk(arg, depth+1)
				}
			}
		case *ssa.Call:
			if f := ssafn.Callee(v.Common()); f != nil {
				for _, r := range Results(f, 0) {
					walk(r, depth+1)
				}
			}
		}
	}
	walk(v, 0)
	return out
}

// Cells lists the variables, fields and elements that pointer v, which may be
// one's address itself, refers to.
func Cells(p *ssafn.Program, v ssa.Value) []ssa.Value { return cells(p, v) }
