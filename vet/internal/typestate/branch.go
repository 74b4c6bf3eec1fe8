package typestate

import (
	"go/token"

	"golang.org/x/tools/go/ssa"
)

// ask notes what a branch depends on. Only what several branches depend on can
// make two paths through here differ later.
func (w *walker) ask(in *ssa.If, cond sym) {
	n := w.tab.node(cond)
	if n.kind == operation {
		if n.a != 0 {
			w.ask(in, n.a)
		}
		if n.b != 0 {
			w.ask(in, n.b)
		}
		return
	}
	switch first, ok := w.asked[cond]; {
	case n.kind == literal:
	case !ok:
		w.asked[cond] = in
	case first != in:
		w.twice[cond] = true
	}
}

// matters reports whether other branches depend on what a condition does.
func (w *walker) matters(cond sym) bool {
	n := w.tab.node(cond)
	if n.kind == operation {
		return n.a != 0 && w.matters(n.a) || n.b != 0 && w.matters(n.b)
	}
	return w.twice[cond]
}

// branch goes the ways that a condition leaves open.
func (w *walker) branch(st *state, b *ssa.BasicBlock, in *ssa.If, k cont) {
	cond := w.value(st, in.Cond)
	w.ask(in, cond)
	truth, known := w.decided(st, cond)
	if known {
		next := b.Succs[1]
		if truth {
			next = b.Succs[0]
		}
		w.block(st, next, b, k)
		return
	}
	other := st.clone()
	for i, way := range []*state{st, other} {
		way.depth++
		w.assume(way, cond, i == 0)
		w.block(way, b.Succs[i], b, k)
	}
}

// decided reports what a condition is on this path, if it has to be one or the other.
func (w *walker) decided(st *state, cond sym) (truth, known bool) {
	n := w.tab.node(cond)
	if n.kind == literal {
		return n.text == "true", true
	}
	if t, ok := st.facts[cond]; ok {
		return t, true
	}
	if n.kind != operation {
		return false, false
	}
	switch token.Token(n.n) {
	case token.NOT:
		t, ok := w.decided(st, n.a)
		return !t, ok
	case token.EQL:
		return w.decidedEqual(st, n)
	case token.LSS:
		// With what is known to be a constant put in.
		a, b := w.constantOf(st, n.a), w.constantOf(st, n.b)
		if a != n.a || b != n.b {
			if c := w.tab.node(w.tab.binary(token.LSS, a, b)); c.kind == literal {
				return c.text == "true", true
			}
		}
	}
	return false, false
}

func (w *walker) decidedEqual(st *state, n node) (truth, known bool) {
	for _, pair := range [2][2]sym{{n.a, n.b}, {n.b, n.a}} {
		if !w.tab.isNull(pair[1]) {
			continue
		}
		if r, ok := st.res[w.tab.root(pair[0])]; ok {
			switch {
			case r.status == absent:
				return true, true
			case r.owned && r.failed == 0 && neverNil(r.born):
				return false, true
			}
		}
		for _, r := range st.res {
			if r.failed != 0 && r.failed == pair[0] && r.status == absent {
				return false, true
			}
		}
	}
	if a, b := w.constantOf(st, n.a), w.constantOf(st, n.b); a != n.a || b != n.b {
		if eq, ok := w.tab.equal(a, b); ok {
			return eq, true
		}
	}
	return false, false
}

// constantOf returns the constant that a value was found equal to, or itself.
func (w *walker) constantOf(st *state, s sym) sym {
	if w.tab.node(s).kind == literal {
		return s
	}
	for c, truth := range st.facts {
		if n := w.tab.node(c); truth && n.kind == operation && token.Token(n.n) == token.EQL {
			switch {
			case n.a == s && w.tab.node(n.b).kind == literal:
				return n.b
			case n.b == s && w.tab.node(n.a).kind == literal:
				return n.a
			}
		}
	}
	return s
}

// assume takes a decision down, and what it means for resources.
func (w *walker) assume(st *state, cond sym, truth bool) {
	n := w.tab.node(cond)
	if n.kind == operation && token.Token(n.n) == token.NOT {
		w.assume(st, n.a, !truth)
		return
	}
	st.facts[cond] = truth
	if n.kind == operation && token.Token(n.n) == token.LSS && truth {
		w.failing(st, n.a, n.b)
	}
	if n.kind != operation || token.Token(n.n) != token.EQL {
		return
	}
	x := n.a
	switch {
	case w.tab.isNull(n.b):
	case w.tab.isNull(n.a):
		x = n.b
	default:
		return
	}
	w.assumeNull(st, x, truth)
}

// failing is a comparison of numbers that holds, such as of a status with 0:
// what came with that status may not have happened.
func (w *walker) failing(st *state, a, b sym) {
	for s, r := range st.res {
		if r.status == freed && r.free != nil && r.free.failed != 0 && (r.free.failed == a || r.free.failed == b) {
			r.status = maybe
			st.res[s] = r
		}
	}
}

// assumeNull notes that x is nil, or is not.
func (w *walker) assumeNull(st *state, x sym, null bool) {
	for s, r := range st.res {
		switch {
		case s == w.tab.root(x) && null:
			// Nil has nothing to give back, and giving it back did nothing.
			r.status = absent
		case !null && r.failed != 0 && r.failed == x && r.status == live:
			r.status = absent
		case !null && r.free != nil && r.free.failed != 0 && r.free.failed == x && r.status == freed:
			r.status = maybe
		case null && r.free != nil && r.free.moved != 0 && r.free.moved == x && r.status == freed:
			r.status, r.free = live, nil
		default:
			continue
		}
		st.res[s] = r
	}
	if s := w.tab.root(x); null && st.res[s].born == nil {
		if _, ok := st.res[s]; !ok && w.pointerLike(s) {
			st.res[s] = resource{status: absent}
		}
	}
}

func (w *walker) pointerLike(s sym) bool {
	n := w.tab.node(s)
	return n.kind == input || n.kind == content || n.kind == part || n.kind == opaque
}

// neverNil reports allocators that do not return nil.
func neverNil(in ssa.Instruction) bool {
	call, ok := in.(ssa.CallInstruction)
	if !ok {
		return false
	}
	f := call.Common().StaticCallee()
	if f == nil {
		return false
	}
	name, ok := cName(f)
	return ok && (name == "CString" || name == "CBytes" || name == "malloc") || f.String() == "runtime/cgo.NewHandle"
}
