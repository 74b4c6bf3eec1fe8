package ssafn

import (
	"go/token"
	"go/types"

	"golang.org/x/tools/go/ssa"
)

// Keys of [Program.Memo]: a package's dynamic calls, and its methods by name.
type (
	dynamicKey struct{}
	methodsKey struct{}
)

// maxTargets bounds how many functions one call is taken to enter.
const maxTargets = 16

// Targets lists the functions that a call may enter, as far as the package
// shows it: the static callee; for a method of an interface the methods of the
// package's own types that implement it; for a function value the functions and
// literals that reach it through variables and arguments.
func (p *Program) Targets(c *ssa.CallCommon) []*ssa.Function {
	if f := Callee(c); f != nil {
		return []*ssa.Function{f}
	}
	if c.IsInvoke() {
		return p.methods(c)
	}
	if _, ok := c.Value.(*ssa.Builtin); ok {
		return nil
	}
	w := &valueWalker{p: p, seen: map[ssa.Value]bool{}}
	w.walk(c.Value, 0)
	return w.out
}

// methods lists the methods of this package that an interface call may enter.
func (p *Program) methods(c *ssa.CallCommon) []*ssa.Function {
	iface, ok := c.Value.Type().Underlying().(*types.Interface)
	if !ok {
		return nil
	}
	var out []*ssa.Function
	for _, f := range p.methodsByName()[c.Method.Name()] {
		if len(out) == maxTargets {
			break
		}
		t := f.Signature.Recv().Type()
		if types.Implements(t, iface) || types.Implements(types.NewPointer(t), iface) {
			out = append(out, f)
		}
	}
	return out
}

func (p *Program) methodsByName() map[string][]*ssa.Function {
	known, ok := p.Memo[methodsKey{}].(map[string][]*ssa.Function)
	if !ok {
		known = map[string][]*ssa.Function{}
		for _, f := range p.Funcs {
			if f.Signature.Recv() != nil && f.Parent() == nil {
				known[f.Name()] = append(known[f.Name()], f)
			}
		}
		p.Memo[methodsKey{}] = known
	}
	return known
}

// DynamicCallers lists the calls that enter f, or may, other than by its name:
// through an interface or a function value.
func (p *Program) DynamicCallers(f *ssa.Function) []ssa.CallInstruction {
	known, ok := p.Memo[dynamicKey{}].(map[*ssa.Function][]ssa.CallInstruction)
	if !ok {
		known = map[*ssa.Function][]ssa.CallInstruction{}
		p.Memo[dynamicKey{}] = known
		p.dynamic(known)
	}
	return known[f]
}

func (p *Program) dynamic(known map[*ssa.Function][]ssa.CallInstruction) {
	for _, f := range p.Funcs {
		for _, b := range f.Blocks {
			for _, instr := range b.Instrs {
				call, ok := instr.(ssa.CallInstruction)
				if !ok || Callee(call.Common()) != nil || kept(call.Common().Value) != nil {
					continue
				}
				for _, target := range p.Targets(call.Common()) {
					known[target] = append(known[target], call)
				}
			}
		}
	}
}

// valueWalker finds the functions that a function value may be.
type valueWalker struct {
	p    *Program
	seen map[ssa.Value]bool
	out  []*ssa.Function
}

func (w *valueWalker) walk(v ssa.Value, depth int) {
	if v == nil || depth > 12 || w.seen[v] || len(w.out) == maxTargets {
		return
	}
	w.seen[v] = true
	switch v := v.(type) {
	case *ssa.Function:
		w.out = append(w.out, origin(v))
	case *ssa.MakeClosure:
		if f, ok := v.Fn.(*ssa.Function); ok {
			w.out = append(w.out, f)
		}
	case *ssa.ChangeType:
		w.walk(v.X, depth+1)
	case *ssa.Phi:
		for _, e := range v.Edges {
			w.walk(e, depth+1)
		}
	case *ssa.UnOp:
		if v.Op != token.MUL {
			return
		}
		if ia, ok := v.X.(*ssa.IndexAddr); ok {
			for _, e := range w.p.Elems(ia.X) {
				w.walk(e.Val, depth+1)
			}
			return
		}
		stores, _ := w.p.StoresTo(v.X)
		for _, s := range stores {
			w.walk(s.Val, depth+1)
		}
	case *ssa.Lookup:
		for _, e := range w.p.Elems(v.X) {
			w.walk(e.Val, depth+1)
		}
	case *ssa.Parameter:
		calls, _ := w.p.Callers(v.Parent())
		for _, c := range calls {
			for i, param := range v.Parent().Params {
				if param == v && i < len(c.Common().Args) {
					w.walk(c.Common().Args[i], depth+1)
				}
			}
		}
	case *ssa.Call:
		if f := Callee(&v.Call); f != nil {
			for _, b := range f.Blocks {
				if r, ok := b.Instrs[len(b.Instrs)-1].(*ssa.Return); ok && len(r.Results) == 1 {
					w.walk(r.Results[0], depth+1)
				}
			}
		}
	}
}
