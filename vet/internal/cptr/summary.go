package cptr

import (
	"go/types"

	"golang.org/x/tools/go/ssa"

	"moho/vet/internal/fact"
	"moho/vet/internal/ssafn"
)

// Summarise adds what a function lets C have: parameters that C keeps beyond
// the call, and integers that C gets as they are.
func Summarise(p *ssafn.Program, f *ssa.Function, out *fact.Func) {
	if ssafn.IsCgo(f) || len(f.Params) == 0 {
		return
	}
	for _, b := range f.Blocks {
		for _, instr := range b.Instrs {
			call, ok := instr.(ssa.CallInstruction)
			if !ok {
				continue
			}
			c, isC := ssafn.CCall(call)
			var known *fact.Func
			if !isC {
				callee := ssafn.Callee(call.Common())
				if callee == nil {
					continue
				}
				if known = p.Fact(callee); known == nil {
					continue
				}
			}
			for i, arg := range call.Common().Args {
				param, ok := Root(p, arg).(*ssa.Parameter)
				if !ok || param.Parent() != f {
					continue
				}
				kept, number := known.Param(i).KeptByC, known.Param(i).IntToC
				if isC {
					_, kept = Keeps(p, call, c, i)
					number = isUintptr(param.Type()) && isInteger(arg.Type())
				}
				if kept && !isUintptr(param.Type()) {
					q := out.SetParam(index(f, param))
					q.KeptByC, q.Retains = true, true
				}
				if number && isUintptr(param.Type()) {
					out.SetParam(index(f, param)).IntToC = true
				}
			}
		}
	}
}

func index(f *ssa.Function, param *ssa.Parameter) int {
	for i, q := range f.Params {
		if q == param {
			return i
		}
	}
	return 0
}

func isUintptr(t types.Type) bool {
	b, ok := t.Underlying().(*types.Basic)
	return ok && b.Kind() == types.Uintptr
}

func isInteger(t types.Type) bool {
	b, ok := t.Underlying().(*types.Basic)
	return ok && b.Info()&types.IsInteger != 0
}

// A Keeping is where C puts a pointer that it keeps.
type Keeping struct {
	Where string // in words
	Line  int    // of the C source, 0 when that was not seen
	Whole bool   // in C's own memory; else in that of another argument
}

// Keeps reports whether a C function keeps argument i beyond the call: in its
// own memory, or in memory of C's that another argument points to.
func Keeps(p *ssafn.Program, call ssa.CallInstruction, c ssafn.CFunc, i int) (k Keeping, ok bool) {
	f := p.C().Func(c.Name)
	if f == nil {
		return Keeping{}, false
	}
	param := f.Param(i)
	if param.Keeps {
		return Keeping{Where: param.Where, Line: param.Line, Whole: true}, true
	}
	// A function that works with the pointer, too, most likely has put it there
	// for as long as it works.
	for _, j := range param.KeepsIn {
		if !param.Touches && j < len(c.Args) && IsC(p, c.Args[j]) {
			return Keeping{Where: param.Where, Line: param.Line}, true
		}
	}
	return Keeping{}, false
}
