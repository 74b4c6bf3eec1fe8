package summary

import (
	"golang.org/x/tools/go/ssa"

	"moho/vet/internal/ssafn"
)

// bottomUp lists the package's functions so that callees go before callers;
// functions that call each other are one group. Literals belong to the function
// around them and are not listed.
//
// Source: R. Tarjan, Depth-first search and linear graph algorithms, 1972.
func bottomUp(p *ssafn.Program) [][]*ssa.Function {
	o := &order{own: map[*ssa.Function]bool{}, index: map[*ssa.Function]int{}, low: map[*ssa.Function]int{}, on: map[*ssa.Function]bool{}}
	for _, f := range p.Funcs {
		o.own[f] = f.Parent() == nil
	}
	for _, f := range p.Funcs {
		if o.own[f] && o.index[f] == 0 {
			o.visit(f)
		}
	}
	return o.groups
}

type order struct {
	own        map[*ssa.Function]bool
	index, low map[*ssa.Function]int // from 1, in order of visit
	on         map[*ssa.Function]bool
	stack      []*ssa.Function
	groups     [][]*ssa.Function
}

func (o *order) visit(f *ssa.Function) {
	o.index[f] = len(o.index) + 1
	o.low[f] = o.index[f]
	o.stack = append(o.stack, f)
	o.on[f] = true
	o.callees(f, func(g *ssa.Function) {
		switch {
		case !o.own[g]:
		case o.index[g] == 0:
			o.visit(g)
			o.low[f] = min(o.low[f], o.low[g])
		case o.on[g]:
			o.low[f] = min(o.low[f], o.index[g])
		}
	})
	if o.low[f] != o.index[f] {
		return
	}
	for i := len(o.stack) - 1; ; i-- {
		o.on[o.stack[i]] = false
		if o.stack[i] == f {
			o.groups = append(o.groups, append([]*ssa.Function(nil), o.stack[i:]...))
			o.stack = o.stack[:i]
			return
		}
	}
}

// callees calls yield for each static callee in f and in the literals inside it.
func (o *order) callees(f *ssa.Function, yield func(*ssa.Function)) {
	for _, b := range f.Blocks {
		for _, instr := range b.Instrs {
			if call, ok := instr.(ssa.CallInstruction); ok {
				if g := ssafn.Callee(call.Common()); g != nil {
					yield(g)
				}
			}
		}
	}
	for _, anon := range f.AnonFuncs {
		o.callees(anon, yield)
	}
}
