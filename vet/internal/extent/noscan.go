package extent

import (
	"go/token"
	"go/types"

	"golang.org/x/tools/go/ssa"

	"moho/vet/internal/layout"
	"moho/vet/internal/prov"
	"moho/vet/internal/ssafn"
)

// A Scan says whether the garbage collector looks for a pointer at an address.
type Scan int

const (
	Unknown Scan = iota
	Scanned      // it does: a pointer was declared there
	Claimed      // it does not, if the memory is what a parameter's type says
	Noscan       // it does not
)

// Scanning answers for the word off bytes beyond addr, and says in words what is
// there.
func Scanning(p *ssafn.Program, addr ssa.Value, off int64) (s Scan, pos token.Pos, text string) {
	n := &scanner{p: p, seen: map[ssa.Value]bool{}, left: maxVisits}
	n.pointer(addr, off, 0)
	return n.answer, n.pos, n.text
}

type scanner struct {
	p      *ssafn.Program
	seen   map[ssa.Value]bool
	left   int
	known  bool // answer holds something
	answer Scan
	pos    token.Pos
	text   string
}

// say adds one answer; where there are several, only what all agree on counts.
func (n *scanner) say(s Scan, pos token.Pos, text string) {
	switch {
	case !n.known:
		n.known, n.answer, n.pos, n.text = true, s, pos, text
	case n.answer == s:
	case n.answer == Noscan && s == Claimed || n.answer == Claimed && s == Noscan:
		n.answer = Claimed
	default:
		n.answer = Unknown
	}
}

func (n *scanner) enter(v ssa.Value, depth int) bool {
	if n.seen[v] {
		return false
	}
	if depth > maxDepth || n.left == 0 {
		n.say(Unknown, token.NoPos, "")
		return false
	}
	n.left--
	n.seen[v] = true
	return true
}

// declared answers for a word off bytes into memory of type t.
func (n *scanner) declared(t types.Type, off int64, pos token.Pos, text string, as Scan) {
	if layout.Generic(t) {
		n.say(Unknown, pos, text)
		return
	}
	if !layout.HasPointers(t) {
		n.say(as, pos, text)
		return
	}
	list, _ := layout.Pieces(n.p.Sizes, t)
	for _, piece := range list {
		if piece.Off <= off && off < piece.Off+piece.Size {
			if piece.Pointer {
				as = Scanned
			}
			n.say(as, pos, text)
			return
		}
	}
	n.say(Unknown, pos, text)
}

func (n *scanner) pointer(v ssa.Value, off int64, depth int) {
	if !n.enter(v, depth) {
		return
	}
	switch v := v.(type) {
	case *ssa.Alloc:
		n.declared(pointee(v.Type()), off, v.Pos(), allocText(v), Noscan)
	case *ssa.Global:
		n.declared(pointee(v.Type()), off, v.Pos(), "package variable "+v.Name(), Noscan)
	case *ssa.FieldAddr:
		st, ok := pointee(v.X.Type()).Underlying().(*types.Struct)
		if !ok || layout.Generic(st) {
			n.say(Unknown, v.Pos(), "")
			return
		}
		off += n.p.Offsetof(st, v.Field)
		if !typedBase(v.X) {
			n.pointer(v.X, off, depth+1)
			return
		}
		// What it really is counts before what its type says.
		sub := &scanner{p: n.p, seen: n.seen, left: n.left}
		sub.pointer(v.X, off, depth+1)
		if n.left = sub.left; sub.known && sub.answer != Unknown {
			n.say(sub.answer, sub.pos, sub.text)
			return
		}
		n.declared(st, off, v.Pos(), "field "+st.Field(v.Field).Name()+" of "+prov.TypeName(pointee(v.X.Type())), Noscan)
	case *ssa.IndexAddr:
		n.element(v, off, depth)
	case *ssa.ChangeType:
		n.pointer(v.X, off, depth+1)
	case *ssa.Convert:
		if isPointer(v.X.Type()) {
			n.pointer(v.X, off, depth+1)
		} else if base, delta, ok := prov.Sum(v.X); ok {
			n.pointer(base, off+delta, depth+1)
		} else {
			n.say(Unknown, v.Pos(), "")
		}
	case *ssa.Phi:
		for _, e := range v.Edges {
			if !isNil(e) {
				n.pointer(e, off, depth+1)
			}
		}
	case *ssa.UnOp:
		n.loaded(v, func(x ssa.Value) { n.pointer(x, off, depth+1) })
	case *ssa.Call:
		n.call(v, 0, off, depth)
	case *ssa.Extract:
		if call, ok := v.Tuple.(*ssa.Call); ok {
			n.call(call, v.Index, off, depth)
		} else {
			n.say(Unknown, v.Pos(), "")
		}
	case *ssa.Parameter:
		n.parameter(v, func(x ssa.Value) { n.pointer(x, off, depth+1) }, Unknown)
	case *ssa.FreeVar:
		for _, b := range n.p.Bindings(v) {
			n.pointer(b, off, depth+1)
		}
	default:
		n.say(Unknown, v.Pos(), "")
	}
}

