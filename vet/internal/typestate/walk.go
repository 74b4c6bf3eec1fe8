package typestate

import (
	"go/types"

	"golang.org/x/tools/go/ssa"

	"moho/vet/internal/ssafn"
)

const (
	maxSteps  = 60000 // instructions per walked function, all paths together
	maxInline = 3     // calls inside each other that are walked into
	maxRounds = 2     // how often a path enters one block of one call
	maxBody   = 120   // instructions of a function that is walked into
)

// walker walks the paths of one function.
type walker struct {
	p       *ssafn.Program
	known   *knowledge
	fn      *ssa.Function
	tab     *table
	numbers map[*ssa.Function]*numbering
	bound   map[sym][]sym // what closures capture
	seen    map[place]bool
	steps   int
	cut     bool // not everything was walked
	asked   map[sym]*ssa.If
	twice   map[sym]bool
	found   []Event
	leaks   map[leakKey]*leak
	ends    []ending
}

type place struct {
	block *ssa.BasicBlock
	sig   uint64
}

// An ending is one return of the walked function, for its summary.
type ending struct {
	st      *state
	results []sym
}

type cont func(st *state, results []sym)

// numbering gives the values of a function places in a frame's env.
type numbering struct {
	of   map[ssa.Value]int
	phis []int // those that may steer
}

func (w *walker) numbering(f *ssa.Function) *numbering {
	n, ok := w.numbers[f]
	if ok {
		return n
	}
	n = &numbering{of: map[ssa.Value]int{}}
	add := func(v ssa.Value) { n.of[v] = len(n.of) }
	for _, v := range f.Params {
		add(v)
	}
	for _, v := range f.FreeVars {
		add(v)
	}
	for _, b := range f.Blocks {
		for _, in := range b.Instrs {
			v, ok := in.(ssa.Value)
			if !ok {
				continue
			}
			if phi, ok := in.(*ssa.Phi); ok && !plainNumber(phi.Type()) {
				n.phis = append(n.phis, len(n.of))
			}
			add(v)
		}
	}
	w.numbers[f] = n
	return n
}

func (w *walker) phis(f *ssa.Function) []int { return w.numbering(f).phis }

func plainNumber(t types.Type) bool {
	b, ok := t.Underlying().(*types.Basic)
	return ok && b.Info()&types.IsNumeric != 0 && b.Kind() != types.Uintptr
}

func (w *walker) set(st *state, v ssa.Value, s sym) {
	f := st.top()
	if n, ok := w.numbering(f.fn).of[v]; ok {
		f.env[n] = s
	}
}

func (w *walker) value(st *state, v ssa.Value) sym {
	switch v := v.(type) {
	case nil:
		return 0
	case *ssa.Const:
		return w.tab.constant(v)
	case *ssa.Global:
		return w.tab.of(node{kind: global, at: v})
	case *ssa.Function:
		return w.tab.of(node{kind: function, at: v})
	case *ssa.Builtin:
		return w.tab.of(node{kind: function, text: v.Name()})
	}
	f := st.top()
	if n, ok := w.numbering(f.fn).of[v]; ok && f.env[n] != 0 {
		return f.env[n]
	}
	return w.tab.of(node{kind: opaque, at: v, n: -1})
}

// fresh is a new value that instruction in yields.
func (w *walker) fresh(st *state, in ssa.Instruction, k kind) sym {
	st.count[in]++
	return w.tab.of(node{kind: k, at: in, n: st.count[in]})
}

// start walks the whole function.
func (w *walker) start() {
	st := newState()
	fr := frame{fn: w.fn, env: make([]sym, len(w.numbering(w.fn).of)), visits: make([]uint8, len(w.fn.Blocks))}
	st.frames = append(st.frames, fr)
	for i, v := range w.fn.Params {
		w.set(st, v, w.tab.of(node{kind: input, at: v, n: i}))
	}
	for i, v := range w.fn.FreeVars {
		w.set(st, v, w.tab.of(node{kind: input, at: v, n: len(w.fn.Params) + i}))
	}
	w.block(st, w.fn.Blocks[0], nil, func(st *state, results []sym) { w.end(st, results) })
}

// enter walks into a function that is called where the state is, and goes on
// with k there.
func (w *walker) enter(st *state, at ssa.Instruction, late bool, f *ssa.Function, args, free []sym, k cont) {
	n := w.numbering(f)
	fr := frame{fn: f, env: make([]sym, len(n.of)), visits: make([]uint8, len(f.Blocks)), call: at, late: late, depth: st.depth}
	st.frames = append(st.frames, fr)
	st.count[at]++
	for i, v := range f.Params {
		if i < len(args) {
			w.set(st, v, args[i])
		}
	}
	for i, v := range f.FreeVars {
		if i < len(free) {
			w.set(st, v, free[i])
		}
	}
	w.block(st, f.Blocks[0], nil, func(st *state, results []sym) {
		st.frames = st.frames[:len(st.frames)-1]
		if len(st.frames) > 0 && !within(f, w.fn) {
			w.left(st, at, results)
		}
		k(st, results)
	})
}

