package prov

import (
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
	"strings"

	"golang.org/x/tools/go/ssa"

	"moho/vet/internal/ssafn"
)

// A Sink is an argument that a call hands to the operating system or to a
// library outside Go.
type Sink struct {
	Call   ssa.CallInstruction
	Callee *ssa.Function // nil for a method of an interface
	Value  ssa.Value
	Arg    int // the argument's index in the call's list, -1 when it has none
	// Direct is set where the compiler keeps the pointer in place that is
	// converted in the argument list of this very call.
	Direct bool
}

// Sinks lists the arguments of a call that go to the kernel, an element of a
// variadic list each.
func Sinks(p *ssafn.Program, instr ssa.Instruction) []Sink {
	call, ok := instr.(ssa.CallInstruction)
	if !ok {
		return nil
	}
	callee := ssafn.Callee(call.Common())
	if callee == nil {
		return invoked(p, call)
	}
	kernel := IsKernel(callee)
	if kernel && takesMapping(p, call) {
		return nil
	}
	if !kernel && len(callee.Blocks) > 0 {
		return nil // the calls inside are the sinks
	}
	var out []Sink
	known := p.Fact(callee)
	method := 0
	if callee.Signature.Recv() != nil {
		method = 1
	}
	for i, arg := range call.Common().Args {
		param := known.Param(i)
		if !kernel && !param.ToKernel {
			continue
		}
		direct := kernel || param.KeepsLive
		if _, ok := arg.Type().Underlying().(*types.Slice); ok {
			out = append(out, listed(p, Sink{call, callee, arg, i - method, direct})...)
			continue
		}
		out = append(out, Sink{call, callee, arg, i - method, direct})
	}
	return out
}

// takesMapping reports a system call that takes the address of a mapping: whatever is
// handed to it can't be memory that Go's collector moves or frees, or the call
// would be wrong for quite another reason.
func takesMapping(p *ssafn.Program, call ssa.CallInstruction) bool {
	e := p.Call(call.Common().Pos())
	if e == nil || len(e.Args) == 0 {
		return false
	}
	var id *ast.Ident
	switch x := ast.Unparen(e.Args[0]).(type) {
	case *ast.Ident:
		id = x
	case *ast.SelectorExpr:
		id = x.Sel
	default:
		return false
	}
	switch p.Info.Uses[id].(type) {
	case *types.Const: // the call's number
		return mapping[strings.TrimPrefix(id.Name, "SYS_")]
	case *types.Var: // the address of libc's function
		name, ok := strings.CutSuffix(id.Name, "_trampoline_addr")
		return ok && mapping[strings.ToUpper(strings.TrimPrefix(name, "libc_"))]
	}
	return false
}

var mapping = map[string]bool{"MMAP": true, "MMAP2": true, "MUNMAP": true, "MREMAP": true, "SHMAT": true, "SHMDT": true}

// invoked are the sinks of a procedure that is called through an interface, as
// programs do that replace it in tests. Nothing keeps what is converted in the
// argument list of such a call.
func invoked(p *ssafn.Program, call ssa.CallInstruction) []Sink {
	common := call.Common()
	if !common.IsInvoke() || common.Method.Name() != "Call" || len(common.Args) == 0 {
		return nil
	}
	sig := common.Method.Signature()
	results := sig.Results()
	if !sig.Variadic() || results.Len() != 3 || !isUintptr(results.At(0).Type()) || !isUintptr(results.At(1).Type()) {
		return nil
	}
	last := len(common.Args) - 1
	list, ok := common.Args[last].Type().Underlying().(*types.Slice)
	if !ok || !isUintptr(list.Elem()) {
		return nil
	}
	return listed(p, Sink{call, nil, common.Args[last], last, false})
}

// listed are the sinks in a variadic argument. Those in a slice that was made
// before the call are not in its argument list.
func listed(p *ssafn.Program, list Sink) []Sink {
	var out []Sink
	if s, ok := list.Value.(*ssa.Slice); ok {
		if a, ok := s.X.(*ssa.Alloc); ok && a.Comment == "varargs" {
			for _, ref := range *a.Referrers() {
				ia, ok := ref.(*ssa.IndexAddr)
				if !ok {
					continue
				}
				for _, r := range *ia.Referrers() {
					s, ok := r.(*ssa.Store)
					if n, known := constInt(ia.Index); ok && known && s.Addr == ia {
						out = append(out, Sink{list.Call, list.Callee, s.Val, list.Arg + int(n), list.Direct})
					}
				}
			}
			return out
		}
	}
	for _, e := range p.Elems(list.Value) {
		out = append(out, Sink{list.Call, list.Callee, e.Val, list.Arg, false})
	}
	return out
}