// typedBase reports a pointer to a struct that is known by its declared type:
// it came from memory, a parameter or a call, not from a cast at hand.
func typedBase(v ssa.Value) bool {
	switch v := v.(type) {
	case *ssa.Parameter, *ssa.Call, *ssa.Extract:
		return true
	case *ssa.UnOp:
		return v.Op == token.MUL
	case *ssa.Phi:
		for _, e := range v.Edges {
			if !typedBase(e) {
				return false
			}
		}
		return len(v.Edges) > 0
	}
	return false
}

func (n *scanner) element(v *ssa.IndexAddr, off int64, depth int) {
	t := pointee(v.Type())
	if _, ok := v.X.Type().Underlying().(*types.Slice); ok {
		n.slice(v.X, depth+1)
		return
	}
	size, ok := n.p.Sizeof(t)
	if !ok {
		n.say(Unknown, v.Pos(), "")
		return
	}
	if layout.HasPointers(t) {
		i, known := prov.Int(v.Index)
		if !known {
			n.say(Unknown, v.Pos(), "")
			return
		}
		off += i * size
	} else {
		off = 0 // all of the array is alike
	}
	n.pointer(v.X, off, depth+1)
}

func (n *scanner) parameter(v *ssa.Parameter, follow func(ssa.Value), otherwise Scan) {
	calls, complete := n.p.Callers(v.Parent())
	if !complete || len(calls) > maxObjects {
		n.say(otherwise, v.Pos(), sliceText(v))
		return
	}
	for _, c := range calls {
		if arg := prov.Argument(c, v); arg != nil {
			follow(arg)
		}
	}
}

// loaded follows what was stored where v is read from, as far as that is known.
func (n *scanner) loaded(v *ssa.UnOp, follow func(ssa.Value)) {
	stores, complete := n.p.StoresTo(v.X)
	switch v.X.(type) {
	case *ssa.Alloc, *ssa.FreeVar, *ssa.Global, *ssa.FieldAddr:
	default:
		complete = false
	}
	if !complete || v.Op != token.MUL || len(stores) > maxObjects {
		n.say(Unknown, v.Pos(), "")
		return
	}
	for _, s := range stores {
		if !isNil(s.Val) {
			follow(s.Val)
		}
	}
}

func (n *scanner) call(v *ssa.Call, i int, off int64, depth int) {
	if b, ok := v.Call.Value.(*ssa.Builtin); ok {
		switch b.Name() {
		case "Add":
			delta, _ := prov.Int(v.Call.Args[1])
			n.pointer(v.Call.Args[0], off+delta, depth+1)
		case "SliceData", "StringData":
			n.slice(v.Call.Args[0], depth+1)
		default:
			n.say(Unknown, v.Pos(), "")
		}
		return
	}
	n.results(v, i, func(r ssa.Value) { n.pointer(r, off, depth+1) })
}

func (n *scanner) results(v *ssa.Call, i int, follow func(ssa.Value)) {
	callee := ssafn.Callee(v.Common())
	if callee == nil || len(callee.Blocks) == 0 || ssafn.IsCgo(callee) {
		n.say(Unknown, v.Pos(), "")
		return
	}
	for _, r := range prov.Results(callee, i) {
		if !isNil(r) {
			follow(r)
		}
	}
}

// slice answers for the elements of a slice or the bytes of a string.
func (n *scanner) slice(v ssa.Value, depth int) {
	if !n.enter(v, depth) {
		return
	}
	elem := func(as Scan, text string) {
		t := elemOf(v)
		switch {
		case layout.Generic(t):
			n.say(Unknown, v.Pos(), text)
		case layout.HasPointers(t):
			n.say(Scanned, v.Pos(), text)
		default:
			n.say(as, v.Pos(), text)
		}
	}
	inside := func(x ssa.Value) { n.slice(x, depth+1) }
	switch v := v.(type) {
	case *ssa.MakeSlice:
		elem(Noscan, "a new "+prov.TypeName(v.Type()))
	case *ssa.Const:
		elem(Noscan, "a constant")
	case *ssa.Convert:
		elem(Noscan, "a new "+prov.TypeName(v.Type()))
	case *ssa.ChangeType:
		inside(v.X)
	case *ssa.Slice:
		if _, ok := v.X.Type().Underlying().(*types.Pointer); ok {
			n.pointer(v.X, 0, depth+1)
		} else {
			inside(v.X)
		}
	case *ssa.Phi:
		for _, e := range v.Edges {
			if !isNil(e) {
				inside(e)
			}
		}
	case *ssa.UnOp:
		n.loaded(v, inside)
	case *ssa.Parameter:
		n.parameter(v, inside, Claimed)
	case *ssa.FreeVar:
		for _, b := range n.p.Bindings(v) {
			inside(b)
		}
	case *ssa.Call:
		if b, ok := v.Call.Value.(*ssa.Builtin); ok {
			switch b.Name() {
			case "append":
				if isNil(v.Call.Args[0]) {
					elem(Noscan, "a new "+prov.TypeName(v.Type()))
				} else {
					inside(v.Call.Args[0])
				}
			case "Slice", "String":
				n.pointer(v.Call.Args[0], 0, depth+1)
			default:
				n.say(Unknown, v.Pos(), "")
			}
			return
		}
		n.results(v, 0, inside)
	case *ssa.Extract:
		if call, ok := v.Tuple.(*ssa.Call); ok {
			n.results(call, v.Index, inside)
		} else {
			n.say(Unknown, v.Pos(), "")
		}
	default:
		n.say(Unknown, v.Pos(), "")
	}
}
