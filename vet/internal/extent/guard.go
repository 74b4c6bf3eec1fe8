package extent

import (
	"go/token"
	"go/types"

	"golang.org/x/tools/go/ssa"

	"moho/vet/internal/prov"
)

// A condition is a comparison that is known to hold (or not) in a block.
type condition struct {
	op    *ssa.BinOp
	truth bool
}

// maxConditions is how many comparisons on the way into a block are considered.
const maxConditions = 256

// dominating lists the comparisons that every way into b has passed.
func dominating(b *ssa.BasicBlock) []condition {
	var out []condition
	for d := b; d != nil && len(out) < maxConditions; d = d.Idom() {
		up := d.Idom()
		if up == nil || len(up.Instrs) == 0 {
			break
		}
		// Only a block whose sole way in is the branch has passed it.
		if len(d.Preds) == 1 {
			out = append(out, branch(d.Preds[0], d)...)
		}
	}
	return out
}

// branch returns the condition under which control goes from pred to succ.
func branch(pred, succ *ssa.BasicBlock) []condition {
	if len(pred.Instrs) == 0 {
		return nil
	}
	last, ok := pred.Instrs[len(pred.Instrs)-1].(*ssa.If)
	if !ok || pred.Succs[0] == pred.Succs[1] {
		return nil
	}
	truth := pred.Succs[0] == succ
	cond := last.Cond
	for {
		not, ok := cond.(*ssa.UnOp)
		if !ok || not.Op != token.NOT {
			break
		}
		cond, truth = not.X, !truth
	}
	if op, ok := cond.(*ssa.BinOp); ok {
		return []condition{{op, truth}}
	}
	return nil
}

// relation returns what holds between the operands: one of < <= > >= == !=.
func (c condition) relation() token.Token {
	if c.truth {
		return c.op.Op
	}
	switch c.op.Op {
	case token.LSS:
		return token.GEQ
	case token.LEQ:
		return token.GTR
	case token.GTR:
		return token.LEQ
	case token.GEQ:
		return token.LSS
	case token.EQL:
		return token.NEQ
	case token.NEQ:
		return token.EQL
	}
	return token.ILLEGAL
}

func flip(t token.Token) token.Token {
	switch t {
	case token.LSS:
		return token.GTR
	case token.LEQ:
		return token.GEQ
	case token.GTR:
		return token.LSS
	case token.GEQ:
		return token.LEQ
	}
	return t
}

// MinLen returns how many elements slice or string s has at least in block at,
// by comparisons of its length with constants and by elements that were
// already accessed. symbolic reports that its length was also compared with
// something that is not constant, which is taken for a guard.
func MinLen(s ssa.Value, at *ssa.BasicBlock) (least int64, symbolic bool) {
	for _, c := range dominating(at) {
		rel, other := c.relation(), c.op.Y
		if !IsLenOf(c.op.X, s) {
			if !IsLenOf(c.op.Y, s) {
				if mentionsLen(c.op.X, s) || mentionsLen(c.op.Y, s) {
					symbolic = true
				}
				continue
			}
			rel, other = flip(rel), c.op.X
		}
		n, ok := prov.Int(other)
		if !ok {
			symbolic = true
			continue
		}
		switch rel {
		case token.GEQ, token.EQL:
			least = max(least, n)
		case token.GTR:
			least = max(least, n+1)
		case token.NEQ:
			if n == 0 {
				least = max(least, 1)
			}
		}
	}
	if cut, ok := s.(*ssa.Slice); ok && cut.High == nil && cut.Low != nil {
		if lo, ok := prov.Int(cut.Low); ok {
			if _, array := cut.X.Type().Underlying().(*types.Pointer); !array {
				whole, looked := MinLen(cut.X, at)
				least, symbolic = max(least, whole-lo), symbolic || looked
			}
		}
	}
	return max(least, accessed(s, at), madeLen(s)), symbolic
}

// madeLen is the length that s was made with, where that is a constant.
func madeLen(s ssa.Value) int64 {
	switch s := s.(type) {
	case *ssa.MakeSlice:
		n, _ := prov.Int(s.Len)
		return n
	case *ssa.Slice:
		lo, hi := int64(0), int64(0)
		if s.Low != nil {
			n, ok := prov.Int(s.Low)
			if !ok {
				return 0
			}
			lo = n
		}
		if s.High != nil {
			hi, _ = prov.Int(s.High)
		} else if arr, ok := pointee(s.X.Type()).Underlying().(*types.Array); ok {
			hi = arr.Len()
		}
		return hi - lo
	}
	return 0
}

