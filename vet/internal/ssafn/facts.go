package ssafn

import (
	"go/types"

	"golang.org/x/tools/go/ssa"

	"moho/vet/internal/fact"
)

// Fact returns what is known of a function of this package or of one that it
// imports, nil when that is nothing. For f of this package the answer grows
// until package summary is done with it.
func (p *Program) Fact(f *ssa.Function) *fact.Func {
	fn, ok := f.Object().(*types.Func)
	if !ok {
		return nil
	}
	return p.FuncFact(fn)
}

// FuncFact is [Program.Fact] by the function's object, for calls through an
// interface or in syntax.
func (p *Program) FuncFact(fn *types.Func) *fact.Func {
	if of := p.factsOf(fn.Pkg()); of != nil {
		return of.Funcs[fact.Name(fn.Origin())]
	}
	return nil
}

// TypeFact returns what is known of a named type, or of what it points to; nil
// when that is nothing.
func (p *Program) TypeFact(t types.Type) *fact.Type {
	if ptr, ok := types.Unalias(t).(*types.Pointer); ok {
		t = ptr.Elem()
	}
	named, ok := types.Unalias(t).(*types.Named)
	if !ok {
		return nil
	}
	if of := p.factsOf(named.Obj().Pkg()); of != nil {
		return of.Types[named.Origin().Obj().Name()]
	}
	return nil
}

func (p *Program) factsOf(pkg *types.Package) *fact.Package {
	switch {
	case pkg == nil:
		return nil
	case p.Pkg != nil && pkg == p.Pkg.Pkg:
		return p.Own
	}
	return p.Imported(pkg)
}
