// Package extent infers, in one package in SSA form, how many bytes a pointer
// may reach: to the end of the variable, literal, make or struct it points
// into, or of the slice or string whose element it addresses. It also
// proves bounds from the conditions that dominate an instruction.
//
// # Untrusted input
//
// Source code under analysis; each question is bounded in depth and breadth.
// Sizes saturate instead of overflowing.
//
// # Compatibility
//
// Internal to vet.
package extent

import (
	"go/token"
	"go/types"
	"math"

	"golang.org/x/tools/go/ssa"

	"moho/vet/internal/layout"
	"moho/vet/internal/prov"
	"moho/vet/internal/ssafn"
)

// An Object is what a pointer points into.
//
// Bytes counts from the pointer to the object's end, Offset from the object's
// start to the pointer. For an element of a slice or string whose length is
// not constant Bytes is -1, and Slice is that slice or string, Index the
// element's index (nil for 0), Elem an element's size.
type Object struct {
	Bytes  int64
	Offset int64 // -1 when an index that is not constant lies between
	// Type is that of the variable, or of an element of the slice or array that
	// was made; nil when it is not known.
	Type types.Type
	Root ssa.Value // what made the object; nil when it is known by type only

	Typed bool // known by a pointer's type only: the allocation may be larger
	May   bool // one of several that the pointer may point into at this place
	Pos   token.Pos
	Text  string // "variable x", "field ptr of page", "slice b"

	Slice ssa.Value
	Index ssa.Value
	Elem  int64
	At    *ssa.BasicBlock // where Slice is asked about: conditions that dominate it count
	// Call is the call through which the walk reached a caller's object, nil
	// while it is in the function asked about. Calls has all of them, the
	// outermost last.
	Call  ssa.CallInstruction
	Calls []ssa.CallInstruction
}

// Size is the object's size; ok is false when it, or where in the object the
// pointer points, is not known.
func (o Object) Size() (n int64, ok bool) {
	if o.Bytes < 0 || o.Offset < 0 {
		return 0, false
	}
	return o.Offset + o.Bytes, true
}

// Resolve returns what value v, a parameter on the way to the object, is at the
// call through which the object was reached.
func (o Object) Resolve(v ssa.Value) ssa.Value {
	for _, c := range o.Calls {
		param, ok := stripInt(v).(*ssa.Parameter)
		if !ok || ssafn.Callee(c.Common()) != param.Parent() {
			return v
		}
		arg := prov.Argument(c, param)
		if arg == nil {
			return v
		}
		v = arg
	}
	return v
}

const (
	maxDepth   = 24   // steps from a pointer towards the object that it points into
	maxObjects = 32   // objects that one pointer may point into
	maxVisits  = 2000 // values looked at to answer one question
	maxCalls   = 3    // calls that one way leads out of, or into
)

// A frame is a call that the walk entered through its result.
type frame struct {
	call  *ssa.Call
	up    *frame
	depth int
}

type walker struct {
	p     *ssafn.Program
	out   []Object
	seen  map[ssa.Value]bool // on the way to where the walk is
	left  int                // visits that remain
	calls []ssa.CallInstruction
	in    *frame
	loose int // indexes on the way that are not constant
	may   int // choices on the way
	far   int // fields and results on the way: lengths are related where we don't look
}

// Of lists what pointer v may point into. Origins that it can't size are left
// out. Parameters are followed to this package's calls.
func Of(p *ssafn.Program, v ssa.Value) []Object {
	w := &walker{p: p, seen: map[ssa.Value]bool{}, left: maxVisits}
	w.pointer(v, 0, 0)
	return w.out
}

