package lifetime

import (
	"go/token"
	"go/types"
	"slices"

	"golang.org/x/tools/go/ssa"

	"moho/vet/internal/fact"
	"moho/vet/internal/ssafn"
)

// A finalizer is one call of SetFinalizer or AddCleanup.
type finalizer struct {
	call   ssa.CallInstruction
	object ssa.Value // the pointer whose object is watched
	fn     *ssa.Function
	bound  *ssa.MakeClosure // set when fn is a literal that captures variables
	arg    ssa.Value        // what the cleanup gets; nil for finalizers
	clears bool             // SetFinalizer(x, nil)
}

// finalizers lists the calls in f.
func finalizers(p *ssafn.Program, f *ssa.Function) []finalizer {
	var out []finalizer
	for _, b := range f.Blocks {
		for _, instr := range b.Instrs {
			if call, ok := instr.(ssa.CallInstruction); ok {
				if fin, ok := asFinalizer(p, call); ok {
					out = append(out, fin)
				}
			}
		}
	}
	return out
}

func asFinalizer(p *ssafn.Program, call ssa.CallInstruction) (finalizer, bool) {
	common := call.Common()
	callee := ssafn.Callee(common)
	if callee == nil {
		return finalizer{}, false
	}
	fin := finalizer{call: call}
	switch callee.String() {
	case "runtime.SetFinalizer":
		fin.object = unboxed(common.Args[0])
		fn := unboxed(common.Args[1])
		if c, ok := fn.(*ssa.Const); ok && c.IsNil() {
			fin.clears = true
			return fin, true
		}
		fin.fn, fin.bound = function(p, fn)
	case "runtime.AddCleanup":
		fin.object, fin.arg = common.Args[0], common.Args[2]
		fin.fn, fin.bound = function(p, common.Args[1])
	default:
		return finalizer{}, false
	}
	return fin, true
}

func unboxed(v ssa.Value) ssa.Value {
	for range 8 {
		switch u := v.(type) {
		case *ssa.MakeInterface:
			v = u.X
		case *ssa.ChangeInterface:
			v = u.X
		case *ssa.ChangeType:
			v = u.X
		default:
			return v
		}
	}
	return v
}

// function returns the function that a function value is, and the closure when
// it captures variables. A method expression or value is the method.
func function(p *ssafn.Program, v ssa.Value) (*ssa.Function, *ssa.MakeClosure) {
	v = unboxed(v)
	if load, ok := v.(*ssa.UnOp); ok && load.Op == token.MUL {
		if stores, complete := p.StoresTo(load.X); complete && len(stores) == 1 {
			v = unboxed(stores[0].Val)
		}
	}
	switch v := v.(type) {
	case *ssa.MakeClosure:
		fn, _ := v.Fn.(*ssa.Function)
		return declared(p, fn), v
	case *ssa.Function:
		return declared(p, v), nil
	}
	return nil, nil
}

// declared returns the method behind a wrapper that the SSA builder made for a
// method expression or value.
func declared(p *ssafn.Program, f *ssa.Function) *ssa.Function {
	if f == nil || f.Synthetic == "" {
		return f
	}
	if obj, ok := f.Object().(*types.Func); ok {
		if real := p.Pkg.Prog.FuncValue(obj.Origin()); real != nil {
			return real
		}
	}
	return f
}

// SummariseTypes adds the types of the package whose objects have a finalizer
// or cleanup that gives something back.
func SummariseTypes(p *ssafn.Program, out map[string]*fact.Type) {
	for _, f := range p.Funcs {
		for _, fin := range finalizers(p, f) {
			if fin.clears || fin.fn == nil {
				continue
			}
			named := pointee(fin.object.Type())
			if named == nil || named.Obj().Pkg() != p.Pkg.Pkg {
				continue
			}
			name := named.Origin().Obj().Name()
			for _, field := range given(p, f, fin) {
				t := out[name]
				if t == nil {
					t = &fact.Type{}
					out[name] = t
				}
				t.Finalizer = true
				if !slices.Contains(t.Releases, field) {
					t.Releases = append(t.Releases, field)
				}
			}
		}
	}
	for name, t := range out {
		if obj := p.Pkg.Pkg.Scope().Lookup(name); obj != nil && t.Finalizer {
			t.Releases = append(t.Releases, sharing(p, obj.Type(), t.Releases)...)
			slices.Sort(t.Releases)
		}
	}
}

// given lists the fields of the object whose content a finalizer gives back.
func given(p *ssafn.Program, f *ssa.Function, fin finalizer) []string {
	var out []string
	for _, g := range gifts(p, fin.fn, 0) {
		switch from := g.from.(type) {
		case *ssa.Parameter:
			if fin.arg == nil {
				if g.field != "" {
					out = append(out, g.field)
				}
				continue
			}
			out = append(out, fieldsOf(f, fin.object, fin.arg, g.field)...)
		case *ssa.FreeVar:
			if fin.bound == nil {
				continue
			}
			for i, v := range fin.fn.FreeVars {
				if v == from && i < len(fin.bound.Bindings) {
					out = append(out, fieldsOf(f, fin.object, content(fin.bound.Bindings[i]), g.field)...)
				}
			}
		}
	}
	return out
}

// content returns what a captured variable holds when it is assigned once.
func content(v ssa.Value) ssa.Value {
	if a, ok := v.(*ssa.Alloc); ok {
		if s := onlyStore(a); s != nil {
			return s
		}
	}
	return v
}

// pointee returns the named type that t points to, or nil.
func pointee(t types.Type) *types.Named {
	ptr, ok := t.Underlying().(*types.Pointer)
	if !ok {
		return nil
	}
	named, _ := types.Unalias(ptr.Elem()).(*types.Named)
	return named
}
