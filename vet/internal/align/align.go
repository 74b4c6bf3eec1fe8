// Package align works out how an address is aligned: from the first word of
// what was allocated, over fields, elements, casts and calls.
//
// # Untrusted input
//
// Source code under analysis. One question visits at most [maxVisits] values.
//
// # Compatibility
//
// Internal to vet.
package align

import (
	"go/types"

	"golang.org/x/tools/go/ssa"

	"moho/vet/internal/layout"
	"moho/vet/internal/prov"
	"moho/vet/internal/ssafn"
)

// A Way is one way in which an address comes about.
//
// Off counts from the first word of Base. Each index on the way that is not
// constant adds a multiple of Stride; 0 when there is none, and Index is the
// last such index.
type Way struct {
	Base   ssa.Value
	Off    int64
	Stride int64
	Index  ssa.Value
	// Cast is the conversion nearest to the address in which a pointer got a
	// type of larger alignment, nil without one. OffCast is Off before it.
	Cast  *ssa.Convert
	Calls []ssa.CallInstruction // to callers, the outermost last
}

// Aligned reports whether the address is a multiple of n for certain, if the
// base is.
func (w Way) Aligned(n int64) bool { return w.Off%n == 0 && w.Stride%n == 0 }

// Bounds of one question.
const (
	maxVisits = 500
	maxWays   = 32
	maxDepth  = 24
	maxCalls  = 3 // calls that one way leads out of
)

type walker struct {
	p     *ssafn.Program
	sizes types.Sizes
	seen  map[ssa.Value]bool
	left  int
	out   []Way
}

// Of lists the ways to address addr with the types laid out as sizes says.
func Of(p *ssafn.Program, addr ssa.Value, sizes types.Sizes) []Way {
	w := &walker{p: p, sizes: sizes, seen: map[ssa.Value]bool{}, left: maxVisits}
	w.walk(addr, Way{}, 0)
	return w.out
}

func (w *walker) found(v ssa.Value, way Way) {
	if len(w.out) < maxWays {
		way.Base = v
		w.out = append(w.out, way)
	}
}

// walk goes back from v, to which way leads.
func (w *walker) walk(v ssa.Value, way Way, depth int) {
	if depth > maxDepth || w.left == 0 || w.seen[v] {
		return
	}
	w.left--
	w.seen[v] = true
	defer delete(w.seen, v)
	switch v := v.(type) {
	case *ssa.FieldAddr:
		if st, ok := pointee(v.X.Type()).Underlying().(*types.Struct); ok && !layout.Generic(st) {
			way.Off += layout.Offsetof(w.sizes, st, v.Field)
			w.walk(v.X, way, depth+1)
		}
	case *ssa.IndexAddr:
		w.element(v, way, depth)
	case *ssa.ChangeType:
		w.walk(v.X, way, depth+1)
	case *ssa.Convert:
		w.convert(v, way, depth)
	case *ssa.Phi:
		for _, e := range v.Edges {
			w.walk(e, way, depth+1)
		}
	case *ssa.Parameter:
		w.found(v, way)
		w.callers(v, way, depth)
	case *ssa.FreeVar:
		for _, b := range w.p.Bindings(v) {
			w.walk(b, way, depth+1)
		}
	case *ssa.UnOp:
		w.load(v, way, depth)
	case *ssa.Call:
		w.call(v, way, depth)
	default:
		w.found(v, way)
	}
}

func (w *walker) load(v *ssa.UnOp, way Way, depth int) {
	switch v.X.(type) {
	case *ssa.Alloc, *ssa.FreeVar:
		stores, complete := w.p.StoresTo(v.X)
		if complete && len(stores) == 1 {
			w.walk(stores[0].Val, way, depth+1)
			return
		}
	}
	w.found(v, way)
}

func (w *walker) element(v *ssa.IndexAddr, way Way, depth int) {
	t := pointee(v.Type())
	if layout.Generic(t) {
		return
	}
	size := w.sizes.Sizeof(t)
	if i, ok := prov.Int(v.Index); ok {
		way.Off += i * size
	} else {
		way.Stride = gcd(way.Stride, size)
		way.Index = v.Index
	}
	if _, ok := v.X.Type().Underlying().(*types.Slice); ok {
		w.slice(v.X, size, way, depth+1)
		return
	}
	w.walk(v.X, way, depth+1)
}