func (w *walker) add(o Object) {
	if len(w.out) == maxObjects || o.Bytes < -1 {
		return
	}
	if o.Bytes < 0 && w.far > 0 {
		// Its length is not to be asked about, but it may be long enough.
		o = Object{Bytes: -1, Offset: -1, Pos: o.Pos, Text: o.Text}
	}
	if n := len(w.calls); n > 0 {
		o.Call = w.calls[0]
		o.Calls = append([]ssa.CallInstruction(nil), w.calls...)
	}
	if w.loose > 0 {
		o.Offset = -1
	}
	o.May = w.may > 0
	w.out = append(w.out, o)
}

// pointer walks back from a pointer that lies off bytes beyond v.
func (w *walker) pointer(v ssa.Value, off int64, depth int) {
	if !w.enter(v, depth) {
		return
	}
	defer delete(w.seen, v)
	switch v := v.(type) {
	case *ssa.Alloc:
		w.sized(pointee(v.Type()), off, Object{Pos: v.Pos(), Text: allocText(v), Root: v})
	case *ssa.Global:
		w.sized(pointee(v.Type()), off, Object{Pos: v.Pos(), Text: "package variable " + v.Name(), Root: v})
	case *ssa.Convert:
		if isPointer(v.X.Type()) {
			w.pointer(v.X, off, depth+1)
		} else if base, delta, ok := prov.Sum(v.X); ok {
			w.pointer(base, off+delta, depth+1)
		}
	case *ssa.ChangeType:
		w.pointer(v.X, off, depth+1)
	case *ssa.FieldAddr:
		w.field(v, off, depth)
	case *ssa.IndexAddr:
		w.element(v, off, depth)
	case *ssa.SliceToArrayPointer:
		if arr, ok := pointee(v.Type()).Underlying().(*types.Array); ok {
			if elem, ok := w.p.Sizeof(arr.Elem()); ok {
				w.slice(v.X, nil, elem, off, v.Block(), depth+1)
			}
		}
	case *ssa.Phi:
		w.choice(v.Edges, func(e ssa.Value) { w.pointer(e, off, depth+1) })
	case *ssa.UnOp:
		if v.Op == token.MUL {
			w.loaded(v, off, depth)
		}
	case *ssa.Parameter:
		w.parameter(v, depth, func(arg ssa.Value) { w.pointer(arg, off, depth+1) })
		w.typed(v, off)
	case *ssa.FreeVar:
		for _, b := range w.p.Bindings(v) {
			w.pointer(b, off, depth+1)
		}
	case *ssa.Call:
		w.call(v, 0, off, depth)
	case *ssa.Extract:
		if call, ok := v.Tuple.(*ssa.Call); ok {
			w.call(call, v.Index, off, depth)
		}
	}
}

// choice follows each of several values that one may be.
func (w *walker) choice(values []ssa.Value, follow func(ssa.Value)) {
	if len(values) > 1 {
		w.may++
		defer func() { w.may-- }()
	}
	for _, v := range values {
		follow(v)
	}
}

// enter marks a value as being on the way; false means that it is already, or
// that the question has been walked far enough.
func (w *walker) enter(v ssa.Value, depth int) bool {
	if depth > maxDepth || w.left == 0 || w.seen[v] {
		return false
	}
	w.left--
	w.seen[v] = true
	return true
}

func (w *walker) sized(t types.Type, off int64, o Object) {
	size, ok := w.p.Sizeof(t)
	if !ok || off < 0 || off > size {
		return
	}
	o.Bytes, o.Offset, o.Type = size-off, off, t
	w.add(o)
}

// field addresses reach to the end of their struct, not of the field: several
// fields viewed as one are odd but stay inside the object.
func (w *walker) field(v *ssa.FieldAddr, off int64, depth int) {
	st, ok := pointee(v.X.Type()).Underlying().(*types.Struct)
	if !ok {
		return
	}
	if _, ok := w.p.Sizeof(st); !ok {
		return
	}
	delta := layout.Offsetof(w.p.Sizes, st, v.Field)
	before := len(w.out)
	w.pointer(v.X, off+delta, depth+1)
	if len(w.out) == before && !isConversion(v.X) {
		w.sized(pointee(v.X.Type()), off+delta, Object{Pos: v.Pos(), Typed: true, Text: "field " + st.Field(v.Field).Name() + " of " + prov.TypeName(pointee(v.X.Type()))})
	}
}

