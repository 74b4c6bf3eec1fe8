// Package cptr answers what the rules about pointers that reach C ask of a
// value: is its memory Go's, is it pinned, is it memory of C's, and how the
// source writes it.
//
// # Untrusted input
//
// Source code under analysis. Walks are bounded by [maxHops] and by the bounds
// of package prov.
//
// # Compatibility
//
// Internal to vet.
package cptr

import (
	"go/ast"
	"go/token"
	"go/types"
	"strings"

	"golang.org/x/tools/go/ssa"

	"moho/vet/internal/prov"
	"moho/vet/internal/rule"
	"moho/vet/internal/ssafn"
)

// maxHops bounds how far a value is followed to the object that it is part of.
const maxHops = 64

// Go returns the first origin of v that is Go memory which may move or be freed:
// a variable, something that was allocated, or what a typed parameter points
// to. ok is false when there is none.
func Go(p *ssafn.Program, v ssa.Value, ctx *prov.Context) (o prov.Origin, ok bool) {
	origins := prov.Of(p, v, ctx)
	for _, o := range origins {
		if o.Kind&prov.Moves != 0 && (o.Kind != prov.Param || !named(v)) {
			return o, true
		}
	}
	if prov.Kinds(origins) == prov.Loaded && ctx == nil && typedGo(Root(p, v).Type()) && !named(v) {
		return origins[0], true
	}
	return prov.Origin{}, false
}

// typedGo reports types whose values, read from somewhere, point to Go memory
// unless somebody has gone out of his way: slices and strings, and pointers to
// types that are not C's.
func typedGo(t types.Type) bool {
	switch u := t.Underlying().(type) {
	case *types.Slice:
		return !ssafn.IsCType(u.Elem())
	case *types.Basic:
		return u.Info()&types.IsString != 0
	case *types.Pointer:
		_, isStruct := u.Elem().Underlying().(*types.Struct)
		return isStruct && !ssafn.IsCType(u.Elem()) && ssafn.HasPointer(u.Elem())
	}
	return false
}

// named reports a pointer to a type that Go code has defined as one of C's: what
// a caller passes as that is C's memory more likely than not.
func named(v ssa.Value) bool {
	for range maxHops {
		switch x := v.(type) {
		case *ssa.ChangeType:
			if ssafn.IsCType(x.Type()) {
				return true
			}
			v = x.X
		case *ssa.Convert:
			v = x.X
		default:
			return false
		}
	}
	return false
}

// IsC reports whether the memory that v points to is C's and nothing else.
func IsC(p *ssafn.Program, v ssa.Value) bool {
	k := prov.Kinds(prov.Of(p, v, nil))
	return k&prov.C != 0 && k&^(prov.C|prov.Mapped) == 0
}

// Root returns the value that v points into, as far as one can see without
// leaving the function: conversions, selectors, indexes and variables that are
// set once are taken off.
func Root(p *ssafn.Program, v ssa.Value) ssa.Value {
	for range maxHops {
		next := step(p, v)
		if next == nil {
			break
		}
		v = next
	}
	return v
}

func step(p *ssafn.Program, v ssa.Value) ssa.Value {
	switch v := v.(type) {
	case *ssa.Convert:
		if copies(v) {
			return nil
		}
		return v.X
	case *ssa.ChangeType:
		return v.X
	case *ssa.MakeInterface:
		return v.X
	case *ssa.FieldAddr:
		return v.X
	case *ssa.IndexAddr:
		return v.X
	case *ssa.Slice:
		return v.X
	case *ssa.SliceToArrayPointer:
		return v.X
	case *ssa.UnOp:
		if v.Op != token.MUL {
			return nil
		}
		switch v.X.(type) {
		case *ssa.Alloc, *ssa.FreeVar:
			if stores, complete := p.StoresTo(v.X); complete && len(stores) == 1 {
				return stores[0].Val
			}
		}
	case *ssa.Call:
		if b, ok := v.Call.Value.(*ssa.Builtin); ok {
			switch b.Name() {
			case "SliceData", "StringData", "Add", "Slice", "String":
				return v.Call.Args[0]
			}
		}
	}
	return nil
}

// copies reports conversions between string and slice, and those that are no
// matter of memory.
func copies(v *ssa.Convert) bool {
	pointer := func(t types.Type) bool {
		switch u := t.Underlying().(type) {
		case *types.Pointer:
			return true
		case *types.Basic:
			return u.Kind() == types.UnsafePointer || u.Info()&types.IsInteger != 0
		}
		return false
	}
	return !pointer(v.X.Type()) || !pointer(v.Type())
}

// Before reports whether a is carried out before b whenever b is.
func Before(a, b ssa.Instruction) bool {
	if a.Block() != b.Block() {
		return a.Block() != nil && b.Block() != nil && a.Parent() == b.Parent() && a.Block().Dominates(b.Block())
	}
	for _, i := range a.Block().Instrs {
		switch i {
		case a:
			return a != b
		case b:
			return false
		}
	}
	return false
}

// Text prints an expression as the user wrote it.
func Text(e ast.Expr) string { return Clean(rule.Expr(e)) }

// Clean gives the names that cgo uses back their form in the source.
func Clean(s string) string {
	s = strings.ReplaceAll(s, "_Cfunc__CMalloc", "C.malloc")
	for _, prefix := range []string{"_Cfunc_", "_C2func_", "_Ctype_", "_Ciconst_", "_Csconst_", "_Cfconst_"} {
		s = strings.ReplaceAll(s, prefix, "C.")
	}
	return strings.ReplaceAll(s, "*_Cvar_", "C.")
}

// Span is where a call stands in the source.
func Span(p *ssafn.Program, instr ssa.Instruction) (pos, end token.Pos) {
	pos = instr.Pos()
	if call, ok := instr.(ssa.CallInstruction); ok {
		pos = call.Common().Pos()
	}
	if e := p.Call(pos); e != nil {
		return e.Pos(), e.End()
	}
	return pos, pos
}

// Arg prints argument i of a call, "an argument" when the source has none.
func Arg(p *ssafn.Program, call ssa.CallInstruction, i int) string {
	if e := p.Call(call.Common().Pos()); e != nil && i < len(e.Args) {
		return Text(e.Args[i])
	}
	return "an argument"
}

// Parameter names parameter i of a C function for a message.
func Parameter(p *ssafn.Program, c ssafn.CFunc, i int) string {
	if f := p.C().Func(c.Name); f != nil {
		if name := f.Param(i).Name; name != "" {
			return "parameter " + name
		}
	}
	return "parameter " + []string{"1", "2", "3", "4", "5", "6", "7", "8"}[min(i, 7)]
}

// TypeName prints a type as the user wrote it.
func TypeName(t types.Type) string {
	return Clean(types.TypeString(t, func(*types.Package) string { return "" }))
}
