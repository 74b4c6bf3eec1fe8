package headerliteral

import (
	"go/token"

	"golang.org/x/tools/go/ssa"

	"moho/evidence"
	"moho/vet/internal/prov"
	"moho/vet/internal/ssafn"
)

// filledWith finds the most serious Go address that enters the header.
func filledWith(p *ssafn.Program, a *ssa.Alloc) (best fill, ok bool) {
	best = fills(p, a, 0)
	return best, best.sev != ""
}

func fills(p *ssafn.Program, a *ssa.Alloc, depth int) (best fill) {
	for _, ref := range *a.Referrers() {
		switch ref := ref.(type) {
		case *ssa.FieldAddr:
			if ref.Field != 0 {
				continue
			}
			for _, r := range *ref.Referrers() {
				if s, isStore := r.(*ssa.Store); isStore && s.Addr == ref {
					best = worse(best, stored(p, s))
				}
			}
		case *ssa.Store:
			if ref.Addr == a {
				best = worse(best, copied(p, ref, depth))
			}
		}
	}
	return best
}

func worse(a, b fill) fill {
	if b.sev.Rank() > a.sev.Rank() {
		return b
	}
	return a
}

// stored judges the integer put into the header's first word.
func stored(p *ssafn.Program, s *ssa.Store) fill {
	var best fill
	for _, b := range prov.Births(p, s.Val, nil) {
		if b.Reflect {
			best = worse(best, fill{from: b.Pos, sev: evidence.High, origin: prov.Origin{Text: "what a reflect.Value points to"}})
			continue
		}
		for _, o := range prov.Of(p, b.Pointer, b.Context) {
			best = worse(best, fill{from: b.Pos, origin: o, sev: severity(o.Kind)})
		}
	}
	best.pos = s.Pos()
	if lit := p.Composite(s.Pos()); lit != nil {
		best.pos, best.end = lit.Pos(), lit.End()
	}
	return best
}

// copied judges a header assigned as a whole.
func copied(p *ssafn.Program, s *ssa.Store, depth int) fill {
	if call, ok := s.Val.(*ssa.Call); ok && depth < 4 {
		return returned(p, call, depth+1)
	}
	load, ok := s.Val.(*ssa.UnOp)
	if !ok || load.Op != token.MUL || depth > 4 {
		return fill{}
	}
	if aside, ok := load.X.(*ssa.Alloc); ok && prov.HeaderShape(pointee(aside)) {
		return fills(p, aside, depth+1) // a literal built aside
	}
	owner, ok := prov.CopiedHeader(load)
	if !ok {
		return fill{}
	}
	best := fill{copied: true}
	for _, o := range prov.Data(p, owner) {
		f := fill{origin: o, sev: severity(o.Kind), copied: true}
		best = worse(best, f)
	}
	best.pos = load.Pos()
	if !best.pos.IsValid() {
		best.pos = s.Pos()
	}
	return best
}

// returned judges a header that a function of the package made.
func returned(p *ssafn.Program, call *ssa.Call, depth int) (best fill) {
	callee := ssafn.Callee(call.Common())
	if callee == nil {
		return fill{}
	}
	for _, r := range prov.Results(callee, 0) {
		load, ok := r.(*ssa.UnOp)
		if !ok {
			continue
		}
		if made, ok := load.X.(*ssa.Alloc); ok && prov.HeaderShape(pointee(made)) {
			best = worse(best, fills(p, made, depth))
		}
	}
	return best
}

func severity(k prov.Kind) evidence.Severity {
	switch {
	case k&prov.Moves != 0:
		return evidence.High
	case k&(prov.Loaded|prov.Opaque) != 0:
		return evidence.Medium
	}
	return ""
}

// keptAlive reports whether the function calls runtime.KeepAlive at all. Which
// value it keeps is not asked: a caller that knows to write it knows why.
func keptAlive(f *ssa.Function) bool {
	for _, b := range f.Blocks {
		for _, instr := range b.Instrs {
			if c, ok := instr.(ssa.CallInstruction); ok {
				if callee := ssafn.Callee(c.Common()); callee != nil && callee.String() == "runtime.KeepAlive" {
					return true
				}
			}
		}
	}
	return false
}

// A use is what makes the header harmful.
type use struct {
	pos  token.Pos
	text string // "is reinterpreted as []byte"
	step string
}

// pun looks for the header's address, as v, being converted to a pointer to a
// string or slice, here or in a function of the package that it is passed to.
func pun(v ssa.Value, depth int) (use, bool) {
	if v.Referrers() == nil || depth > 6 {
		return use{}, false
	}
	for _, ref := range *v.Referrers() {
		var next ssa.Value
		switch ref := ref.(type) {
		case *ssa.Convert:
			if t := headerOwner(ref); t != "" {
				return use{ref.Pos(), "is reinterpreted as " + t, "the header is taken for a " + t}, true
			}
			next = ref
		case *ssa.ChangeType:
			next = ref
		case *ssa.Phi:
			next = ref
		case ssa.CallInstruction:
			next = received(ref, v)
		}
		if next != nil {
			if u, ok := pun(next, depth+1); ok {
				return u, true
			}
		}
	}
	return use{}, false
}

// received returns the parameter that receives argument v.
func received(call ssa.CallInstruction, v ssa.Value) ssa.Value {
	callee := ssafn.Callee(call.Common())
	if callee == nil {
		return nil
	}
	for i, arg := range call.Common().Args {
		if arg == v && i < len(callee.Params) {
			return callee.Params[i]
		}
	}
	return nil
}

// movedOn looks for the first word of the header being stored in the first
// word of another one, or made a pointer.
func movedOn(a *ssa.Alloc) (use, bool) {
	for _, ref := range *a.Referrers() {
		fa, ok := ref.(*ssa.FieldAddr)
		if !ok || fa.Field != 0 {
			continue
		}
		for _, r := range *fa.Referrers() {
			if load, ok := r.(*ssa.UnOp); ok && load.Op == token.MUL {
				if u, ok := movesOn(load, 0); ok {
					return u, true
				}
			}
		}
	}
	return use{}, false
}

func movesOn(v ssa.Value, depth int) (use, bool) {
	if depth > 5 || v.Referrers() == nil {
		return use{}, false
	}
	for _, ref := range *v.Referrers() {
		switch ref := ref.(type) {
		case *ssa.Store:
			fa, ok := ref.Addr.(*ssa.FieldAddr)
			if ok && ref.Val == v && fa.Field == 0 && prov.IsHeaderPointer(fa.X) {
				return use{ref.Pos(), "its address is put into another header", "the address moves on into another header"}, true
			}
		case *ssa.Convert:
			if prov.IsRoundtrip(ref) {
				return use{ref.Pos(), "its address is made a pointer", "the integer becomes a pointer"}, true
			}
			if u, ok := movesOn(ref, depth+1); ok {
				return u, true
			}
		case *ssa.BinOp, *ssa.Phi:
			if u, ok := movesOn(ref.(ssa.Value), depth+1); ok {
				return u, true
			}
		}
	}
	return use{}, false
}

// headerOwner returns the string or slice type that a conversion makes its
// operand point to, in words.
func headerOwner(c *ssa.Convert) string {
	return prov.PointsToOwner(c.Type())
}
