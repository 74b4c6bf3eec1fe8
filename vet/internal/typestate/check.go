package typestate

import (
	"cmp"
	"slices"

	"golang.org/x/tools/go/ssa"

	"moho/vet/internal/rule"
	"moho/vet/internal/ssafn"
)

type checked struct{}

// Check walks the functions of a package and returns the misuses that it saw,
// in order of position.
func Check(p *ssafn.Program) []Event {
	if list, ok := p.Memo[checked{}].([]Event); ok {
		return list
	}
	k := of(p)
	var list []Event
	for _, f := range p.Funcs {
		if ssafn.IsCgo(f) || len(f.Blocks) == 0 || !k.touches(f) {
			continue
		}
		w := newWalker(p, k, f)
		w.start()
		w.lost()
		list = append(list, w.found...)
	}
	list = settle(p, append(list, fieldLeaks(p, k)...))
	p.Memo[checked{}] = list
	return list
}

// settle makes one event of those about one place, and one of the leaks of what
// a function returns when none of its callers gives it back.
func settle(p *ssafn.Program, list []Event) []Event {
	lost := map[ssa.Instruction][]int{}
	for i, e := range list {
		if e.born != nil && e.inner != e.born && e.Never {
			lost[e.inner] = append(lost[e.inner], i)
		}
	}
	drop := map[int]bool{}
	for inner, at := range lost {
		calls, complete := p.Callers(outermost(inner.Parent()))
		if !complete || len(calls) != len(at) {
			continue
		}
		first := list[at[0]]
		first.Pos, first.Message = inner.Pos(), first.callers
		first.Flow = append([]rule.Step{{Pos: inner.Pos(), Text: "made here, and returned"}}, first.Flow...)
		list[at[0]] = first
		for _, i := range at[1:] {
			drop[i] = true
		}
	}
	var out []Event
	for i, e := range list {
		if drop[i] {
			continue
		}
		j := slices.IndexFunc(out, func(o Event) bool { return o.Rule == e.Rule && o.Pos == e.Pos })
		switch {
		case j < 0:
			out = append(out, e)
		case e.Sure && !out[j].Sure:
			out[j] = e
		}
	}
	slices.SortStableFunc(out, func(a, b Event) int { return cmp.Compare(a.Pos, b.Pos) })
	return out
}

func outermost(f *ssa.Function) *ssa.Function {
	for f.Parent() != nil {
		f = f.Parent()
	}
	return f
}
