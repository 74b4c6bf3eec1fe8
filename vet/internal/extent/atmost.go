package extent

import (
	"go/token"
	"slices"

	"golang.org/x/tools/go/ssa"

	"moho/vet/internal/prov"
)

// AtMostLen reports whether n can be shown not to exceed the length or
// capacity of s in block at: because it is computed from it in a way that
// does not grow, or because a comparison with it dominates the block, on every
// way that n can get its value.
func AtMostLen(n, s ssa.Value, at *ssa.BasicBlock) bool {
	l := limit{
		is:   func(v ssa.Value) bool { return IsLenOf(v, s) },
		made: func(v ssa.Value) bool { return madeFor(s, v) },
		constant: func(c int64, at *ssa.BasicBlock) bool {
			least, symbolic := MinLen(s, at)
			return c <= least || symbolic
		},
		sums: true,
	}
	return l.atMost(n, at, dominating(at), map[ssa.Value]bool{})
}

// AtMost is [AtMostLen] for a length that is says yes to. Sums and products of
// it are not taken for bounded.
func AtMost(n ssa.Value, at *ssa.BasicBlock, is func(ssa.Value) bool) bool {
	l := limit{is: func(v ssa.Value) bool { return is(stripInt(v)) }}
	return l.atMost(n, at, dominating(at), map[ssa.Value]bool{})
}

// A limit is what a number is compared with.
type limit struct {
	is       func(ssa.Value) bool
	made     func(ssa.Value) bool // nil: never
	constant func(int64, *ssa.BasicBlock) bool
	sums     bool // how sums of it relate to the matter is the author's arithmetic
}

func (l *limit) atMost(n ssa.Value, at *ssa.BasicBlock, conds []condition, seen map[ssa.Value]bool) bool {
	if l.is(n) || l.compared(n, conds) || l.made != nil && l.made(n) {
		return true
	}
	if c, ok := prov.Int(n); ok {
		return c == 0 || l.constant != nil && l.constant(c, at)
	}
	if seen[n] {
		return true // a loop: the other ways in decide
	}
	seen[n] = true
	switch n := n.(type) {
	case *ssa.Convert:
		return l.atMost(n.X, at, conds, seen)
	case *ssa.ChangeType:
		return l.atMost(n.X, at, conds, seen)
	case *ssa.BinOp:
		switch n.Op {
		case token.SUB, token.QUO, token.SHR, token.AND_NOT, token.REM:
			return l.atMost(n.X, at, conds, seen)
		case token.AND:
			return l.atMost(n.X, at, conds, seen) || l.atMost(n.Y, at, conds, seen)
		default:
			return l.sums && l.mentioned(n, 0)
		}
	case *ssa.Phi:
		for i, e := range n.Edges {
			pred := n.Block().Preds[i]
			in := append(branch(pred, n.Block()), dominating(pred)...)
			if !l.atMost(e, pred, in, seen) {
				return false
			}
		}
		return true
	case *ssa.Call:
		if b, ok := n.Call.Value.(*ssa.Builtin); ok && b.Name() == "min" {
			for _, a := range n.Call.Args {
				if l.atMost(a, at, conds, seen) {
					return true
				}
			}
		}
	}
	return false
}

// compared reports whether a condition bounds n (or what it is computed from)
// from above by something that involves the limit.
func (l *limit) compared(n ssa.Value, conds []condition) bool {
	for _, c := range conds {
		rel := c.relation()
		switch {
		case l.mentioned(c.op.Y, 0) && derives(n, c.op.X, 0):
			if bounds(rel) {
				return true
			}
		case l.mentioned(c.op.X, 0) && derives(n, c.op.Y, 0):
			if bounds(flip(rel)) {
				return true
			}
		}
	}
	return false
}

// mentioned reports whether v is computed from the limit.
func (l *limit) mentioned(v ssa.Value, depth int) bool {
	if depth > 6 {
		return false
	}
	if l.is(v) {
		return true
	}
	switch v := v.(type) {
	case *ssa.BinOp:
		return l.mentioned(v.X, depth+1) || l.mentioned(v.Y, depth+1)
	case *ssa.Convert:
		return l.mentioned(v.X, depth+1)
	case *ssa.Phi:
		for _, e := range v.Edges {
			if l.mentioned(e, depth+3) { // a phi may have many edges
				return true
			}
		}
	case *ssa.Call:
		if b, ok := v.Call.Value.(*ssa.Builtin); ok && (b.Name() == "min" || b.Name() == "max") {
			for _, a := range v.Call.Args {
				if l.mentioned(a, depth+1) {
					return true
				}
			}
		}
	}
	return false
}

// madeFor reports whether slice s came into being with length n: by make, by
// reslicing, or from a call that was told n, which is taken at its word.
func madeFor(s, n ssa.Value) bool {
	n = stripInt(n)
	same := func(v ssa.Value) bool { return v != nil && SameValue(stripInt(v), n) }
	switch v := s.(type) {
	case *ssa.MakeSlice:
		return contains(v.Len, n, 0) || contains(v.Cap, n, 0)
	case *ssa.Slice:
		return same(v.High) || same(v.Max)
	case *ssa.Convert:
		return IsLenOf(n, v.X) // []byte(s)
	case *ssa.Extract:
		call, ok := v.Tuple.(*ssa.Call)
		return ok && slices.ContainsFunc(call.Call.Args, same)
	case *ssa.Call:
		return slices.ContainsFunc(v.Call.Args, same)
	}
	return false
}

// SameValue reports whether two values are the same, or are read from the same
// place: fields and variables are compared by structure, so that a guard on
// len(b.buf) is recognised for &b.buf[0]. Stores in between are not looked for.
func SameValue(a, b ssa.Value) bool {
	for range 8 {
		if a == b {
			return true
		}
		switch x := a.(type) {
		case *ssa.Call:
			y, ok := b.(*ssa.Call)
			if !ok || !isLen(x) || !isLen(y) || x.Call.Value.Name() != y.Call.Value.Name() {
				return false
			}
			a, b = x.Call.Args[0], y.Call.Args[0]
		case *ssa.UnOp:
			y, ok := b.(*ssa.UnOp)
			if !ok || x.Op != token.MUL || y.Op != token.MUL {
				return false
			}
			a, b = x.X, y.X
		case *ssa.FieldAddr:
			y, ok := b.(*ssa.FieldAddr)
			if !ok || x.Field != y.Field {
				return false
			}
			a, b = x.X, y.X
		case *ssa.Field:
			y, ok := b.(*ssa.Field)
			if !ok || x.Field != y.Field {
				return false
			}
			a, b = x.X, y.X
		case *ssa.Convert:
			y, ok := b.(*ssa.Convert)
			if !ok {
				return false
			}
			a, b = x.X, y.X
		case *ssa.ChangeType:
			y, ok := b.(*ssa.ChangeType)
			if !ok {
				return false
			}
			a, b = x.X, y.X
		default:
			return false
		}
	}
	return false
}

// isLen reports a call of len or cap.
func isLen(c *ssa.Call) bool {
	b, ok := c.Call.Value.(*ssa.Builtin)
	return ok && (b.Name() == "len" || b.Name() == "cap")
}
