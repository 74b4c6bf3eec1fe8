package lifetime

import (
	"go/token"

	"golang.org/x/tools/go/ssa"

	"moho/vet/internal/ssafn"
)

// A Root is what a view of bytes is laid over in the end: a string, or a
// buffer.
type Root struct {
	Value  ssa.Value // of string type, or of a type that leads to bytes
	String bool
	View   ssa.Instruction // where the string became bytes, or the bytes a string; nil without a view
	// Base is the object in which the buffer is kept, when Value is a place in it
	// or a view that it gave out; nil for a buffer on its own.
	Base ssa.Value
}

// maxVisits bounds one question about the bytes behind a value.
const maxVisits = 600

// bytesWalker follows a pointer, slice, string or address backwards.
type bytesWalker struct {
	p     *ssafn.Program
	seen  map[ssa.Value]bool
	left  *int                  // visits that remain
	stack []ssa.CallInstruction // calls entered through their results
	climb bool                  // follow parameters to the callers, when all are known
	roots []Root
	view  ssa.Instruction
}

// RootsOf lists what the bytes behind v belong to. climb follows parameters of
// functions whose callers are all known.
func RootsOf(p *ssafn.Program, v ssa.Value, climb bool) []Root {
	left := maxVisits
	w := &bytesWalker{p: p, seen: map[ssa.Value]bool{}, left: &left, climb: climb}
	w.bytes(v)
	return w.roots
}

func (w *bytesWalker) add(v ssa.Value, str bool) {
	for _, r := range w.roots {
		if r.Value == v {
			return
		}
	}
	w.roots = append(w.roots, Root{Value: v, String: str, View: w.view, Base: w.base(v)})
}

// base returns the object that place v lies in, as the function that asked
// knows it.
func (w *bytesWalker) base(v ssa.Value) ssa.Value {
	var in ssa.Value
	switch u := v.(type) {
	case *ssa.FieldAddr:
		in = u.X
	case *ssa.UnOp:
		in = u.X
	case *ssa.Call:
		return lender(w.p, u)
	case *ssa.Extract:
		if call, ok := u.Tuple.(*ssa.Call); ok {
			return lender(w.p, call)
		}
		return nil
	default:
		return nil
	}
	for i := len(w.stack) - 1; i >= 0; i-- {
		param, ok := in.(*ssa.Parameter)
		if !ok || ssafn.Callee(w.stack[i].Common()) != param.Parent() {
			break
		}
		in = argument(w.stack[i], param)
	}
	return in
}

func (w *bytesWalker) enter(v ssa.Value) bool {
	if v == nil || w.seen[v] || *w.left == 0 {
		return false
	}
	*w.left--
	w.seen[v] = true
	return true
}

// bytes follows a value that leads to bytes.
func (w *bytesWalker) bytes(v ssa.Value) {
	if !w.enter(v) {
		return
	}
	if isString(v.Type()) {
		w.text(v)
		return
	}
	switch u := v.(type) {
	case *ssa.Slice:
		w.bytes(u.X)
	case *ssa.IndexAddr:
		w.bytes(u.X)
	case *ssa.ChangeType:
		w.bytes(u.X)
	case *ssa.SliceToArrayPointer:
		w.bytes(u.X)
	case *ssa.MakeInterface:
		w.bytes(u.X)
	case *ssa.Convert:
		if copies(u) {
			w.add(u, false)
			return
		}
		w.bytes(u.X)
	case *ssa.BinOp:
		if isAddress(u.Type()) {
			w.bytes(u.X)
			w.bytes(u.Y)
		}
	case *ssa.Phi:
		for _, e := range u.Edges {
			w.bytes(e)
		}
	case *ssa.UnOp:
		if u.Op == token.MUL {
			w.load(u)
			return
		}
		w.add(u, false)
	case *ssa.Call:
		w.call(u, 0)
	case *ssa.Extract:
		if call, ok := u.Tuple.(*ssa.Call); ok {
			w.call(call, u.Index)
			return
		}
		w.add(u, false)
	case *ssa.Parameter:
		w.parameter(u)
	case *ssa.FreeVar:
		bound := w.p.Bindings(u)
		for _, b := range bound {
			w.bytes(b)
		}
		if len(bound) == 0 {
			w.add(u, false)
		}
	case *ssa.Const:
	default:
		w.add(v, false)
	}
}

// text follows a string to the bytes that it is laid over, if it is a view.
func (w *bytesWalker) text(s ssa.Value) {
	switch u := s.(type) {
	case *ssa.ChangeType:
		w.bytes(u.X)
		return
	case *ssa.Phi:
		for _, e := range u.Edges {
			w.bytes(e)
		}
		return
	case *ssa.Slice:
		w.bytes(u.X)
		return
	case *ssa.Call:
		w.call(u, 0)
		return
	case *ssa.Extract:
		if call, ok := u.Tuple.(*ssa.Call); ok {
			w.call(call, u.Index)
			return
		}
	case *ssa.Parameter:
		w.parameter(u)
		return
	case *ssa.UnOp:
		if u.Op == token.MUL {
			w.load(u)
			return
		}
	}
	w.add(s, true)
}

