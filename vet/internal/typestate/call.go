package typestate

import (
	"go/token"
	"go/types"

	"golang.org/x/tools/go/ssa"
)

// A site is a call that a path is at, be it deferred or not.
type site struct {
	at   ssa.CallInstruction
	late bool // deferred, and run now
}

func (w *walker) callee(st *state, c *ssa.CallCommon) sym {
	if c.IsInvoke() {
		return 0
	}
	return w.value(st, c.Value)
}

func (w *walker) call(st *state, in *ssa.Call, k func(*state, sym)) {
	var args []sym
	for _, a := range in.Call.Args {
		args = append(args, w.value(st, a))
	}
	callee := w.callee(st, &in.Call)
	if in.Call.IsInvoke() {
		if f, recv := w.method(st, &in.Call); f != nil {
			callee, args = w.tab.of(node{kind: function, at: f}), append([]sym{recv}, args...)
		}
	}
	w.perform(st, site{at: in}, callee, args, k)
}

// method is what a call through an interface enters, where the path knows what
// the interface holds.
func (w *walker) method(st *state, c *ssa.CallCommon) (f *ssa.Function, recv sym) {
	n := w.tab.node(w.value(st, c.Value))
	t, ok := n.at.(types.Type)
	if n.kind != iface || !ok || types.IsInterface(t) {
		return nil, 0
	}
	return w.fn.Prog.LookupMethod(t, c.Method.Pkg(), c.Method.Name()), n.a
}

// runDefers runs what was deferred in the top frame, last first.
func (w *walker) runDefers(st *state, k func(*state)) {
	fr := st.top()
	if len(fr.defers) == 0 {
		k(st)
		return
	}
	d := fr.defers[len(fr.defers)-1]
	fr.defers = fr.defers[:len(fr.defers)-1]
	w.perform(st, site{at: d.at, late: true}, d.callee, d.args, func(st *state, _ sym) { w.runDefers(st, k) })
}

// perform makes a call happen and goes on with its result.
func (w *walker) perform(st *state, at site, callee sym, args []sym, k func(*state, sym)) {
	n := w.tab.node(callee)
	if callee == 0 || n.kind != function {
		w.unknown(st, at, nil, args)
		k(st, w.fresh(st, at.at, opaque))
		return
	}
	var f *ssa.Function
	switch fn := n.at.(type) {
	case *ssa.Function:
		f = fn
	case *ssa.MakeClosure:
		f, _ = fn.Fn.(*ssa.Function)
	default:
		k(st, w.builtin(st, at, n.text, args))
		return
	}
	if o := f.Origin(); o != nil {
		f = o
	}
	if s, ok := w.model(st, at, f, args); ok {
		k(st, s)
		return
	}
	if once, ok := w.once(st, f, args); ok {
		if once == 0 {
			k(st, 0)
			return
		}
		w.perform(st, at, once, nil, k)
		return
	}
	if w.enters(st, f, args) {
		w.enter(st, at.at, at.late, f, args, w.bound[callee], func(st *state, results []sym) { k(st, w.result(st, at.at, results)) })
		return
	}
	if fact := w.p.Fact(f); fact != nil && (len(fact.Params) > 0 || len(fact.Results) > 0) {
		k(st, w.apply(st, at, f, fact, args))
		return
	}
	w.unknown(st, at, f, args)
	k(st, w.fresh(st, at.at, opaque))
}

// result makes one symbol of a function's results.
func (w *walker) result(st *state, at ssa.Instruction, results []sym) sym {
	if len(results) == 1 {
		return results[0]
	}
	s := w.fresh(st, at, opaque)
	st.tuples[s] = results
	return s
}

// once is sync.Once.Do: what it calls the first time, 0 after that.
func (w *walker) once(st *state, f *ssa.Function, args []sym) (sym, bool) {
	if f.String() != "(*sync.Once).Do" || len(args) != 2 {
		return 0, false
	}
	done := w.tab.of(node{kind: operation, text: "done", a: args[0]})
	if st.facts[done] {
		return 0, true
	}
	st.facts[done] = true
	w.twice[done] = true
	if w.tab.node(args[1]).kind != function {
		return 0, false
	}
	return args[1], true
}