// left is the end of a call that was walked into: what was made in it and is
// not among the results was lost in there, or kept, and is no matter of ours.
func (w *walker) left(st *state, at ssa.Instruction, results []sym) {
	reached := map[sym]bool{}
	for _, r := range results {
		w.reach(st, r, reached)
	}
	for s, r := range st.res {
		if r.status == freed && r.free.outer == at && r.free.turn == st.count[at] && reached[s] {
			r.status = maybe // returned after its release: that is reported in there
			st.res[s] = r
		}
		if r.born == at && r.turn == st.count[at] && r.owned && !r.escaped && !reached[s] {
			r.escaped = true
			st.res[s] = r
		}
	}
}

func (w *walker) block(st *state, b, prev *ssa.BasicBlock, k cont) {
	fr := st.top()
	limit := uint8(maxRounds)
	if prev != nil && b.Dominates(prev) {
		limit++ // the second round ends here, a third does not begin
		if len(st.frames) == 1 {
			w.goesBack(st, b, prev)
		}
	}
	if fr.visits[b.Index] >= limit {
		return
	}
	fr.visits[b.Index]++
	first := w.phisOf(st, b, prev)
	if len(b.Preds) > 1 {
		at := place{b, w.signature(st)}
		if w.seen[at] {
			return
		}
		w.seen[at] = true
	}
	w.instrs(st, b, first, k)
}

// phisOf gives the phis of a block their values, all at once. A number that a
// loop counts is not known in the second round: else a loop of ten rounds would
// never end here.
func (w *walker) phisOf(st *state, b, prev *ssa.BasicBlock) int {
	edge := -1
	for i, p := range b.Preds {
		if p == prev {
			edge = i
		}
	}
	var values []sym
	first := 0
	for ; first < len(b.Instrs); first++ {
		phi, ok := b.Instrs[first].(*ssa.Phi)
		if !ok {
			break
		}
		s := sym(0)
		switch {
		case edge < 0:
			s = w.fresh(st, phi, opaque)
		case b.Dominates(prev) && plainNumber(phi.Type()):
			s = w.fresh(st, phi, opaque)
		default:
			s = w.value(st, phi.Edges[edge])
		}
		values = append(values, s)
	}
	for i, s := range values {
		w.set(st, b.Instrs[i].(*ssa.Phi), s)
	}
	return first
}

func (w *walker) instrs(st *state, b *ssa.BasicBlock, i int, k cont) {
	for ; i < len(b.Instrs); i++ {
		w.steps++
		if w.steps > maxSteps {
			w.cut = true
			return
		}
		next := i + 1
		switch in := b.Instrs[i].(type) {
		case *ssa.If:
			w.branch(st, b, in, k)
			return
		case *ssa.Jump:
			w.block(st, b.Succs[0], b, k)
			return
		case *ssa.Return:
			results := make([]sym, len(in.Results))
			for j, r := range in.Results {
				results[j] = w.value(st, r)
			}
			if len(st.frames) == 1 {
				w.returned(st, in, results)
			}
			k(st, results)
			return
		case *ssa.Panic:
			return
		case *ssa.RunDefers:
			w.runDefers(st, func(st *state) { w.instrs(st, b, next, k) })
			return
		case *ssa.Call:
			w.call(st, in, func(st *state, s sym) {
				w.set(st, in, s)
				w.instrs(st, b, next, k)
			})
			return
		case *ssa.Defer:
			d := deferred{at: in, callee: w.callee(st, &in.Call), block: b}
			if f, recv := w.method(st, &in.Call); in.Call.IsInvoke() && f != nil {
				d.callee, d.args = w.tab.of(node{kind: function, at: f}), []sym{recv}
			}
			for _, a := range in.Call.Args {
				d.args = append(d.args, w.value(st, a))
			}
			st.top().defers = append(st.top().defers, d)
		default:
			w.step(st, in)
		}
	}
}

// goesBack notes which way a round of a loop ended, for what it made.
func (w *walker) goesBack(st *state, header, from *ssa.BasicBlock) {
	for s, r := range st.res {
		if r.owned && r.back == nil && header.Dominates(r.born.Block()) {
			r.back = from
			st.res[s] = r
		}
	}
}
