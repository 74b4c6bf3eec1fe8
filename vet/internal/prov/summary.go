package prov

import (
	"go/token"
	"go/types"

	"golang.org/x/tools/go/ssa"

	"moho/vet/internal/fact"
	"moho/vet/internal/ssafn"
)

// Summarise adds to out what callers in other packages should know of where
// f's results point to, and of what becomes of the integers that it takes.
func Summarise(p *ssafn.Program, f *ssa.Function, out *fact.Func) {
	if ssafn.IsCgo(f) || f.Blocks == nil {
		return
	}
	results := f.Signature.Results()
	for i := range results.Len() {
		switch t := results.At(i).Type(); {
		case isInteger(t):
			integerResult(p, f, i, out)
		case isPointerLike(t):
			pointerResult(p, f, i, out)
		}
	}
	keeps := KeepsIntegers(p, f)
	for i, param := range f.Params {
		switch {
		case keeps && isInteger(param.Type()):
			out.SetParam(i).KeepsLive = true
		case isInteger(param.Type()), isPointerLike(param.Type()):
			if u := UseOf(p, param, false); u.Pointer || u.Kernel {
				set := out.SetParam(i)
				set.AsPointer = set.AsPointer || u.Pointer && isInteger(param.Type())
				set.ToKernel = set.ToKernel || u.Kernel
			}
		}
	}
}

// integerResult tells whose address result i holds.
func integerResult(p *ssafn.Program, f *ssa.Function, i int, out *fact.Func) {
	for _, v := range Results(f, i) {
		for _, b := range Births(p, v, nil) {
			if b.Pointer == nil {
				out.SetResult(i).AddressIs |= b.Memory
				continue
			}
			if j := parameterIndex(f, base(b.Pointer)); j >= 0 {
				addIndex(&out.SetResult(i).AddressOf, j)
				continue
			}
			k := Kinds(Of(p, b.Pointer, b.Context)) &^ Unknown
			if v := Variable(p, b.Pointer, b.Context); k&Local != 0 && (v == nil || !OnStack(p, v) || !inside(v.Parent(), f)) {
				k = k&^Local | Heap // somebody else's frame, or none
			}
			if k != 0 {
				out.SetResult(i).AddressIs |= k
			}
		}
		for j, param := range f.Params {
			if carries(v, param, 0) {
				addIndex(&out.SetResult(i).AddressOf, j)
			}
		}
	}
}

// carries reports whether integer v is param but for arithmetic.
func carries(v ssa.Value, param *ssa.Parameter, depth int) bool {
	if v == param {
		return isInteger(param.Type())
	}
	if depth > 8 {
		return false
	}
	switch v := v.(type) {
	case *ssa.BinOp:
		switch v.Op {
		case token.ADD, token.SUB, token.OR, token.AND_NOT:
			return carries(v.X, param, depth+1)
		}
	case *ssa.Convert:
		return isInteger(v.X.Type()) && carries(v.X, param, depth+1)
	case *ssa.ChangeType:
		return carries(v.X, param, depth+1)
	}
	return false
}

// pointerResult tells what memory result i points to.
func pointerResult(p *ssafn.Program, f *ssa.Function, i int, out *fact.Func) {
	kinds, more := Kind(0), false
	for _, v := range Results(f, i) {
		j := parameterIndex(f, base(v))
		if j >= 0 && punned(v) {
			addIndex(&out.SetResult(i).PointsTo, j)
			continue
		}
		k := Kinds(Of(p, v, nil))
		kinds |= k
		more = more || j < 0 && k&^(C|Mapped|Static) != 0
	}
	if !more && len(out.Result(i).PointsTo) > 0 {
		out.SetResult(i).Only = true
	}
	// What is not certain is what a caller assumes without being told.
	certain := kinds&^(C|Mapped|Static) == 0 || len(out.Result(i).PointsTo) > 0
	if kinds &^= Unknown; kinds != 0 && certain {
		out.SetResult(i).Memory |= kinds
	}
}

// base returns what a pointer points into, through selections and conversions.
func base(v ssa.Value) ssa.Value {
	for range 32 {
		v = Strip(v)
		switch u := v.(type) {
		case *ssa.FieldAddr:
			v = u.X
		case *ssa.IndexAddr:
			v = u.X
		case *ssa.Slice:
			v = u.X
		case *ssa.Call:
			arg := viewed(u)
			if arg == nil {
				return v
			}
			v = arg
		default:
			return v
		}
	}
	return v
}

// viewed is what one of unsafe's functions makes another view of; nil for
// other calls.
func viewed(call *ssa.Call) ssa.Value {
	if b, ok := call.Call.Value.(*ssa.Builtin); ok {
		switch b.Name() {
		case "Add", "Slice", "SliceData", "String", "StringData":
			return call.Call.Args[0]
		}
	}
	return nil
}

// punned reports whether v lies on the way from what base returns through an
// unsafe.Pointer: callers see the others' types for themselves.
func punned(v ssa.Value) bool {
	for range 32 {
		if isUnsafePointer(v.Type()) {
			return true
		}
		switch u := v.(type) {
		case *ssa.Convert:
			v = u.X
		case *ssa.ChangeType:
			v = u.X
		case *ssa.FieldAddr:
			v = u.X
		case *ssa.IndexAddr:
			v = u.X
		case *ssa.Slice:
			v = u.X
		case *ssa.Call:
			return viewed(u) != nil
		default:
			return false
		}
	}
	return false
}

func parameterIndex(f *ssa.Function, v ssa.Value) int {
	for i, param := range f.Params {
		if param == v {
			return i
		}
	}
	return -1
}

func addIndex(list *[]int, i int) {
	for _, have := range *list {
		if have == i {
			return
		}
	}
	*list = append(*list, i)
}

// summarised adds the origins that another package tells of a result; false
// when it tells nothing.
func (w *walker) summarised(v *ssa.Call, callee *ssa.Function, result int, ctx *Context) bool {
	r := w.p.Fact(callee).Result(result)
	if r.Memory == 0 && len(r.PointsTo) == 0 {
		return false
	}
	for _, o := range origins(r.Memory, v.Pos(), "the result of "+FuncName(callee)) {
		w.add(o.Kind, o.Pos, "%s", o.Text)
	}
	for _, i := range r.PointsTo {
		if i >= 0 && i < len(v.Call.Args) {
			w.pointer(v.Call.Args[i], ctx)
		}
	}
	if !r.Only && r.Memory == 0 {
		w.typed(v, Loaded, "the result of "+FuncName(callee))
	}
	return true
}

// Origins is [Of] for what the address belongs to.
func (b Birth) Origins(p *ssafn.Program) []Origin {
	if b.Pointer != nil {
		return Of(p, b.Pointer, b.Context)
	}
	text := "memory of another package"
	if call, ok := b.From.(*ssa.Call); ok {
		if f := ssafn.Callee(call.Common()); f != nil {
			text = "what " + FuncName(f) + " made"
		}
	}
	return origins(b.Memory, b.Pos, text)
}

func origins(kinds Kind, pos token.Pos, text string) []Origin {
	var out []Origin
	for k := Kind(1); k <= Unknown; k <<= 1 {
		if kinds&k != 0 {
			out = append(out, Origin{k, pos, text})
		}
	}
	return out
}

// Pointee is what pointer type t points to; nil for other types.
func Pointee(t types.Type) types.Type {
	if ptr, ok := t.Underlying().(*types.Pointer); ok {
		return ptr.Elem()
	}
	return nil
}
