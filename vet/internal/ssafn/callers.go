package ssafn

import (
	"go/token"

	"golang.org/x/tools/go/ssa"
)

// KnownCallers is [Program.Callers] for methods too: one whose name no
// interface in the package calls, and which other packages cannot call, has
// the callers that are listed. complete is true for a function that nobody
// calls.
func (p *Program) KnownCallers(f *ssa.Function) (calls []ssa.CallInstruction, complete bool) {
	calls = p.calls[f]
	if p.opened[f] || f.Parent() != nil && len(calls) == 0 {
		return calls, false
	}
	main := p.Pkg.Pkg.Name() == "main"
	if token.IsExported(f.Name()) && !main && f.Parent() == nil {
		return calls, false
	}
	if f.Signature.Recv() != nil && p.invokes(f.Name()) {
		return calls, false
	}
	if d := p.Decl(f); d != nil && d.Doc != nil {
		for _, c := range d.Doc.List {
			if len(c.Text) > 9 && (c.Text[:9] == "//export " || c.Text[:9] == "//go:link") {
				return calls, false
			}
		}
	}
	return calls, true
}

// invokes reports whether the package calls a method of that name through an
// interface.
func (p *Program) invokes(name string) bool {
	return p.Once("ssafn.invoked", func() any {
		out := map[string]bool{}
		for _, f := range p.Funcs {
			for _, b := range f.Blocks {
				for _, instr := range b.Instrs {
					if call, ok := instr.(ssa.CallInstruction); ok && call.Common().IsInvoke() {
						out[call.Common().Method.Name()] = true
					}
				}
			}
		}
		return out
	}).(map[string]bool)[name]
}

// Once returns what compute returned the first time it was asked for by key: an
// index over the package that several rules walk. Rules run side by side; the
// answer must not depend on who asks.
func (p *Program) Once(key string, compute func() any) any {
	if v, ok := p.once.Load(key); ok {
		return v
	}
	v, _ := p.once.LoadOrStore(key, compute())
	return v
}
