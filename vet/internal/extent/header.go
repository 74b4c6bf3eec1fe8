package extent

import (
	"go/token"
	"go/types"

	"golang.org/x/tools/go/ssa"

	"moho/vet/internal/prov"
	"moho/vet/internal/ssafn"
)

// A Word is a word of the header of a real string or slice variable, reached
// through a pointer of another type.
type Word struct {
	Owner ssa.Value // pointer to the string or slice variable
	Off   int64     // of the word in the header, in bytes
	Calls []ssa.CallInstruction
}

// Resolve returns what v, a parameter on the way to the variable, is at the
// call through which it was reached.
func (w Word) Resolve(v ssa.Value) ssa.Value { return Object{Calls: w.Calls}.Resolve(v) }

// Words lists the header words that addr may be the address of. The way there
// leads over selectors, constant indexes and offsets, conversions, variables
// and calls in the package.
func Words(p *ssafn.Program, addr ssa.Value) []Word {
	h := &headerWalker{walker: walker{p: p, seen: map[ssa.Value]bool{}, left: maxVisits}}
	h.walk(addr, 0, 0)
	return h.words
}

type headerWalker struct {
	walker
	words []Word
}

func (h *headerWalker) found(v ssa.Value, off int64) {
	if len(h.words) < maxObjects {
		h.words = append(h.words, Word{v, off, append([]ssa.CallInstruction(nil), h.calls...)})
	}
}

func (h *headerWalker) walk(v ssa.Value, off int64, depth int) {
	if !h.enter(v, depth) {
		return
	}
	defer delete(h.seen, v)
	owner := ownerPointer(v.Type())
	switch v := v.(type) {
	case *ssa.FieldAddr:
		if st, ok := pointee(v.X.Type()).Underlying().(*types.Struct); ok && !owner {
			if _, ok := h.p.Sizeof(st); ok {
				h.walk(v.X, off+h.p.Offsetof(st, v.Field), depth+1)
			}
			return
		}
	case *ssa.IndexAddr:
		if i, ok := prov.Int(v.Index); ok && !owner {
			if _, ok := v.X.Type().Underlying().(*types.Pointer); ok {
				if n, ok := h.p.Sizeof(pointee(v.Type())); ok {
					h.walk(v.X, off+i*n, depth+1)
				}
			}
			return
		}
	case *ssa.Convert:
		before := len(h.words)
		if isPointer(v.X.Type()) {
			h.walk(v.X, off, depth+1)
			if owner && len(h.words) == before {
				h.found(v, off)
			}
		} else if base, delta, ok := prov.Sum(v.X); ok {
			h.walk(base, off+delta, depth+1)
		}
		return
	case *ssa.ChangeType:
		h.walk(v.X, off, depth+1)
		return
	case *ssa.Phi:
		for _, e := range v.Edges {
			h.walk(e, off, depth+1)
		}
		return
	case *ssa.UnOp:
		if v.Op == token.MUL && !owner {
			if a, ok := v.X.(*ssa.Alloc); ok {
				if stores, _ := h.p.StoresTo(a); len(stores) == 1 {
					h.walk(stores[0].Val, off, depth+1)
				}
			}
			return
		}
	case *ssa.Parameter:
		before := len(h.words)
		h.parameter(v, depth, func(arg ssa.Value) { h.walk(arg, off, depth+1) })
		if len(h.words) > before {
			return
		}
	case *ssa.Call:
		h.throughCall(v, off, depth)
		return
	}
	if owner {
		h.found(v, off)
	}
}

func (h *headerWalker) throughCall(v *ssa.Call, off int64, depth int) {
	if b, ok := v.Call.Value.(*ssa.Builtin); ok {
		if delta, known := int64(0), false; b.Name() == "Add" {
			if delta, known = prov.Int(v.Call.Args[1]); known {
				h.walk(v.Call.Args[0], off+delta, depth+1)
			}
		}
		return
	}
	if callee := ssafn.Callee(v.Common()); callee != nil && len(callee.Blocks) > 0 {
		h.results(v, callee, 0, func(r ssa.Value) { h.walk(r, off, depth+1) })
	}
}

func ownerPointer(t types.Type) bool {
	p, ok := t.Underlying().(*types.Pointer)
	return ok && prov.IsHeaderOwner(p.Elem())
}
