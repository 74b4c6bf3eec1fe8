package prov

import (
	"go/token"

	"golang.org/x/tools/go/ssa"

	"moho/vet/internal/ssafn"
)

// Variable returns the local variable that a pointer, asked for in a context,
// is the address of or points into; nil when it is none for certain.
func Variable(p *ssafn.Program, v ssa.Value, ctx *Context) *ssa.Alloc {
	for range 16 {
		v = base(v)
		switch u := v.(type) {
		case *ssa.Alloc:
			if madeInPlace(u) {
				return nil
			}
			return u
		case *ssa.Parameter:
			if ctx != nil && ssafn.Callee(ctx.call.Common()) == u.Parent() {
				v, ctx = Argument(ctx.call, u), ctx.up
			} else if calls, complete := p.Callers(u.Parent()); complete && len(calls) == 1 {
				v = Argument(calls[0], u)
			} else {
				return nil
			}
		case *ssa.FreeVar:
			b := p.Bindings(u)
			if len(b) != 1 {
				return nil
			}
			v = b[0]
		case *ssa.UnOp:
			if u.Op != token.MUL {
				return nil
			}
			stores, complete := p.StoresTo(u.X)
			if !complete || len(stores) != 1 {
				return nil
			}
			v = stores[0].Val
		default:
			return nil
		}
		if v == nil {
			return nil
		}
	}
	return nil
}

// OnStack reports whether the compiler has no reason to move variable a to the
// heap: no pointer to it is returned, stored outside, sent, boxed, captured by
// a literal that travels, or passed to a function that is not seen to leave it
// alone. Numbers made of its address are no reason.
func OnStack(p *ssafn.Program, a *ssa.Alloc) bool {
	s := stack{p: p, seen: map[ssa.Value]bool{}}
	return s.stays(a, 0)
}

type stack struct {
	p    *ssafn.Program
	seen map[ssa.Value]bool
}

func (s *stack) stays(v ssa.Value, depth int) bool {
	if depth > 24 {
		return false
	}
	if s.seen[v] || v.Referrers() == nil {
		return true
	}
	s.seen[v] = true
	for _, ref := range *v.Referrers() {
		if !s.use(ref, v, depth) {
			return false
		}
	}
	return true
}

func (s *stack) use(ref ssa.Instruction, v ssa.Value, depth int) bool {
	switch ref := ref.(type) {
	case *ssa.Store:
		if ref.Val != v {
			return true
		}
		cell, ok := ref.Addr.(*ssa.Alloc)
		return ok && s.loads(cell, depth)
	case *ssa.Convert:
		// A number is followed no further, but one expression that goes to a
		// number and back is seen through.
		if !isPointerLike(ref.Type()) {
			return !s.back(ref, depth)
		}
		return s.stays(ref, depth+1)
	case *ssa.ChangeType, *ssa.FieldAddr, *ssa.IndexAddr, *ssa.Phi, *ssa.Slice:
		return s.stays(ref.(ssa.Value), depth+1)
	case *ssa.UnOp, *ssa.BinOp, *ssa.DebugRef, *ssa.If:
		return true
	case *ssa.MakeClosure:
		return s.captured(ref, v, depth)
	case ssa.CallInstruction:
		return s.call(ref, v, depth)
	case *ssa.MakeInterface:
		return s.onlyKeptAlive(ref)
	}
	return false
}

// back reports whether a number becomes a pointer again in one expression.
func (s *stack) back(v ssa.Value, depth int) bool {
	if depth > 24 || v.Referrers() == nil {
		return false
	}
	for _, ref := range *v.Referrers() {
		switch ref := ref.(type) {
		case *ssa.Convert:
			call := s.p.Call(ref.Pos())
			if IsRoundtrip(ref) && call != nil && call.Pos() <= v.Pos() && v.Pos() < call.End() && !s.stays(ref, depth+1) {
				return true
			}
		case *ssa.BinOp:
			if s.back(ref, depth+1) {
				return true
			}
		}
	}
	return false
}

// loads follows a pointer that was put into another variable of the function.
func (s *stack) loads(cell *ssa.Alloc, depth int) bool {
	for _, ref := range *cell.Referrers() {
		switch ref := ref.(type) {
		case *ssa.UnOp:
			if !s.stays(ref, depth+1) {
				return false
			}
		case *ssa.Store:
		case *ssa.Convert, *ssa.ChangeType, *ssa.DebugRef:
		default:
			return false
		}
	}
	return true
}

func (s *stack) captured(c *ssa.MakeClosure, v ssa.Value, depth int) bool {
	if Travels(c) {
		return false
	}
	fn := c.Fn.(*ssa.Function)
	for i, b := range c.Bindings {
		if b == v && i < len(fn.FreeVars) && !s.stays(fn.FreeVars[i], depth+1) {
			return false
		}
	}
	return true
}

func (s *stack) call(call ssa.CallInstruction, v ssa.Value, depth int) bool {
	if _, ok := call.(*ssa.Go); ok {
		return false
	}
	if b, ok := call.Common().Value.(*ssa.Builtin); ok {
		result, isValue := call.(ssa.Value)
		switch b.Name() {
		case "Add", "Slice", "SliceData", "String", "StringData":
			return isValue && s.stays(result, depth+1)
		case "append":
			return false
		}
		return true
	}
	callee := ssafn.Callee(call.Common())
	if callee == nil || len(callee.Blocks) == 0 || ssafn.IsCgo(callee) {
		return IsKernel(callee)
	}
	for i, arg := range call.Common().Args {
		if arg == v && i < len(callee.Params) && !s.stays(callee.Params[i], depth+6) {
			return false
		}
	}
	return true
}

// onlyKeptAlive allows runtime.KeepAlive, whose argument does not escape.
func (s *stack) onlyKeptAlive(v *ssa.MakeInterface) bool {
	for _, ref := range *v.Referrers() {
		call, ok := ref.(ssa.CallInstruction)
		if !ok {
			return false
		}
		if h, _ := holding(call); h != Alive {
			return false
		}
	}
	return true
}

// Travels reports whether a function literal is used other than by calling it,
// at once, at the end of the function, or through a variable of its own.
func Travels(c *ssa.MakeClosure) bool {
	for _, ref := range *c.Referrers() {
		switch ref := ref.(type) {
		case *ssa.Call:
			if ref.Call.Value != c {
				return true
			}
		case *ssa.Defer:
			if ref.Call.Value != c {
				return true
			}
		case *ssa.Store:
			cell, ok := ref.Addr.(*ssa.Alloc)
			if !ok || ref.Val != c || !onlyCalledFrom(cell) {
				return true
			}
		case *ssa.DebugRef:
		default:
			return true
		}
	}
	return false
}

// onlyCalledFrom reports whether what variable cell holds is only called.
func onlyCalledFrom(cell *ssa.Alloc) bool {
	for _, ref := range *cell.Referrers() {
		switch ref := ref.(type) {
		case *ssa.Store:
		case *ssa.UnOp:
			for _, r := range *ref.Referrers() {
				call, ok := r.(ssa.CallInstruction)
				if !ok || call.Common().Value != ref {
					return false
				}
				if _, ok := call.(*ssa.Go); ok {
					return false
				}
			}
		default:
			return false
		}
	}
	return true
}