// enters reports whether a call is walked into: literals, and functions of the
// package that are given something that the path follows, or do something to
// resources.
func (w *walker) enters(st *state, f *ssa.Function, args []sym) bool {
	if len(f.Blocks) == 0 || len(st.frames) > maxInline {
		return false
	}
	for i := range st.frames {
		if st.frames[i].fn == f {
			return false
		}
	}
	if f.Parent() != nil {
		return true
	}
	if f.Pkg != w.fn.Pkg || w.known.size(f) > maxBody {
		return false
	}
	if w.known.touches(f) {
		return true
	}
	for _, a := range args {
		if w.leads(st, w.tab.root(a)) {
			return true
		}
		if w.tab.node(a).kind == function {
			return true
		}
	}
	return false
}

// leads reports whether the path follows something that can be found from root.
func (w *walker) leads(st *state, root sym) bool {
	if k := w.tab.node(root).kind; k == literal || k == global {
		return false
	}
	if _, ok := st.res[root]; ok {
		return true
	}
	for s := range st.res {
		for n := w.tab.node(s); n.kind == content || n.kind == part; n = w.tab.node(w.tab.root(n.a)) {
			if w.tab.root(n.a) == root {
				return true
			}
		}
	}
	for a, v := range st.cells {
		if _, ok := st.res[w.tab.root(v)]; ok && w.tab.under(a, root) {
			return true
		}
	}
	return false
}

// unknown is a call of which nothing is known but who is called, if that.
func (w *walker) unknown(st *state, at site, f *ssa.Function, args []sym) {
	if f != nil && harmless(f) {
		for i, a := range args {
			w.passed(st, at, f, i, a)
		}
		return
	}
	w.synchronise(st)
	for i, a := range args {
		w.passed(st, at, f, i, a)
		w.share(st, a)
	}
	w.changes(st, f, nil)
}

// changes is what a function that is not walked into may do to variables and
// fields that others know of. Those behind the roots that are told are known
// otherwise.
func (w *walker) changes(st *state, f *ssa.Function, told map[sym]bool) {
	switch {
	case f == nil:
		w.forget(st, nil)
	case f.Pkg == w.fn.Pkg:
		stored := w.known.stores(f)
		w.forget(st, func(addr sym) bool {
			v, ok := w.tab.node(addr).at.(*types.Var)
			return ok && stored != nil && !stored[v]
		})
	default:
		w.forget(st, func(addr sym) bool {
			v, ok := w.tab.node(addr).at.(*types.Var)
			return told[w.tab.root(addr)] || ok && !v.Exported() && v.Pkg() == w.fn.Pkg.Pkg
		})
	}
}

// passed checks one argument of a Go function that is not walked into. A slice
// or string is read there; a pointer may only be looked at.
func (w *walker) passed(st *state, at site, f *ssa.Function, i int, a sym) {
	for _, v := range w.spread(st, a) {
		n := w.tab.node(v)
		text := n.kind == view || v == a && w.isText(at, i)
		if n.kind == iface {
			text = n.n == 1
		}
		if text {
			w.use(st, at.at, at.at.Pos(), v, "reads", true)
		}
	}
}

func (w *walker) isText(at site, i int) bool {
	c := at.at.Common()
	return i < len(c.Args) && isText(c.Args[i].Type())
}

// spread lists what a variadic argument consists of.
func (w *walker) spread(st *state, a sym) []sym {
	n := w.tab.node(a)
	if n.kind != view || w.tab.node(n.a).kind != variable {
		return []sym{a}
	}
	var out []sym
	for i := range 32 {
		v, ok := st.cells[w.tab.of(node{kind: index, a: n.a, b: w.tab.of(node{kind: literal, text: itoa(i)})})]
		if !ok {
			break
		}
		out = append(out, v)
	}
	return out
}

