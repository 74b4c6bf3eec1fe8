package addpastobject

import (
	"go/constant"
	"go/token"
	"math"

	"golang.org/x/tools/go/ssa"

	"moho/vet/internal/prov"
)

// maxTerms bounds how deep a sum is taken apart.
const maxTerms = 12

// maxOffset keeps products and sums of offsets from overflowing.
const maxOffset = math.MaxInt32

// linear takes apart uintptr(p) ± terms; base is nil when no address is in v.
func linear(v ssa.Value, at *ssa.BasicBlock, depth int) (base ssa.Value, low, high int64, ok bool) {
	if depth > maxTerms {
		return nil, 0, 0, false
	}
	switch u := v.(type) {
	case *ssa.Convert:
		if prov.IsPointer(u.X.Type()) {
			return u.X, 0, 0, true
		}
	case *ssa.BinOp:
		if u.Op != token.ADD && u.Op != token.SUB {
			break
		}
		base, low, high, ok = linear(u.X, at, depth+1)
		x, y := u.X, u.Y
		if (!ok || base == nil) && u.Op == token.ADD {
			base, low, high, ok = linear(u.Y, at, depth+1)
			x, y = y, x
		}
		if !ok || base == nil {
			break
		}
		_ = x
		l, h, known := span(y, at)
		if !known {
			return nil, 0, 0, false
		}
		if u.Op == token.SUB {
			l, h = -h, -l
		}
		return base, low + l, high + h, true
	}
	low, high, ok = span(v, at)
	return nil, low, high, ok
}

// span is the values that integer v takes for certain: a constant, or both ends
// of a counting loop, and sums and multiples of these.
func span(v ssa.Value, at *ssa.BasicBlock) (low, high int64, ok bool) {
	return spanOf(v, at, 0)
}

func spanOf(v ssa.Value, at *ssa.BasicBlock, depth int) (low, high int64, ok bool) {
	if depth > maxTerms {
		return 0, 0, false
	}
	switch u := v.(type) {
	case *ssa.Const:
		if u.Value == nil {
			return 0, 0, false
		}
		n, exact := constant.Int64Val(constant.ToInt(u.Value))
		return n, n, exact && n >= -maxOffset && n <= maxOffset
	case *ssa.Convert:
		return spanOf(u.X, at, depth+1)
	case *ssa.ChangeType:
		return spanOf(u.X, at, depth+1)
	case *ssa.Phi:
		return counter(u, at)
	case *ssa.BinOp:
		// One of the two must be constant: the ends of two loops need not meet.
		al, ah, ok1 := spanOf(u.X, at, depth+1)
		bl, bh, ok2 := spanOf(u.Y, at, depth+1)
		if !ok1 || !ok2 || al != ah && bl != bh {
			return 0, 0, false
		}
		switch u.Op {
		case token.ADD:
			low, high = al+bl, ah+bh
		case token.SUB:
			low, high = al-bh, ah-bl
		case token.MUL:
			low, high = min(al*bl, ah*bh), max(al*bl, ah*bh)
		case token.SHL:
			if bl != bh || bl < 0 || bl > 16 {
				return 0, 0, false
			}
			low, high = al<<bl, ah<<bl
		default:
			return 0, 0, false
		}
		return low, high, low >= -maxOffset && high <= maxOffset
	}
	return 0, 0, false
}

// counter recognises the variable of a loop that starts at a constant, goes up
// by one, and ends where it reaches a constant, and returns its first and last
// value in block at, which must be executed in every round: all others leave the
// loop only by its condition.
func counter(v *ssa.Phi, at *ssa.BasicBlock) (first, last int64, ok bool) {
	header := v.Block()
	if len(v.Edges) != 2 || len(header.Instrs) == 0 || at == nil {
		return 0, 0, false
	}
	known := false
	var next ssa.Value
	for _, e := range v.Edges {
		if c, isConst := e.(*ssa.Const); isConst && c.Value != nil {
			if n, exact := constant.Int64Val(constant.ToInt(c.Value)); exact {
				first, known = n, true
			}
			continue
		}
		next = e
	}
	step, isSum := next.(*ssa.BinOp)
	if !known || !isSum || step.Op != token.ADD || step.X != v || !isOne(step.Y) {
		return 0, 0, false
	}
	// for i := range n compares the new value where the loop begins anew.
	cond, isIf := header.Instrs[len(header.Instrs)-1].(*ssa.If)
	if !isIf {
		return 0, 0, false
	}
	cmp, isCmp := cond.Cond.(*ssa.BinOp)
	if !isCmp {
		return 0, 0, false
	}
	limit, isLimit := cmp.Y.(*ssa.Const)
	if !isLimit || limit.Value == nil {
		return 0, 0, false
	}
	n, exact := constant.Int64Val(constant.ToInt(limit.Value))
	if !exact {
		return 0, 0, false
	}
	switch {
	case cmp.X == v && cmp.Op == token.LSS:
		last = n - 1
	case cmp.X == v && cmp.Op == token.LEQ:
		last = n
	case cmp.X == ssa.Value(step) && cmp.Op == token.LSS:
		return 0, 0, false // the variable is the sum, not the phi
	default:
		return 0, 0, false
	}
	if last < first || last > maxOffset || !always(header, at) {
		return 0, 0, false
	}
	return first, last, true
}

func isOne(v ssa.Value) bool {
	c, ok := v.(*ssa.Const)
	if !ok || c.Value == nil {
		return false
	}
	n, exact := constant.Int64Val(constant.ToInt(c.Value))
	return exact && n == 1
}

// always reports whether the loop of header has no other way out and block at
// lies on every round: nothing in the loop but the header branches.
func always(header, at *ssa.BasicBlock) bool {
	body := header.Succs[0]
	for b := body; b != header; {
		if b == at {
			return onward(b, header)
		}
		if len(b.Succs) != 1 {
			return false
		}
		b = b.Succs[0]
	}
	return false
}

// onward reports whether control gets from b back to header without a choice.
func onward(b, header *ssa.BasicBlock) bool {
	for range 64 {
		if len(b.Succs) != 1 {
			return false
		}
		b = b.Succs[0]
		if b == header {
			return true
		}
	}
	return false
}

// conditional reports whether some way through the function does not pass b, so
// that what a caller passes may decide whether it is executed.
func conditional(b *ssa.BasicBlock) bool {
	for d := b; d.Idom() != nil; d = d.Idom() {
		up := d.Idom()
		if len(up.Succs) < 2 {
			continue
		}
		if _, isLoop := up.Instrs[len(up.Instrs)-1].(*ssa.If); isLoop && constantLoop(up) {
			continue
		}
		return true
	}
	return false
}

// constantLoop reports a loop header whose condition does not depend on the
// caller.
func constantLoop(header *ssa.BasicBlock) bool {
	for _, instr := range header.Instrs {
		if phi, ok := instr.(*ssa.Phi); ok {
			if _, _, ok := counter(phi, header.Succs[0]); ok {
				return true
			}
		}
	}
	return false
}