// slice goes back from the first element of a slice or string.
func (w *walker) slice(v ssa.Value, size int64, way Way, depth int) {
	if depth > maxDepth || w.left == 0 || w.seen[v] {
		return
	}
	w.left--
	w.seen[v] = true
	defer delete(w.seen, v)
	switch v := v.(type) {
	case *ssa.Slice:
		if v.Low != nil {
			if i, ok := prov.Int(v.Low); ok {
				way.Off += i * size
			} else {
				way.Stride = gcd(way.Stride, size)
				way.Index = v.Low
			}
		}
		if _, ok := v.X.Type().Underlying().(*types.Pointer); ok {
			w.walk(v.X, way, depth+1)
			return
		}
		w.slice(v.X, size, way, depth+1)
		return
	case *ssa.ChangeType:
		w.slice(v.X, size, way, depth+1)
		return
	case *ssa.Parameter:
		w.found(v, way)
		w.callersOf(v, &way, func(arg ssa.Value, way Way) { w.slice(arg, size, way, depth+1) })
		return
	case *ssa.UnOp:
		if a, ok := v.X.(*ssa.Alloc); ok {
			if stores, complete := w.p.StoresTo(a); complete && len(stores) == 1 {
				w.slice(stores[0].Val, size, way, depth+1)
				return
			}
		}
	}
	w.found(v, way)
}

func (w *walker) convert(v *ssa.Convert, way Way, depth int) {
	if !pointer(v.X.Type()) {
		if base, delta, ok := prov.Sum(v.X); ok {
			way.Off += delta
			w.walk(base, way, depth+1)
		}
		return
	}
	base := prov.Strip(v)
	if to, ok := v.Type().Underlying().(*types.Pointer); ok && way.Cast == nil {
		if !layout.Generic(to.Elem()) && w.grows(base, to.Elem()) {
			way.Cast = v
		}
	}
	w.walk(v.X, way, depth+1)
}

// grows reports whether type t needs more alignment than what base points to
// has. What an unsafe.Pointer points to is not known to need less.
func (w *walker) grows(base ssa.Value, t types.Type) bool {
	from, ok := base.Type().Underlying().(*types.Pointer)
	if !ok {
		return unsafePointer(base.Type())
	}
	return !layout.Generic(from.Elem()) && w.sizes.Alignof(from.Elem()) < max(w.sizes.Alignof(t), layout.Widest(t))
}

func (w *walker) callers(v *ssa.Parameter, way Way, depth int) {
	w.callersOf(v, &way, func(arg ssa.Value, way Way) { w.walk(arg, way, depth+1) })
}

func (w *walker) callersOf(v *ssa.Parameter, way *Way, follow func(ssa.Value, Way)) {
	if len(way.Calls) == maxCalls {
		return
	}
	calls, _ := w.p.Callers(v.Parent())
	for i, c := range calls {
		if i == maxWays {
			return
		}
		if arg := prov.Argument(c, v); arg != nil {
			next := *way
			next.Calls = append(append([]ssa.CallInstruction(nil), way.Calls...), c)
			follow(arg, next)
		}
	}
}

func (w *walker) call(v *ssa.Call, way Way, depth int) {
	if b, ok := v.Call.Value.(*ssa.Builtin); ok {
		switch b.Name() {
		case "Add":
			if delta, ok := prov.Int(v.Call.Args[1]); ok {
				way.Off += delta
				w.walk(v.Call.Args[0], way, depth+1)
			}
		case "SliceData", "StringData":
			w.slice(v.Call.Args[0], 1, way, depth+1)
		}
		return
	}
	w.found(v, way)
}

func gcd(a, b int64) int64 {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

func pointee(t types.Type) types.Type {
	if p, ok := t.Underlying().(*types.Pointer); ok {
		return p.Elem()
	}
	return types.Typ[types.Invalid]
}

func unsafePointer(t types.Type) bool {
	b, ok := t.Underlying().(*types.Basic)
	return ok && b.Kind() == types.UnsafePointer
}

func pointer(t types.Type) bool {
	_, ok := t.Underlying().(*types.Pointer)
	return ok || unsafePointer(t)
}