func (w *bytesWalker) parameter(v *ssa.Parameter) {
	if n := len(w.stack); n > 0 {
		call := w.stack[n-1]
		if ssafn.Callee(call.Common()) == v.Parent() {
			if arg := argument(call, v); arg != nil {
				w.stack = w.stack[:n-1]
				w.bytes(arg)
				w.stack = append(w.stack, call)
				return
			}
		}
	}
	if w.climb {
		calls, complete := w.p.KnownCallers(v.Parent())
		if complete && len(calls) > 0 && len(calls) <= 64 {
			for _, c := range calls {
				if arg := argument(c, v); arg != nil {
					w.bytes(arg)
				}
			}
			return
		}
	}
	w.add(v, isString(v.Type()))
}

func (w *bytesWalker) call(call *ssa.Call, result int) {
	common := call.Common()
	if b, ok := common.Value.(*ssa.Builtin); ok {
		w.builtin(call, b)
		return
	}
	callee := ssafn.Callee(common)
	if c, ok := common.Value.(*ssa.MakeClosure); ok && callee == nil {
		callee, _ = c.Fn.(*ssa.Function)
	}
	str := isString(call.Type())
	if callee == nil || ssafn.IsCgo(callee) {
		w.add(call, str)
		return
	}
	if len(callee.Blocks) > 0 && len(w.stack) < maxDepth {
		w.stack = append(w.stack, call)
		for _, b := range callee.Blocks {
			if ret, ok := b.Instrs[len(b.Instrs)-1].(*ssa.Return); ok && result < len(ret.Results) {
				w.returned(ret.Results[result])
			}
		}
		w.stack = w.stack[:len(w.stack)-1]
		return
	}
	var through bool
	if f := w.p.Fact(callee); f != nil {
		for _, i := range f.Result(result).PointsTo {
			if i < len(common.Args) {
				through = true
				if isString(common.Args[i].Type()) != str && w.view == nil {
					w.view = call
				}
				w.bytes(common.Args[i])
			}
		}
	}
	if !through {
		w.add(call, str)
	}
}

// returned follows a result inside a function. It may be entered from several
// places: what was seen inside it for another call says nothing about this one.
func (w *bytesWalker) returned(v ssa.Value) {
	inner := &bytesWalker{p: w.p, seen: map[ssa.Value]bool{}, left: w.left, stack: w.stack, climb: w.climb, view: w.view, roots: w.roots}
	inner.bytes(v)
	w.roots = inner.roots
}

func (w *bytesWalker) builtin(call *ssa.Call, b *ssa.Builtin) {
	args := call.Call.Args
	switch b.Name() {
	case "StringData", "String":
		old := w.view
		if w.view == nil {
			w.view = call
		}
		w.bytes(args[0])
		w.view = old
	case "SliceData", "Slice", "Add":
		w.bytes(args[0])
	case "append":
		// The result lies in the first argument's memory when that has room
		// left, which a view of a string has not.
		if s, ok := args[0].(*ssa.Slice); ok && s.High != nil {
			w.bytes(args[0])
			return
		}
		w.add(call, false)
	default:
		w.add(call, false)
	}
}

// load follows what is read from memory: a variable, a field, or the header of
// a string or slice that was read as something else.
func (w *bytesWalker) load(load *ssa.UnOp) {
	addr := load.X
	if fa, ok := addr.(*ssa.FieldAddr); ok && fa.Field == 0 {
		if base := strip(fa.X); base != fa.X && w.header(load, base) {
			return // the data word of a header
		}
		if a, ok := fa.X.(*ssa.Alloc); ok && wordFirst(deref(a.Type())) {
			w.cell(a, load)
			return
		}
	}
	base := strip(addr)
	if base != addr && w.header(load, base) {
		return
	}
	switch a := base.(type) {
	case *ssa.Alloc, *ssa.FreeVar:
		w.cell(a, load)
	case *ssa.FieldAddr:
		values, complete := fieldValues(a.X, a.Field, 0)
		if !complete || len(values) == 0 {
			// Others may store there: the place itself is the root.
			w.add(a, isString(load.Type()))
			return
		}
		for _, v := range values {
			w.bytes(v)
		}
	case *ssa.Global:
		w.add(a, isString(load.Type()))
	default:
		w.add(load, isString(load.Type()))
	}
}

// fieldValues lists what a field of a local struct is given, on its own or with
// the whole struct; complete is false when that is not all.
func fieldValues(root ssa.Value, field, depth int) (values []ssa.Value, complete bool) {
	a, ok := root.(*ssa.Alloc)
	if !ok || depth > 4 {
		return nil, false
	}
	complete = true
	for _, ref := range *a.Referrers() {
		switch ref := ref.(type) {
		case *ssa.FieldAddr:
			if ref.Field != field {
				continue
			}
			for _, r := range *ref.Referrers() {
				switch r := r.(type) {
				case *ssa.Store:
					if r.Addr == ref {
						values = append(values, r.Val)
					} else {
						complete = false
					}
				case *ssa.UnOp, *ssa.DebugRef, *ssa.IndexAddr, *ssa.FieldAddr:
				default:
					complete = false
				}
			}
		case *ssa.Store:
			if ref.Addr != a {
				continue
			}
			load, ok := ref.Val.(*ssa.UnOp)
			if !ok {
				complete = false
				continue
			}
			more, all := fieldValues(load.X, field, depth+1)
			values, complete = append(values, more...), complete && all
		}
	}
	return values, complete
}
