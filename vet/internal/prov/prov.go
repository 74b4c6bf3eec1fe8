// Package prov answers where a pointer or an address held in an integer comes
// from, in one package in SSA form: Go variable, Go heap, static data, C,
// memory mapped by the operating system, or somewhere it cannot see.
//
// It walks backwards through assignments, calls and returns inside the
// package, captured variables and fields. A call that it entered through its
// result it leaves only through the same call, so two callers of one helper
// are not mixed up. Fields are told apart by type, not by object.
//
// What it cannot follow (channels, maps, interfaces, other packages) ends in
// Loaded or Unknown; summaries of other packages, as facts, would end here.
//
// # Untrusted input
//
// Source code under analysis. Each question visits at most [maxVisits] values.
//
// # Compatibility
//
// Internal to vet.
package prov

import (
	"fmt"
	"go/token"
	"go/types"

	"golang.org/x/tools/go/ssa"

	"moho/vet/internal/fact"
	"moho/vet/internal/ssafn"
)

// A Kind is a class of memory, or of ignorance about it.
type Kind = fact.Memory

// The kinds, by the names that package fact gives them.
const (
	Local   = fact.Local
	Heap    = fact.Heap
	Param   = fact.Given
	Reflect = fact.Reflect
	Loaded  = fact.Loaded
	Opaque  = fact.Opaque
	Static  = fact.Static
	C       = fact.C
	Mapped  = fact.Mapped
	Unknown = fact.Unknown
)

// Moves are the kinds that are Go's to move or free for certain.
const Moves = Local | Heap | Param | Reflect

// Bounds of one question.
const (
	maxVisits  = 4000
	maxDepth   = 6  // calls entered through their results
	maxCallers = 64 // callers looked at per parameter
)

// An Origin is one place that a pointer may come from.
type Origin struct {
	Kind Kind
	Pos  token.Pos
	Text string // "variable x", "new node", "parameter p"
}

// Context is the chain of calls that a walk entered through their results.
type Context struct {
	call  ssa.CallInstruction
	up    *Context
	depth int
}

type visit struct {
	v   ssa.Value
	ctx *Context
}

// A walker is one question's state.
type walker struct {
	p     *ssafn.Program
	seen  map[visit]bool
	found []Origin
}

// Of lists the origins of pointer, slice, string or interface v, each kind at
// most once, in the order found. It is empty for nil.
func Of(p *ssafn.Program, v ssa.Value, ctx *Context) []Origin {
	w := &walker{p: p, seen: map[visit]bool{}}
	w.pointer(v, ctx)
	return w.found
}

// Kinds is the union of the kinds of all origins.
func Kinds(origins []Origin) Kind {
	var k Kind
	for _, o := range origins {
		k |= o.Kind
	}
	return k
}

func (w *walker) add(k Kind, pos token.Pos, format string, args ...any) {
	for _, o := range w.found {
		if o.Kind == k {
			return
		}
	}
	w.found = append(w.found, Origin{k, pos, fmt.Sprintf(format, args...)})
}

// enter marks a value as visited; false means it was, or the budget is spent.
func (w *walker) enter(v ssa.Value, ctx *Context) bool {
	if len(w.seen) >= maxVisits || w.seen[visit{v, ctx}] {
		return false
	}
	w.seen[visit{v, ctx}] = true
	return true
}

func (w *walker) pointer(v ssa.Value, ctx *Context) {
	if !w.enter(v, ctx) {
		return
	}
	switch v := v.(type) {
	case *ssa.Alloc:
		w.alloc(v)
	case *ssa.MakeSlice, *ssa.MakeMap, *ssa.MakeChan, *ssa.MakeClosure, *ssa.MakeInterface, *ssa.BinOp:
		w.add(Heap, v.Pos(), "a new %s", TypeName(v.Type()))
	case *ssa.Const:
		if !v.IsNil() {
			w.add(Static, v.Pos(), "a constant")
		}
	case *ssa.Global:
		w.add(Static, v.Pos(), "package variable %s", v.Name())
	case *ssa.Function:
		w.add(Static, v.Pos(), "function %s", v.Name())
	case *ssa.FieldAddr:
		w.pointer(v.X, ctx)
	case *ssa.IndexAddr:
		w.pointer(v.X, ctx)
	case *ssa.Slice:
		w.pointer(v.X, ctx)
	case *ssa.ChangeType:
		w.pointer(v.X, ctx)
	case *ssa.SliceToArrayPointer:
		w.pointer(v.X, ctx)
	case *ssa.Convert:
		w.convert(v, ctx)
	case *ssa.Phi:
		for _, e := range v.Edges {
			w.pointer(e, ctx)
		}
	case *ssa.UnOp:
		w.load(v, ctx)
	case *ssa.Parameter:
		w.parameter(v, ctx)
	case *ssa.FreeVar:
		for _, b := range w.p.Bindings(v) {
			w.pointer(b, nil)
		}
	case *ssa.Call:
		w.call(v, 0, ctx)
	case *ssa.Extract:
		if call, ok := v.Tuple.(*ssa.Call); ok {
			w.call(call, v.Index, ctx)
		} else {
			w.typed(v, Loaded, "a value of type "+TypeName(v.Type()))
		}
	default:
		w.typed(v, Loaded, "a value of type "+TypeName(v.Type()))
	}
}