func (w *walker) builtin(st *state, at site, name string, args []sym) sym {
	t := w.tab
	arg := func(i int) sym {
		if i < len(args) {
			return args[i]
		}
		return 0
	}
	switch name {
	case "Slice", "String":
		if t.isNull(arg(0)) {
			return t.null()
		}
		return t.of(node{kind: view, a: arg(0)})
	case "SliceData", "StringData":
		if n := t.node(arg(0)); n.kind == view {
			return n.a
		}
		n := node{kind: index, a: arg(0), b: t.of(node{kind: literal, text: "0"})}
		if name == "StringData" {
			n.text = "string" // Go's, for nobody else makes strings
		}
		return t.of(n)
	case "Add":
		return t.of(node{kind: index, a: arg(0), b: arg(1)})
	case "len", "cap":
		if t.isNull(arg(0)) {
			return t.of(node{kind: literal, text: "0"})
		}
		return t.of(node{kind: operation, text: name, a: arg(0)})
	case "append":
		if len(args) > 1 {
			w.use(st, at.at, at.at.Pos(), arg(1), "copies", true)
			for _, v := range w.spread(st, arg(1)) {
				w.share(st, v)
			}
		}
	case "copy":
		w.use(st, at.at, at.at.Pos(), arg(0), "writes to", true)
		w.use(st, at.at, at.at.Pos(), arg(1), "copies", true)
	case "clear":
		w.use(st, at.at, at.at.Pos(), arg(0), "writes to", true)
	}
	return w.fresh(st, at.at, opaque)
}

// goes is a go statement. What the goroutine is given it may use at any time
// until the path waits for something.
func (w *walker) goes(st *state, in *ssa.Go) {
	c := w.callee(st, &in.Call)
	given := []sym{c}
	for _, a := range in.Call.Args {
		given = append(given, w.value(st, a))
	}
	reached := map[sym]bool{}
	for _, g := range given {
		w.reach(st, g, reached)
	}
	f := in.Call.StaticCallee()
	for s := range reached {
		if r, ok := st.res[s]; ok && r.status == live && f != nil && len(f.Blocks) > 0 && !w.known.frees(f) {
			r.started = in
			st.res[s] = r
		}
	}
	for _, g := range given {
		w.share(st, g)
	}
}

// reach collects the roots of a value and of what it leads to.
func (w *walker) reach(st *state, v sym, into map[sym]bool) {
	root := w.tab.root(v)
	if root == 0 || into[root] {
		return
	}
	into[root] = true
	for _, b := range w.bound[root] {
		w.reach(st, b, into)
	}
	for a, s := range st.cells {
		if w.tab.under(a, root) {
			w.reach(st, s, into)
		}
	}
}

// synchronise is anything that may wait for a goroutine.
func (w *walker) synchronise(st *state) {
	for s, r := range st.res {
		if r.started != nil {
			r.started = nil
			st.res[s] = r
		}
	}
}

// outer returns the call in the walked function, literals in it included, that
// the path is inside of, and which of its executions that is.
func (w *walker) outer(st *state) (ssa.Instruction, int) {
	for i := 1; i < len(st.frames); i++ {
		if !within(st.frames[i].fn, w.fn) {
			in := st.frames[i].call
			return in, st.count[in]
		}
	}
	return nil, 0
}

func within(f, outer *ssa.Function) bool {
	for ; f != nil; f = f.Parent() {
		if f == outer {
			return true
		}
	}
	return false
}

// place is where a finding is reported whose instruction is at pos: there, or
// where a function outside the walked one was called.
func (w *walker) place(st *state, pos token.Pos) token.Pos {
	if in, _ := w.outer(st); in != nil {
		return in.Pos()
	}
	return pos
}

// rootBlock is the block of the walked function that the path is in.
func (w *walker) rootBlock(st *state, in ssa.Instruction) *ssa.BasicBlock {
	if len(st.frames) > 1 {
		return st.frames[1].call.Block()
	}
	return in.Block()
}

func funcName(f *ssa.Function) string {
	if name, ok := cName(f); ok {
		return "C." + name
	}
	if f.Parent() != nil {
		return "the function literal"
	}
	if recv := f.Signature.Recv(); recv != nil {
		t := recv.Type()
		if p, ok := types.Unalias(t).(*types.Pointer); ok {
			t = p.Elem()
		}
		if n, ok := types.Unalias(t).(*types.Named); ok {
			return n.Obj().Name() + "." + f.Name()
		}
	}
	if f.Pkg != nil {
		return f.Pkg.Pkg.Name() + "." + f.Name()
	}
	return f.Name()
}
