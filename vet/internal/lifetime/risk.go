package lifetime

import (
	"go/token"
	"go/types"

	"golang.org/x/tools/go/ssa"

	"moho/vet/internal/fact"
	"moho/vet/internal/ssafn"
)

// A Risk is a use of what an object's finalizer gives back at a moment when the
// object itself may be gone.
type Risk struct {
	Func   *ssa.Function
	Use    Use
	From   ssa.Instruction // the last safepoint before the use, or the read: nothing refers to the object from here
	D      *Derived
	Via    []ssa.Instruction // the calls between Func's and the one that is reported, outermost first
	keeper *Keepers
}

// Risks lists the uses in f of what a finalizer gives back, of objects that f
// does not keep alive until the use is over; at most one for each read.
func Risks(p *ssafn.Program, f *ssa.Function) []Risk {
	var out []Risk
	for _, d := range DerivedIn(p, f) {
		k := KeepersOf(p, d.Owner)
		if k.Held || exempt(p, f, d, k) {
			continue
		}
		if u, from, ok := d.risky(k); ok {
			out = append(out, Risk{Func: f, Use: u, From: from, D: d, keeper: k})
		}
	}
	return out
}

// risky picks the use to report: one after a safepoint at which the object was
// not referred to any more, else one that is a safepoint itself.
func (d *Derived) risky(k *Keepers) (use Use, from ssa.Instruction, ok bool) {
	var during Use
	for _, u := range d.Uses {
		if call, isCall := u.At.(ssa.CallInstruction); isCall {
			if callee := ssafn.Callee(call.Common()); callee != nil && releasers(d.p)[callee] {
				continue // given back by hand
			}
		}
		switch {
		case u.Leaves:
			if !ok && k.Made && len(k.Params) == 0 && !k.Takes(u.At) && !k.Live(u.At) {
				use, from, ok = u, d.Read, true
			}
		case k.Takes(u.At) || k.Live(u.At):
		default:
			if s := d.unguarded(u, k); s != nil && (!ok || Dominates(u.At, use.At)) {
				use, from, ok = u, s, true
			} else if u.Calls && (during.At == nil || Dominates(u.At, during.At)) {
				during = u
			}
		}
	}
	if !ok && during.At != nil {
		return during, d.Read, true
	}
	return use, from, ok
}

// unguarded returns a safepoint between the read and the use at which nothing
// refers to the object, nil when there is none. A loop around the use that the
// read is not in is one.
func (d *Derived) unguarded(u Use, k *Keepers) ssa.Instruction {
	var at ssa.Instruction
	stop := func(instr ssa.Instruction) bool { return instr != d.Read }
	Walk(d.Read, func(instr ssa.Instruction) bool {
		if at != nil || !stop(instr) {
			return false
		}
		if instr != u.At && Safepoint(instr) && !k.Takes(instr) && !k.Live(instr) && reachesWithout(instr, u.At, d.Read) {
			at = instr
		}
		return true
	}, nil)
	if at == nil && reachesWithout(u.At, u.At, d.Read) {
		at = u.At
	}
	return at
}

// reachesWithout reports whether to can be executed after from, with without
// not executed in between.
func reachesWithout(from, to, without ssa.Instruction) bool {
	found := false
	Walk(from, func(instr ssa.Instruction) bool {
		if instr == to {
			found = true
		}
		return !found && instr != without
	}, nil)
	return found
}

// exempt reports functions that need not keep the object: those that give back
// what it has, and those in which it has no finalizer, or no more.
func exempt(p *ssafn.Program, f *ssa.Function, d *Derived, k *Keepers) bool {
	if releasers(p)[f] || heldBySQL(p, d.Owner.Type()) {
		return true
	}
	watched := false
	for _, fin := range finalizers(p, f) {
		if !k.Values[fin.object] {
			continue
		}
		if fin.clears && Reaches(fin.call, d.Read) || Dominates(fin.call, d.Read) && fin.clears {
			return true
		}
		watched = true
	}
	return k.fresh() && !watched
}

// heldBySQL reports objects that package database/sql holds while they are in
// use: a driver's connections, statements and rows.
func heldBySQL(p *ssafn.Program, t types.Type) bool {
	for _, imp := range p.Pkg.Pkg.Imports() {
		if imp.Path() != "database/sql/driver" {
			continue
		}
		for _, name := range []string{"Conn", "Stmt", "Rows", "Tx"} {
			obj := imp.Scope().Lookup(name)
			if obj == nil {
				continue
			}
			if iface, ok := obj.Type().Underlying().(*types.Interface); ok && types.Implements(t, iface) {
				return true
			}
		}
	}
	return false
}