// alloc tells variables, which carry their name, from new and literals.
func (w *walker) alloc(v *ssa.Alloc) {
	elem := v.Type().Underlying().(*types.Pointer).Elem()
	switch v.Comment {
	case "new", "complit", "slicelit", "makeslice", "varargs":
		w.add(Heap, v.Pos(), "a new %s", TypeName(elem))
	default:
		w.add(Local, v.Pos(), "variable %s", v.Comment)
	}
}

func (w *walker) convert(v *ssa.Convert, ctx *Context) {
	switch {
	case copies(v):
		w.add(Heap, v.Pos(), "a copy as %s", TypeName(v.Type()))
	case isPointerLike(v.X.Type()):
		w.pointer(v.X, ctx)
	case isUintptr(v.X.Type()):
		before := len(w.found)
		for _, b := range Births(w.p, v.X, ctx) {
			if b.Pointer != nil {
				w.pointer(b.Pointer, b.Context)
				continue
			}
			for _, o := range b.Origins(w.p) {
				w.add(o.Kind, o.Pos, "%s", o.Text)
			}
		}
		if len(w.found) == before {
			w.add(Unknown, v.Pos(), "an integer")
		}
	default:
		w.add(Heap, v.Pos(), "a new %s", TypeName(v.Type()))
	}
}

// copies reports the conversions between string and slice, which allocate.
func copies(v *ssa.Convert) bool {
	_, from := v.X.Type().Underlying().(*types.Slice)
	_, to := v.Type().Underlying().(*types.Slice)
	return from != to && (from || to)
}

// load follows what was stored where v is read from.
func (w *walker) load(v *ssa.UnOp, ctx *Context) {
	if v.Op != token.MUL {
		w.typed(v, Loaded, "a value received")
		return
	}
	stores, complete := w.p.StoresTo(Strip(v.X))
	for _, s := range stores {
		if !isPointerLike(s.Val.Type()) {
			complete = false // an integer or a struct put there; not followed
			continue
		}
		// The context holds inside one function only.
		if s.Parent() != v.Parent() {
			ctx = nil
		}
		w.pointer(s.Val, ctx)
	}
	if !complete {
		w.typed(v, Loaded, "memory of type "+TypeName(v.Type()))
	}
}

func (w *walker) parameter(v *ssa.Parameter, ctx *Context) {
	fn := v.Parent()
	if ctx != nil && ssafn.Callee(ctx.call.Common()) == fn {
		if arg := Argument(ctx.call, v); arg != nil {
			w.pointer(arg, ctx.up)
		}
		return
	}
	calls, complete := w.p.Callers(fn)
	if len(calls) > maxCallers {
		calls, complete = calls[:maxCallers], false
	}
	for _, c := range calls {
		if arg := Argument(c, v); arg != nil {
			w.pointer(arg, nil)
		}
	}
	if !complete {
		w.typed(v, Param, "parameter "+v.Name())
	}
}

// typed adds what can be said of v from its type alone.
func (w *walker) typed(v ssa.Value, k Kind, text string) {
	switch t := v.Type().Underlying().(type) {
	case *types.Basic:
		if t.Kind() == types.UnsafePointer {
			if k == Param {
				w.add(Opaque, v.Pos(), "%s", text)
			} else {
				w.add(Unknown, v.Pos(), "%s", text)
			}
			return
		}
	}
	if ssafn.IsCType(v.Type()) {
		w.add(C, v.Pos(), "C memory")
		return
	}
	w.add(k, v.Pos(), "%s", text)
}

func (w *walker) call(v *ssa.Call, result int, ctx *Context) {
	common := v.Common()
	if b, ok := common.Value.(*ssa.Builtin); ok {
		w.builtin(v, b, ctx)
		return
	}
	callee := ssafn.Callee(common)
	switch {
	case callee == nil:
		w.typed(v, Loaded, "the result of a call")
	case ssafn.IsCgo(callee):
		w.cgo(v, callee)
	case len(callee.Blocks) > 0:
		if ctx != nil && ctx.depth >= maxDepth {
			w.add(Unknown, v.Pos(), "a deep call")
			return
		}
		for _, r := range Results(callee, result) {
			w.pointer(r, Push(ctx, v))
		}
	case foreign(callee):
		w.add(Mapped, v.Pos(), "memory from %s", callee.Name())
	case w.summarised(v, callee, result, ctx):
	default:
		t := common.Signature().Results()
		if result < t.Len() && isUnsafePointer(t.At(result).Type()) {
			w.add(Unknown, v.Pos(), "the result of %s", callee.Name())
			return
		}
		if ssafn.IsCType(v.Type()) {
			w.add(C, v.Pos(), "C memory")
			return
		}
		w.add(Loaded, v.Pos(), "the result of %s", callee.Name())
	}
}

func (w *walker) builtin(v *ssa.Call, b *ssa.Builtin, ctx *Context) {
	switch b.Name() {
	case "append":
		w.add(Heap, v.Pos(), "the result of append")
	case "SliceData", "StringData", "Add", "Slice", "String":
		w.pointer(v.Call.Args[0], ctx)
	default:
		w.add(Unknown, v.Pos(), "the result of %s", b.Name())
	}
}

func (w *walker) cgo(v *ssa.Call, callee *ssa.Function) {
	switch callee.Name() {
	case "_Cfunc_GoString", "_Cfunc_GoStringN", "_Cfunc_GoBytes":
		w.add(Heap, v.Pos(), "a copy made by cgo")
	default:
		w.add(C, v.Pos(), "memory from C")
	}
}
