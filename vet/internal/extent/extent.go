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
	"go/constant"
	"go/token"
	"go/types"
	"math"

	"golang.org/x/tools/go/ssa"

	"moho/vet/internal/prov"
	"moho/vet/internal/ssafn"
)

// An Object is what a pointer points into.
//
// Bytes counts from the pointer to the object's end. For an element of a
// slice or string whose length is not constant it is -1, and Slice is that
// slice or string, Index the element's index (nil for 0), Elem an element's
// size.
type Object struct {
	Bytes int64
	Typed bool // known by a pointer's type only: the allocation may be larger
	Pos   token.Pos
	Text  string // "variable x", "field ptr of page", "slice b"

	Slice ssa.Value
	Index ssa.Value
	Elem  int64
	At    *ssa.BasicBlock // where Slice is asked about: conditions that dominate it count
	// Call is the call through which the walk reached a caller's object, nil
	// while it is in the function asked about.
	Call ssa.CallInstruction
}

const (
	maxDepth   = 24   // steps from a pointer towards the object that it points into
	maxObjects = 32   // objects that one pointer may point into
	maxVisits  = 2000 // values looked at to answer one question
)

type walker struct {
	p    *ssafn.Program
	out  []Object
	seen map[ssa.Value]bool // on the way to where the walk is
	left int                // visits that remain
	call ssa.CallInstruction
}

// Of lists what pointer v may point into. Origins that it can't size are left
// out; callers says whether parameters are followed to this package's calls.
func Of(p *ssafn.Program, v ssa.Value) []Object {
	w := &walker{p: p, seen: map[ssa.Value]bool{}, left: maxVisits}
	w.pointer(v, 0, 0)
	return w.out
}

func (w *walker) add(o Object) {
	if len(w.out) < maxObjects && o.Bytes >= -1 {
		o.Call = w.call
		w.out = append(w.out, o)
	}
}

// pointer walks back from a pointer that lies off bytes beyond v.
func (w *walker) pointer(v ssa.Value, off int64, depth int) {
	if !w.enter(v, depth) {
		return
	}
	defer delete(w.seen, v)
	switch v := v.(type) {
	case *ssa.Alloc:
		w.sized(pointee(v.Type()), off, v.Pos(), allocText(v), false)
	case *ssa.Global:
		w.sized(pointee(v.Type()), off, v.Pos(), "package variable "+v.Name(), false)
	case *ssa.Convert:
		if isPointer(v.X.Type()) {
			w.pointer(v.X, off, depth+1)
		} else if base, delta, ok := arithmetic(v.X); ok {
			w.pointer(base, off+delta, depth+1)
		}
	case *ssa.ChangeType:
		w.pointer(v.X, off, depth+1)
	case *ssa.FieldAddr:
		w.field(v, off, depth)
	case *ssa.IndexAddr:
		w.element(v, off, depth)
	case *ssa.Phi:
		for _, e := range v.Edges {
			w.pointer(e, off, depth+1)
		}
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
		w.call1(v, off, depth)
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

func (w *walker) sized(t types.Type, off int64, pos token.Pos, text string, typed bool) {
	size, ok := w.p.Sizeof(t)
	if !ok || off < 0 || off > size {
		return
	}
	w.add(Object{Bytes: size - off, Pos: pos, Text: text, Typed: typed})
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
	fields := make([]*types.Var, st.NumFields())
	for i := range fields {
		fields[i] = st.Field(i)
	}
	delta := w.p.Sizes.Offsetsof(fields)[v.Field]
	before := len(w.out)
	w.pointer(v.X, off+delta, depth+1)
	if len(w.out) == before && !isConversion(v.X) {
		w.sized(st, off+delta, v.Pos(), "field "+st.Field(v.Field).Name()+" of "+prov.TypeName(pointee(v.X.Type())), true)
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
		w.sized(t, off, v.Pos(), prov.TypeName(t)+" "+v.Name(), true)
	}
}

func (w *walker) loaded(v *ssa.UnOp, off int64, depth int) {
	if a, ok := v.X.(*ssa.Alloc); ok {
		stores, _ := w.p.StoresTo(a)
		for _, s := range stores {
			w.pointer(s.Val, off, depth+1)
		}
		return
	}
	w.typed(named{v}, off)
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
	i, known := constInt(v.Index)
	if !known {
		i = 0 // at best
	}
	if i >= 0 && i <= math.MaxInt32 && elem <= math.MaxInt32 {
		w.pointer(v.X, off+i*elem, depth+1)
	}
}

func (w *walker) call1(v *ssa.Call, off int64, depth int) {
	b, ok := v.Call.Value.(*ssa.Builtin)
	if !ok {
		return
	}
	switch b.Name() {
	case "Add":
		if delta, ok := constInt(v.Call.Args[1]); ok {
			w.pointer(v.Call.Args[0], off+delta, depth+1)
		}
	case "SliceData":
		if elem, ok := w.p.Sizeof(pointee(v.Type())); ok {
			w.slice(v.Call.Args[0], nil, elem, off, v.Block(), depth+1)
		}
	case "StringData":
		w.slice(v.Call.Args[0], nil, 1, off, v.Block(), depth+1)
	}
}

// parameter follows a parameter to the calls in this package, once.
func (w *walker) parameter(v *ssa.Parameter, depth int, follow func(ssa.Value)) {
	if w.call != nil || depth > maxDepth {
		return
	}
	calls, _ := w.p.Callers(v.Parent())
	for i, c := range calls {
		if i == maxObjects {
			break
		}
		if arg := prov.Argument(c, v); arg != nil {
			w.call = c
			follow(arg)
			w.call = nil
		}
	}
}

// arithmetic takes apart uintptr(p) + c, the one-expression form.
func arithmetic(v ssa.Value) (base ssa.Value, delta int64, ok bool) {
	for range 8 {
		switch u := v.(type) {
		case *ssa.BinOp:
			c, known := constInt(u.Y)
			if !known || u.Op != token.ADD {
				return nil, 0, false
			}
			delta += c
			v = u.X
		case *ssa.Convert:
			if isPointer(u.X.Type()) {
				return u.X, delta, true
			}
			return nil, 0, false
		default:
			return nil, 0, false
		}
	}
	return nil, 0, false
}

func constInt(v ssa.Value) (int64, bool) {
	for {
		c, ok := v.(*ssa.Convert)
		if !ok {
			break
		}
		v = c.X
	}
	c, ok := v.(*ssa.Const)
	if !ok || c.Value == nil || c.Value.Kind() != constant.Int {
		return 0, false
	}
	n, exact := constant.Int64Val(c.Value)
	return n, exact && n > -1<<40 && n < 1<<40
}

func pointee(t types.Type) types.Type {
	if p, ok := t.Underlying().(*types.Pointer); ok {
		return p.Elem()
	}
	return types.Typ[types.Invalid]
}

func isPointer(t types.Type) bool {
	switch u := t.Underlying().(type) {
	case *types.Pointer:
		return true
	case *types.Basic:
		return u.Kind() == types.UnsafePointer
	}
	return false
}

// isConversion reports a pointer whose type is somebody's claim.
func isConversion(v ssa.Value) bool {
	c, ok := v.(*ssa.Convert)
	return ok && isPointer(c.X.Type())
}

func allocText(a *ssa.Alloc) string {
	switch a.Comment {
	case "new", "complit", "slicelit", "makeslice", "varargs":
		return "a new " + prov.TypeName(pointee(a.Type()))
	}
	return "variable " + a.Comment
}
