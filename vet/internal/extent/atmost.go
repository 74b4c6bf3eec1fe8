package extent

import (
	"go/token"
	"slices"

	"golang.org/x/tools/go/ssa"
)

// AtMostLen reports whether n can be shown not to exceed the length or
// capacity of s in block at: because it is computed from it in a way that
// does not grow, or because a comparison with it dominates the block, on every
// way that n can get its value.
func AtMostLen(n, s ssa.Value, at *ssa.BasicBlock) bool {
	return atMost(n, s, at, dominating(at), map[ssa.Value]bool{})
}

func atMost(n, s ssa.Value, at *ssa.BasicBlock, conds []condition, seen map[ssa.Value]bool) bool {
	if IsLenOf(n, s) || comparedWithLen(n, s, conds) || madeFor(s, n) {
		return true
	}
	if c, ok := constInt(n); ok {
		least, symbolic := MinLen(s, at)
		return c <= least || symbolic
	}
	if seen[n] {
		return true // a loop: the other ways in decide
	}
	seen[n] = true
	switch n := n.(type) {
	case *ssa.Convert:
		return atMost(n.X, s, at, conds, seen)
	case *ssa.BinOp:
		switch n.Op {
		case token.SUB, token.QUO, token.SHR, token.AND_NOT, token.REM:
			return atMost(n.X, s, at, conds, seen)
		case token.AND:
			return atMost(n.X, s, at, conds, seen) || atMost(n.Y, s, at, conds, seen)
		default:
			// Sums and products of the length: how they relate to the view's
			// element size is the author's arithmetic, not ours.
			return mentionsLen(n, s, 0)
		}
	case *ssa.Phi:
		for i, e := range n.Edges {
			pred := n.Block().Preds[i]
			in := append(branch(pred, n.Block()), dominating(pred)...)
			if !atMost(e, s, pred, in, seen) {
				return false
			}
		}
		return true
	case *ssa.Call:
		if b, ok := n.Call.Value.(*ssa.Builtin); ok && b.Name() == "min" {
			for _, a := range n.Call.Args {
				if atMost(a, s, at, conds, seen) {
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
	n = stripConvert(n)
	same := func(v ssa.Value) bool { return v != nil && sameValue(stripConvert(v), n) }
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

func stripConvert(v ssa.Value) ssa.Value {
	for {
		c, ok := v.(*ssa.Convert)
		if !ok {
			return v
		}
		v = c.X
	}
}

// comparedWithLen reports whether a condition bounds n (or what it is computed
// from) from above by something that involves the length of s.
func comparedWithLen(n, s ssa.Value, conds []condition) bool {
	for _, c := range conds {
		rel := c.relation()
		switch {
		case mentionsLen(c.op.Y, s, 0) && derives(n, c.op.X, 0):
			if bounds(rel) {
				return true
			}
		case mentionsLen(c.op.X, s, 0) && derives(n, c.op.Y, 0):
			if bounds(flip(rel)) {
				return true
			}
		}
	}
	return false
}

// sameValue reports whether two values are the same, or are read from the same
// place: fields and variables are compared by structure, so that a guard on
// len(b.buf) is recognised for &b.buf[0]. Stores in between are not looked for.
func sameValue(a, b ssa.Value) bool {
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
