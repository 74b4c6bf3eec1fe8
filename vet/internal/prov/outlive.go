package prov

import (
	"go/token"

	"golang.org/x/tools/go/ssa"

	"moho/vet/internal/rule"
	"moho/vet/internal/ssafn"
)

// An Exit is where an address that is held in an integer gets out of reach of
// the frame that its variable lies in.
type Exit struct {
	Pos token.Pos
	How string // "is returned from f", "is sent on a channel"
}

// Outlives tells whether integer b, which holds the address of a variable in
// frame f, is used where that frame has ended, or its stack may have moved: it
// was returned from f, captured by a literal that leaves f, kept in memory that
// does, sent, or put aside for a deferred call. user is the function that uses it.
func Outlives(p *ssafn.Program, b Birth, f, user *ssa.Function) (Exit, bool) {
	for _, h := range b.Hops {
		switch h.Way {
		case Returned:
			if h.From == f || h.Call != nil && ssafn.Callee(h.Call.Common()) == f {
				return Exit{h.Pos, "is returned from " + FuncName(f)}, true
			}
		case Passed:
			switch h.Call.(type) {
			case *ssa.Defer:
				return Exit{h.Pos, "waits for the end of " + FuncName(h.Call.Parent()) + " as an argument of a deferred call"}, true
			case *ssa.Go:
				return Exit{h.Pos, "goes to another goroutine"}, true
			}
		case Stored:
			if e, ok := stored(p, h, f, user); ok {
				return e, true
			}
		}
	}
	return Exit{}, false
}

// stored is [Outlives] for one store.
func stored(p *ssafn.Program, h Hop, f, user *ssa.Function) (Exit, bool) {
	if inside(user, f) && user != f {
		if c, how := leaving(p, user, f); c != nil {
			return Exit{c.Pos(), how}, true
		}
	}
	if _, ok := h.At.(*ssa.Send); ok && !calls(p, f, user) && user != f {
		return Exit{h.Pos, "is sent on a channel"}, true
	}
	if user == f || calls(p, f, user) {
		return Exit{}, false
	}
	if !inside(h.At.Parent(), f) && !calls(p, f, h.At.Parent()) {
		return Exit{}, false // stored by somebody who got it in another way
	}
	switch root := base(cellRoot(h)).(type) {
	case *ssa.Global:
		return Exit{h.Pos, "is kept in package variable " + root.Name()}, true
	case *ssa.Parameter, *ssa.UnOp, *ssa.Call, *ssa.Extract:
		return Exit{h.Pos, "is kept in memory that outlives the frame"}, true
	}
	return Exit{}, false
}

// cellRoot is what the store of a hop writes to, or the container it fills.
func cellRoot(h Hop) ssa.Value {
	switch at := h.At.(type) {
	case *ssa.Store:
		if g, ok := rootOf(at.Addr).(*ssa.Global); ok {
			return g
		}
		return rootOf(at.Addr)
	case *ssa.MapUpdate:
		return rootOf(at.Map)
	}
	return h.Cell
}

// rootOf walks from an element or field to what it is part of, through a load
// of a package variable too.
func rootOf(v ssa.Value) ssa.Value {
	for range 16 {
		v = base(v)
		load, ok := v.(*ssa.UnOp)
		if !ok {
			return v
		}
		if _, ok := load.X.(*ssa.Global); !ok {
			return v
		}
		v = load.X
	}
	return v
}

// inside reports whether g is f or a literal in it.
func inside(g, f *ssa.Function) bool {
	for ; g != nil; g = g.Parent() {
		if g == f {
			return true
		}
	}
	return false
}

// leaving returns the closure of g, a literal in f, or of one between the two,
// that leaves f or waits for its end, and how.
func leaving(p *ssafn.Program, g, f *ssa.Function) (c *ssa.MakeClosure, how string) {
	for ; g != nil && g != f; g = g.Parent() {
		for _, c := range p.Closures(g) {
			for _, ref := range *c.Referrers() {
				switch ref := ref.(type) {
				case *ssa.Return:
					return c, "is captured by a function literal that " + FuncName(f) + " returns"
				case *ssa.Go:
					return c, "is captured by a function literal that runs in another goroutine"
				case *ssa.Defer:
					return c, "is captured by a deferred function literal"
				case *ssa.Send:
					return c, "is captured by a function literal that is sent on a channel"
				case *ssa.Store:
					if ref.Val == c && leavesCell(ref.Addr) {
						return c, "is captured by a function literal that outlives the frame"
					}
				case *ssa.MapUpdate:
					return c, "is captured by a function literal that outlives the frame"
				case *ssa.ChangeType, *ssa.MakeInterface, *ssa.Phi:
					for _, r := range *ref.(ssa.Value).Referrers() {
						if _, ok := r.(*ssa.Return); ok {
							return c, "is captured by a function literal that " + FuncName(f) + " returns"
						}
						if s, ok := r.(*ssa.Store); ok && leavesCell(s.Addr) {
							return c, "is captured by a function literal that outlives the frame"
						}
					}
				}
			}
		}
	}
	return nil, ""
}

// leavesCell reports whether a cell that a closure is stored in is not, or not
// only, a variable of the function.
func leavesCell(addr ssa.Value) bool {
	root := rootOf(addr)
	a, ok := root.(*ssa.Alloc)
	if !ok {
		return true
	}
	s := stack{seen: map[ssa.Value]bool{}}
	if !madeInPlace(a) {
		// A named variable: the closure leaves when what it holds is returned.
		for _, ref := range *a.Referrers() {
			load, ok := ref.(*ssa.UnOp)
			if !ok {
				continue
			}
			for _, r := range *load.Referrers() {
				switch r := r.(type) {
				case *ssa.Return, *ssa.Send, *ssa.MapUpdate, *ssa.Go:
					return true
				case *ssa.Store:
					if r.Val == load {
						return true
					}
				}
			}
		}
		return false
	}
	return !s.stays(a, 8)
}

// calls reports whether f, or a literal in it, calls g, directly or through
// other functions of the package.
func calls(p *ssafn.Program, f, g *ssa.Function) bool {
	seen := map[*ssa.Function]bool{}
	var up func(g *ssa.Function, depth int) bool
	up = func(g *ssa.Function, depth int) bool {
		if g == nil || seen[g] || depth > 12 {
			return false
		}
		seen[g] = true
		callers, _ := p.Callers(g)
		for _, c := range callers {
			if inside(c.Parent(), f) || up(c.Parent(), depth+1) {
				return true
			}
		}
		return g.Parent() != nil && (inside(g.Parent(), f) || up(g.Parent(), depth+1))
	}
	return up(g, 0)
}

// Window is the code from where only the number is left to its use at pos in
// function f: from the birth, from where the number came into f, or from the
// start of f.
func (b Birth) Window(f *ssa.Function, pos token.Pos) rule.Span {
	if b.From.Parent() == f && b.Pos < pos {
		return rule.Span{Pos: b.Pos, End: pos}
	}
	for i := len(b.Hops) - 1; i >= 0; i-- {
		h := b.Hops[i]
		var in *ssa.Function
		switch {
		case h.At != nil:
			in = h.At.Parent()
		case h.Call != nil:
			in = h.Call.Parent()
		}
		if in == f && h.Pos.IsValid() && h.Pos < pos {
			return rule.Span{Pos: h.Pos, End: pos}
		}
	}
	if f.Pos().IsValid() && f.Pos() < pos {
		return rule.Span{Pos: f.Pos(), End: pos}
	}
	return rule.Span{}
}