// typed falls back on the type of a pointer to a struct. Pointers to anything
// smaller are as often pointers to the first of many.
func (w *walker) typed(v ssa.Value, off int64) {
	if _, ok := v.Type().Underlying().(*types.Pointer); !ok || ssafn.IsCType(v.Type()) {
		return
	}
	t := pointee(v.Type())
	if _, ok := t.Underlying().(*types.Struct); ok {
		w.sized(t, off, Object{Pos: v.Pos(), Typed: true, Text: prov.TypeName(t) + " " + v.Name()})
	}
}

// loaded follows a pointer to what was stored where it is read from.
func (w *walker) loaded(v *ssa.UnOp, off int64, depth int) {
	stores, complete := w.p.StoresTo(v.X)
	_, local := v.X.(*ssa.Alloc)
	if _, captured := v.X.(*ssa.FreeVar); captured {
		local = true
	}
	before := len(w.out)
	if local || complete {
		var values []ssa.Value
		for _, s := range stores {
			if isPointer(s.Val.Type()) && !isNil(s.Val) {
				values = append(values, s.Val)
			}
		}
		if !local {
			w.far++
			defer func() { w.far-- }()
		}
		w.choice(values, func(v ssa.Value) {
			n, back := len(w.out), w.seen[v]
			w.pointer(v, off, depth+1)
			if !local && len(values) > 1 && len(w.out) == n && !back {
				// One of several that a field may hold, and nobody knows how long.
				w.add(Object{Bytes: -1, Offset: -1, Pos: v.Pos(), Text: "memory of unknown size"})
			}
		})
	}
	if !local && len(w.out) == before {
		w.typed(named{v}, off)
	}
}

func isNil(v ssa.Value) bool {
	c, ok := v.(*ssa.Const)
	return ok && c.Value == nil
}

// named gives a load the name of what it loads.
type named struct{ *ssa.UnOp }

func (n named) Name() string {
	switch x := n.X.(type) {
	case *ssa.FieldAddr:
		if f := ssafn.Field(x); f != nil {
			return f.Name()
		}
	case *ssa.Global:
		return x.Name()
	}
	return "value"
}

// element handles &x[i] of a slice or of an array behind a pointer.
func (w *walker) element(v *ssa.IndexAddr, off int64, depth int) {
	elem, ok := w.p.Sizeof(pointee(v.Type()))
	if !ok {
		return
	}
	if _, ok := v.X.Type().Underlying().(*types.Slice); ok {
		w.slice(v.X, v.Index, elem, off, v.Block(), depth+1)
		return
	}
	i, known := prov.Int(v.Index)
	if !known {
		i = 0 // at best
		w.loose++
		defer func() { w.loose-- }()
	}
	if i >= 0 && i <= math.MaxInt32 && elem <= math.MaxInt32 {
		w.pointer(v.X, off+i*elem, depth+1)
	}
}

// parameter follows a parameter to the call that the walk came in by, or to
// the calls in this package.
func (w *walker) parameter(v *ssa.Parameter, depth int, follow func(ssa.Value)) {
	if depth > maxDepth {
		return
	}
	if f := w.in; f != nil {
		if ssafn.Callee(f.call.Common()) != v.Parent() {
			return
		}
		if arg := prov.Argument(f.call, v); arg != nil {
			w.in = f.up
			follow(arg)
			w.in = f
		}
		return
	}
	if len(w.calls) == maxCalls {
		return
	}
	calls, _ := w.p.Callers(v.Parent())
	for i, c := range calls {
		if i == maxObjects {
			break
		}
		if arg := prov.Argument(c, v); arg != nil {
			w.calls = append(w.calls, c)
			follow(arg)
			w.calls = w.calls[:len(w.calls)-1]
		}
	}
}