func constInt(v ssa.Value) (int64, bool) {
	c, ok := v.(*ssa.Const)
	if !ok || c.Value == nil {
		return 0, false
	}
	return constant.Int64Val(constant.ToInt(c.Value))
}

// maxStructs bounds how many types one question about fields looks at.
const maxStructs = 64

// Fields lists the fields that can hold an address as a number in the structs
// that pointer v may point to: integers as wide as a pointer, in nested structs
// and arrays too.
func Fields(p *ssafn.Program, v ssa.Value) []*types.Var {
	w := &fieldWalker{p: p, values: map[ssa.Value]bool{}, types: map[types.Type]bool{}}
	w.value(v, 0)
	return w.out
}

type fieldWalker struct {
	p      *ssafn.Program
	values map[ssa.Value]bool
	types  map[types.Type]bool
	out    []*types.Var
}

func (w *fieldWalker) value(v ssa.Value, depth int) {
	if depth > 24 || len(w.values) >= maxVisits || w.values[v] {
		return
	}
	w.values[v] = true
	switch t := v.Type().Underlying().(type) {
	case *types.Pointer:
		w.typed(t.Elem(), 0)
	case *types.Slice:
		w.typed(t.Elem(), 0)
	}
	switch v := v.(type) {
	case *ssa.Convert:
		if isPointerLike(v.X.Type()) {
			w.value(v.X, depth+1)
		}
	case *ssa.ChangeType:
		w.value(v.X, depth+1)
	case *ssa.IndexAddr:
		w.value(v.X, depth+1)
	case *ssa.Slice:
		w.value(v.X, depth+1)
	case *ssa.MakeInterface:
		w.value(v.X, depth+1)
	case *ssa.Phi:
		for _, e := range v.Edges {
			w.value(e, depth+1)
		}
	case *ssa.UnOp:
		if v.Op == token.MUL {
			stores, _ := w.p.StoresTo(v.X)
			for _, s := range stores {
				w.value(s.Val, depth+1)
			}
		}
	case *ssa.FreeVar:
		for _, b := range w.p.Bindings(v) {
			w.value(b, depth+1)
		}
	case *ssa.Parameter:
		calls, _ := w.p.Callers(v.Parent())
		for i, c := range calls {
			if arg := Argument(c, v); arg != nil && i < maxCallers {
				w.value(arg, depth+1)
			}
		}
	case *ssa.Call:
		w.call(v, depth)
	}
}

func (w *fieldWalker) call(v *ssa.Call, depth int) {
	if b, ok := v.Call.Value.(*ssa.Builtin); ok {
		if (b.Name() == "SliceData" || b.Name() == "Add") && len(v.Call.Args) > 0 {
			w.value(v.Call.Args[0], depth+1)
		}
		return
	}
	if f := ssafn.Callee(v.Common()); f != nil && !ssafn.IsCgo(f) {
		for _, r := range Results(f, 0) {
			w.value(r, depth+1)
		}
	}
}

func (w *fieldWalker) typed(t types.Type, depth int) {
	if depth > 6 || len(w.types) >= maxStructs || w.types[t] || ssafn.IsCType(t) {
		return
	}
	switch u := t.Underlying().(type) {
	case *types.Array:
		w.typed(u.Elem(), depth+1)
	case *types.Struct:
		w.types[t] = true
		for f := range u.Fields() {
			if wide(f.Type()) {
				w.out = append(w.out, f.Origin())
				continue
			}
			w.typed(f.Type(), depth+1)
		}
	}
}

// wide reports integers that an address fits into on some architecture.
func wide(t types.Type) bool {
	b, ok := t.Underlying().(*types.Basic)
	if !ok {
		return false
	}
	switch b.Kind() {
	case types.Uintptr, types.Uint64, types.Int64, types.Uint, types.Int:
		return true
	}
	return false
}
