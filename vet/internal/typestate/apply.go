package typestate

import (
	"go/types"

	"golang.org/x/tools/go/ssa"

	"moho/vet/internal/fact"
)

// apply is a call of a function that is known by its facts.
func (w *walker) apply(st *state, at site, f *ssa.Function, known *fact.Func, args []sym) sym {
	for i, a := range args {
		p := known.Param(i)
		if p.Uses || p.MayUse {
			w.use(st, at.at, at.at.Pos(), a, "uses", p.Uses)
		} else if !p.Seen {
			w.passed(st, at, f, i, a)
		}
		w.behindArgument(st, at, f, a, f.Signature, i, p)
		switch {
		case p.Frees != "":
			w.free(st, at, a, p.Frees, funcName(f), true, 0)
		case p.MayFree != "":
			w.free(st, at, a, p.MayFree, funcName(f), false, 0)
		}
		if p.Retains || !p.Seen {
			w.share(st, a)
		}
	}
	if !harmless(f) {
		w.synchronise(st)
		told := map[sym]bool{}
		for i, a := range args {
			if known.Param(i).Seen {
				told[w.tab.root(a)] = true
			}
		}
		w.changes(st, f, told)
	}
	for i, a := range args {
		w.reassign(st, f, a, i, known.Param(i))
	}
	return w.results(st, at, f, known, args)
}

// behindArgument applies what a function does with what an argument leads to.
func (w *walker) behindArgument(st *state, at site, f *ssa.Function, a sym, sig *types.Signature, i int, p fact.Param) {
	t := paramType(sig, i)
	for _, e := range p.Fields {
		if e.Frees == "" && e.MayFree == "" && !e.Uses {
			continue
		}
		v := w.resolve(st, a, t, e.Path)
		if v == 0 {
			continue
		}
		if e.Uses {
			w.use(st, at.at, at.at.Pos(), v, "uses", true)
		}
		switch {
		case e.Frees != "":
			w.free(st, at, v, e.Frees, funcName(f), true, 0)
		case e.MayFree != "":
			w.free(st, at, v, e.MayFree, funcName(f), false, 0)
		}
	}
}

func (w *walker) reassign(st *state, f *ssa.Function, a sym, i int, p fact.Param) {
	t := paramType(f.Signature, i)
	for _, e := range p.Fields {
		if !e.Sets || len(e.Path) == 0 || e.Path[len(e.Path)-1] != -1 {
			continue
		}
		addr := a
		if rest := e.Path[:len(e.Path)-1]; len(rest) > 0 {
			addr = w.resolve(st, a, t, rest)
		}
		if addr == 0 {
			continue
		}
		if e.Clears {
			w.store(st, addr, w.tab.null())
			continue
		}
		delete(st.cells, addr)
		st.version[w.tab.root(addr)]++
	}
}

// paramType is the type of parameter i, the receiver being 0; nil without one.
func paramType(sig *types.Signature, i int) types.Type {
	if sig.Recv() != nil {
		if i == 0 {
			return sig.Recv().Type()
		}
		i--
	}
	if i < sig.Params().Len() {
		return sig.Params().At(i).Type()
	}
	return nil
}

// resolve goes a fact's way from an argument: to a value or, where the way ends
// in a field, to its address. 0 means that there is no such way.
func (w *walker) resolve(st *state, s sym, t types.Type, path []int) sym {
	for _, step := range path {
		if t == nil || s == 0 {
			return 0
		}
		switch {
		case step < 0:
			ptr, ok := t.Underlying().(*types.Pointer)
			if !ok {
				return 0
			}
			t = ptr.Elem()
			if structOf(t) != nil {
				continue // a struct value: go on with its address
			}
			s = w.load(st, s, t, nil)
		case structOf(deref(t)) == nil || step >= structOf(deref(t)).NumFields():
			return 0
		default:
			sub := structOf(deref(t))
			if structOf(t) != nil && w.tab.node(s).kind != input && !w.isAddress(s) {
				s = w.partOf(st, s, sub, step)
				t = sub.Field(step).Type()
				continue
			}
			s = w.fieldOf(s, sub, step)
			t = types.NewPointer(sub.Field(step).Type())
		}
	}
	return s
}

func (w *walker) isAddress(s sym) bool {
	switch w.tab.node(s).kind {
	case variable, global, field, index:
		return true
	}
	return false
}

// results is what such a function returns.
func (w *walker) results(st *state, at site, f *ssa.Function, known *fact.Func, args []sym) sym {
	res := f.Signature.Results()
	one := func(i int, tuple sym) (sym, bool) {
		r := known.Result(i)
		switch {
		case r.Owned != "":
			s := w.fresh(st, at.at, opaque)
			made := resource{owned: true, family: r.Owned, born: at.at, inner: at.at}
			if outer, turn := w.outer(st); outer != nil {
				made.born, made.turn = outer, turn
			}
			if n := res.Len(); n > 1 && isError(res.At(n-1).Type()) {
				made.failed = w.tab.of(node{kind: part, a: tuple, n: n - 1})
			}
			w.leakOf(made.born)
			st.res[s] = made
			return s, true
		case len(r.PointsTo) == 1 && r.PointsTo[0] < len(args):
			return w.tab.of(node{kind: index, a: args[r.PointsTo[0]], b: w.fresh(st, at.at, opaque)}), true
		case len(r.Views) == 1 && r.Views[0].Param < len(args):
			src := r.Views[0]
			if v := w.resolve(st, args[src.Param], paramType(f.Signature, src.Param), src.Path); v != 0 {
				return w.tab.of(node{kind: view, a: w.tab.of(node{kind: index, a: v, b: w.fresh(st, at.at, opaque)})}), true
			}
		}
		return 0, false
	}
	tuple := w.fresh(st, at.at, opaque)
	if res.Len() == 1 {
		if s, ok := one(0, tuple); ok {
			return s
		}
		return tuple
	}
	parts := make([]sym, res.Len())
	for i := range parts {
		s, ok := one(i, tuple)
		if !ok {
			s = w.tab.of(node{kind: part, a: tuple, n: i})
		}
		parts[i] = s
	}
	st.tuples[tuple] = parts
	return tuple
}

func isError(t types.Type) bool { return types.TypeString(t, nil) == "error" }