// accessed looks for accesses to s with constant bounds in dominating blocks:
// each would have panicked if s were shorter.
func accessed(s ssa.Value, at *ssa.BasicBlock) (least int64) {
	if s.Referrers() == nil {
		return 0
	}
	for _, ref := range *s.Referrers() {
		b := ref.Block()
		if b == nil || b != at && !b.Dominates(at) {
			continue
		}
		switch ref := ref.(type) {
		case *ssa.IndexAddr:
			if n, ok := prov.Int(ref.Index); ok && ref.X == s && n >= 0 {
				least = max(least, n+1)
			}
		case *ssa.SliceToArrayPointer:
			if arr, ok := pointee(ref.Type()).Underlying().(*types.Array); ok {
				least = max(least, arr.Len())
			}
		case *ssa.Slice:
			for _, bound := range []ssa.Value{ref.Low, ref.High, ref.Max} {
				if bound != nil && ref.X == s {
					if n, ok := prov.Int(bound); ok {
						least = max(least, n)
					}
				}
			}
		}
	}
	return least
}

// Guarded reports whether some comparison that dominates block at puts an upper
// bound on n, or on something that n is computed from.
func Guarded(n ssa.Value, at *ssa.BasicBlock) bool {
	for _, c := range dominating(at) {
		switch rel := c.relation(); {
		case SameValue(c.op.X, n) || derives(n, c.op.X, 0):
			if bounds(rel) {
				return true
			}
		case SameValue(c.op.Y, n) || derives(n, c.op.Y, 0):
			if bounds(flip(rel)) {
				return true
			}
		}
	}
	return false
}

// bounds reports whether "n rel x" puts an upper bound on n.
func bounds(rel token.Token) bool {
	return rel == token.LSS || rel == token.LEQ || rel == token.EQL
}

// UpperConst returns a constant that n can't exceed in block at, if there is one.
func UpperConst(n ssa.Value, at *ssa.BasicBlock) (int64, bool) {
	if c, ok := prov.Int(n); ok {
		return c, true
	}
	best, found := int64(0), false
	for _, c := range dominating(at) {
		rel, other := c.relation(), c.op.Y
		if !SameValue(c.op.X, n) {
			if !SameValue(c.op.Y, n) {
				continue
			}
			rel, other = flip(rel), c.op.X
		}
		limit, ok := prov.Int(other)
		if !ok {
			continue
		}
		switch rel {
		case token.LSS:
			limit--
		case token.LEQ, token.EQL:
		default:
			continue
		}
		if !found || limit < best {
			best, found = limit, true
		}
	}
	return best, found
}

// derives reports whether n is computed from x, or x from n, by conversion or
// arithmetic.
func derives(n, x ssa.Value, depth int) bool {
	return contains(n, x, depth) || contains(x, n, depth)
}

func contains(v, part ssa.Value, depth int) bool {
	if depth > 5 {
		return false
	}
	if _, ok := part.(*ssa.Const); ok {
		return false
	}
	if SameValue(v, part) {
		return true
	}
	switch v := v.(type) {
	case *ssa.BinOp:
		return contains(v.X, part, depth+1) || contains(v.Y, part, depth+1)
	case *ssa.Convert:
		return contains(v.X, part, depth+1)
	case *ssa.ChangeType:
		return contains(v.X, part, depth+1)
	}
	return false
}

// IsLenOf reports whether v is len(s) or cap(s), converted or not.
func IsLenOf(v, s ssa.Value) bool {
	for {
		c, ok := v.(*ssa.Convert)
		if !ok {
			break
		}
		v = c.X
	}
	call, ok := v.(*ssa.Call)
	if !ok {
		return false
	}
	b, ok := call.Call.Value.(*ssa.Builtin)
	return ok && (b.Name() == "len" || b.Name() == "cap") && SameValue(call.Call.Args[0], s)
}

// mentionsLen reports whether v is computed from the length of s.
func mentionsLen(v, s ssa.Value) bool {
	l := limit{is: func(v ssa.Value) bool { return IsLenOf(v, s) }}
	return l.mentioned(v, 0)
}
