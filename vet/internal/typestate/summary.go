package typestate

import (
	"slices"

	"golang.org/x/tools/go/ssa"

	"moho/vet/internal/fact"
	"moho/vet/internal/ssafn"
)

// maxPath is how many steps from a parameter a fact may lead.
const maxPath = 4

func newWalker(p *ssafn.Program, k *knowledge, f *ssa.Function) *walker {
	return &walker{
		p: p, known: k, fn: f, tab: newTable(), numbers: map[*ssa.Function]*numbering{}, bound: map[sym][]sym{},
		seen: map[place]bool{}, asked: map[sym]*ssa.If{}, twice: map[sym]bool{}, leaks: map[leakKey]*leak{},
	}
}

// Summarise tells what f does with what its parameters lead to, and how its
// results have to be given back.
func Summarise(p *ssafn.Program, f *ssa.Function, out *fact.Func) {
	if len(f.Blocks) == 0 || f.Parent() != nil || ssafn.IsCgo(f) {
		return
	}
	k := of(p)
	if !k.touches(f) && !k.reads(f) {
		return
	}
	w := newWalker(p, k, f)
	w.start()
	if len(w.ends) == 0 {
		return
	}
	for i := range f.Params {
		w.summariseParam(i, out)
	}
	for i := range f.Signature.Results().Len() {
		w.summariseResult(i, out)
	}
}

func (w *walker) end(st *state, results []sym) {
	w.ends = append(w.ends, ending{st, results})
}

// where is the way from a parameter to what a symbol is.
func (w *walker) where(s sym) (param int, path []int, ok bool) {
	for len(path) <= maxPath {
		switch n := w.tab.node(s); n.kind {
		case input:
			if n.n >= len(w.fn.Params) {
				return 0, nil, false
			}
			slices.Reverse(path)
			return n.n, path, true
		case content:
			if n.n != 0 {
				return 0, nil, false
			}
			path = append(path, -1)
			s = n.a
		case field:
			path = append(path, n.n)
			s = n.a
		case part:
			path = append(path, n.n)
			s = n.a
		default:
			return 0, nil, false
		}
	}
	return 0, nil, false
}

// outcome is what all endings together say of one symbol.
type outcome struct {
	family           fact.Release
	freed, all       bool
	uses, used       bool // on some, on all
	shared           bool
	absentEverywhere bool
}

func (w *walker) outcome(s sym) outcome {
	o := outcome{all: true, used: true, absentEverywhere: true}
	for _, e := range w.ends {
		r, known := e.st.res[s]
		touched := e.st.touched[s]
		switch {
		case known && r.status == freed:
			o.freed, o.family = true, r.family
			o.absentEverywhere = false
		case known && r.status == maybe:
			o.freed, o.family, o.all = true, r.family, false
			o.absentEverywhere = false
		case known && r.status == absent && !touched:
			o.shared = o.shared || r.escaped
			continue // nothing there: nothing to do
		default:
			o.all = false
			o.absentEverywhere = false
		}
		o.shared = o.shared || known && r.escaped || e.st.shared[s]
		o.uses = o.uses || touched
		o.used = o.used && touched
	}
	if o.absentEverywhere {
		o.all, o.used = false, false
	}
	return o
}

// roots lists what the endings say something of, in the order of their birth.
func (w *walker) roots() []sym {
	set := map[sym]bool{}
	for _, e := range w.ends {
		for s := range e.st.res {
			set[s] = true
		}
		for s := range e.st.touched {
			set[s] = true
		}
	}
	var list []sym
	for s := range set {
		list = append(list, s)
	}
	slices.Sort(list)
	return list
}

