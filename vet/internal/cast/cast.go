// Package cast lists the conversions that give a pointer another type, with
// what is then done through it.
//
// # Untrusted input
//
// Source code under analysis. Following a pointer forwards visits at most
// [maxVisits] values.
//
// # Compatibility
//
// Internal to vet.
package cast

import (
	"go/ast"
	"go/types"

	"golang.org/x/tools/go/ssa"

	"moho/vet/internal/prov"
	"moho/vet/internal/ssafn"
)

// A Cast is a conversion from unsafe.Pointer to a pointer to To.
type Cast struct {
	Conv *ssa.Convert
	Expr *ast.CallExpr // the conversion in the source
	To   types.Type
	// Base is the pointer before all conversions; From what it points to, nil
	// when that is not known, as for an unsafe.Pointer that came from elsewhere.
	Base ssa.Value
	From types.Type
}

// In lists the casts of a function in source order of its blocks.
func In(p *ssafn.Program, f *ssa.Function) (list []Cast) {
	if ssafn.IsCgo(f) {
		return nil
	}
	for _, b := range f.Blocks {
		for _, instr := range b.Instrs {
			if conv, ok := instr.(*ssa.Convert); ok {
				if c, ok := Of(p, conv); ok {
					list = append(list, c)
				}
			}
		}
	}
	return list
}

// Of describes one conversion; false when it does not give a pointer a type.
func Of(p *ssafn.Program, conv *ssa.Convert) (Cast, bool) {
	to, ok := conv.Type().Underlying().(*types.Pointer)
	if !ok || !unsafePointer(conv.X.Type()) {
		return Cast{}, false
	}
	expr := p.Call(conv.Pos())
	if expr == nil {
		return Cast{}, false
	}
	c := Cast{Conv: conv, Expr: expr, To: to.Elem(), Base: prov.Strip(conv)}
	if from, ok := c.Base.Type().Underlying().(*types.Pointer); ok {
		c.From = from.Elem()
	}
	return c, true
}

func unsafePointer(t types.Type) bool {
	b, ok := t.Underlying().(*types.Basic)
	return ok && b.Kind() == types.UnsafePointer
}