// fresh reports an object that the function made itself, by new or a literal.
func (k *Keepers) fresh() bool {
	made := false
	for v := range k.Values {
		switch v := v.(type) {
		case *ssa.Call:
			if callee := ssafn.Callee(v.Common()); callee == nil || !watches(callee) {
				if v.Call.IsInvoke() || callee != nil && isPointer(v.Type()) && k.p.TypeFact(v.Type()) != nil {
					return false
				}
			}
		case *ssa.Parameter:
			return false
		case *ssa.Alloc:
			if t := k.p.TypeFact(v.Type()); t != nil && t.Finalizer {
				made = true
			}
		}
	}
	return made
}

// Settle decides where a risk is to be reported: at the use, at a call further
// up, or nowhere when all callers see to the object.
func Settle(p *ssafn.Program, r Risk) []Risk {
	return settle(p, r, 0)
}

func settle(p *ssafn.Program, r Risk, depth int) []Risk {
	if len(r.keeper.Params) == 0 {
		return []Risk{r}
	}
	direct := false
	for _, param := range r.keeper.Params {
		if t := p.TypeFact(param.Type()); t != nil && t.Finalizer {
			direct = true
		}
	}
	calls, complete := p.KnownCallers(r.Func)
	if direct {
		if complete && len(calls) > 0 && allKeep(p, r.keeper.Params, calls, 0) {
			return nil
		}
		return []Risk{r}
	}
	if !complete || depth >= maxDepth {
		return []Risk{r}
	}
	// The object is reached through something that the function was given, and
	// only the callers know who else has it.
	var out []Risk
	for _, c := range calls {
		call, ok := c.(*ssa.Call)
		if !ok {
			continue
		}
		for _, param := range r.keeper.Params {
			arg := argument(c, param)
			if arg == nil {
				continue
			}
			k := KeepersOf(p, arg)
			if k.Live(call) {
				continue
			}
			up := Risk{Func: call.Parent(), Use: Use{At: call, Calls: true, Derived: arg}, From: call, D: r.D, Via: append([]ssa.Instruction{r.Use.At}, r.Via...), keeper: k}
			out = append(out, settle(p, up, depth+1)...)
			break
		}
	}
	return out
}

// allKeep reports whether every call keeps alive what it passes for any of the
// parameters.
func allKeep(p *ssafn.Program, params []*ssa.Parameter, calls []ssa.CallInstruction, depth int) bool {
	if depth >= maxDepth {
		return true
	}
	for _, c := range calls {
		if _, ok := c.(*ssa.Call); !ok {
			continue // deferred: the record keeps it; go: see there
		}
		for _, param := range params {
			arg := argument(c, param)
			if arg == nil {
				continue
			}
			k := KeepersOf(p, arg)
			if k.Live(c) {
				continue
			}
			if len(k.Params) == 0 {
				return false
			}
			up, complete := p.KnownCallers(c.Parent())
			if !complete || len(up) == 0 || !allKeep(p, k.Params, up, depth+1) {
				return false
			}
		}
	}
	return true
}

// argument returns what a call passes for a parameter of its callee.
func argument(c ssa.CallInstruction, param *ssa.Parameter) ssa.Value {
	for i, v := range param.Parent().Params {
		if v == param && i < len(c.Common().Args) {
			return c.Common().Args[i]
		}
	}
	return nil
}

// Summarise adds to the facts of f what it lends: results that belong to the
// object of a parameter.
func Summarise(p *ssafn.Program, f *ssa.Function, out *fact.Func) {
	if len(f.Params) == 0 || f.Signature.Results().Len() == 0 {
		return
	}
	for _, d := range DerivedIn(p, f) {
		if d.number {
			continue
		}
		param := parameterIndex(f, d.Owner)
		if param < 0 {
			continue
		}
		for _, u := range d.Uses {
			ret, ok := u.At.(*ssa.Return)
			if !ok {
				continue
			}
			for i, v := range ret.Results {
				if d.values[v] {
					addIndex(&out.SetResult(i).Lent, param)
				}
			}
		}
	}
}

func addIndex(list *[]int, i int) {
	for _, have := range *list {
		if have == i {
			return
		}
	}
	*list = append(*list, i)
}

// parameterIndex returns which parameter an object is, -1 when it is none.
func parameterIndex(f *ssa.Function, v ssa.Value) int {
	for range 16 {
		switch u := v.(type) {
		case *ssa.Parameter:
			for i, param := range f.Params {
				if param == u {
					return i
				}
			}
			return -1
		case *ssa.ChangeType:
			v = u.X
		case *ssa.UnOp:
			a, ok := u.X.(*ssa.Alloc)
			if !ok || u.Op != token.MUL {
				return -1
			}
			if v = onlyStore(a); v == nil {
				return -1
			}
		default:
			return -1
		}
	}
	return -1
}