func (w *walker) summariseParam(i int, out *fact.Func) {
	p := fact.Param{Seen: !w.cut}
	self := w.tab.of(node{kind: input, at: w.fn.Params[i], n: i})
	if !pointerish(w.fn.Params[i].Type()) && !isHandle(w.fn.Params[i].Type()) && !isText(w.fn.Params[i].Type()) && !hasFields(w.fn.Params[i].Type()) {
		return
	}
	o := w.outcome(self)
	p.Frees, p.MayFree = w.releases(o)
	p.Uses, p.MayUse = o.used && o.uses && !w.cut, o.uses
	p.Retains = w.everShared(self)
	for _, s := range w.roots() {
		param, path, ok := w.where(s)
		if !ok || param != i || len(path) == 0 {
			continue
		}
		o := w.outcome(s)
		e := fact.Effect{Path: path, Uses: o.used && o.uses && !w.cut, MayUse: o.uses}
		e.Frees, e.MayFree = w.releases(o)
		if e.Frees != "" || e.MayFree != "" || e.MayUse {
			p.Fields = append(p.Fields, e)
		}
	}
	w.assigned(i, &p)
	slot := out.SetParam(i)
	slot.Frees, slot.MayFree = p.Frees, p.MayFree
	slot.Retains = slot.Retains || p.Retains
	slot.Seen, slot.Uses, slot.MayUse, slot.Fields = p.Seen, p.Uses, p.MayUse, p.Fields
}

func (w *walker) releases(o outcome) (must, may fact.Release) {
	switch {
	case !o.freed:
		return "", ""
	case o.all && !w.cut:
		return o.family, o.family
	}
	return "", o.family
}

func (w *walker) everShared(s sym) bool {
	for _, e := range w.ends {
		if e.st.shared[s] || e.st.res[s].escaped {
			return true
		}
	}
	return false
}

// assigned adds which of the fields behind parameter i get another value.
func (w *walker) assigned(i int, p *fact.Param) {
	type change struct{ sets, clears int }
	changes := map[sym]*change{}
	for _, e := range w.ends {
		for a, v := range e.st.cells {
			param, _, ok := w.where(a)
			if !ok || param != i || v == w.tab.of(node{kind: content, a: a}) {
				continue
			}
			c := changes[a]
			if c == nil {
				c = &change{}
				changes[a] = c
			}
			c.sets++
			if w.tab.isNull(v) {
				c.clears++
			}
		}
	}
	var addrs []sym
	for a := range changes {
		addrs = append(addrs, a)
	}
	slices.Sort(addrs)
	for _, a := range addrs {
		_, path, _ := w.where(a)
		path = append(path, -1)
		e := fact.Effect{Path: path}
		at := slices.IndexFunc(p.Fields, func(f fact.Effect) bool { return slices.Equal(f.Path, path) })
		if at >= 0 {
			e = p.Fields[at]
		}
		e.Sets = true
		e.Clears = w.clearedEverywhere(a)
		if at >= 0 {
			p.Fields[at] = e
		} else {
			p.Fields = append(p.Fields, e)
		}
	}
}

// clearedEverywhere reports whether nil is at an address at every ending.
func (w *walker) clearedEverywhere(a sym) bool {
	for _, e := range w.ends {
		v, ok := e.st.cells[a]
		if ok && w.tab.isNull(v) {
			continue
		}
		before := w.tab.of(node{kind: content, a: a})
		if r, known := e.st.res[before]; known && r.status == absent && (!ok || v == before) {
			continue
		}
		return false
	}
	return true
}

func (w *walker) summariseResult(i int, out *fact.Func) {
	owned, every := fact.Release(""), true
	var views []fact.Source
	points := map[int]bool{}
	for _, e := range w.ends {
		if i >= len(e.results) {
			return
		}
		s := e.results[i]
		root := w.tab.root(s)
		if w.tab.isNull(s) {
			continue
		}
		if r, ok := e.st.res[root]; ok && r.owned && r.status == live && !r.escaped {
			owned = r.family
			continue
		}
		every = false
		param, path, ok := w.where(root)
		switch {
		case !ok:
		case len(path) == 0:
			points[param] = true
		default:
			src := fact.Source{Param: param, Path: path}
			if !slices.ContainsFunc(views, func(v fact.Source) bool { return v.Param == param && slices.Equal(v.Path, path) }) {
				views = append(views, src)
			}
		}
	}
	if owned == "" && len(views) == 0 && len(points) == 0 {
		return
	}
	r := out.SetResult(i)
	if owned != "" && every {
		r.Owned = owned
	}
	for p := range points {
		if !slices.Contains(r.PointsTo, p) {
			r.PointsTo = append(r.PointsTo, p)
		}
	}
	slices.Sort(r.PointsTo)
	r.Views = views
}
