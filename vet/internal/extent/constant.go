package extent

import (
	"go/token"

	"golang.org/x/tools/go/ssa"
)

// ByConstant reports whether block is reached only where a condition holds that
// the compiler decides, or one on a package variable alone: that is how code
// says on which processors it is meant to run.
func ByConstant(b *ssa.BasicBlock) bool {
	for d := b; d != nil; d = d.Idom() {
		if len(d.Preds) != 1 {
			continue
		}
		pred := d.Preds[0]
		last, ok := pred.Instrs[len(pred.Instrs)-1].(*ssa.If)
		if ok && decided(last.Cond) {
			return true
		}
	}
	return false
}

func decided(cond ssa.Value) bool {
	switch c := cond.(type) {
	case *ssa.Const:
		return true
	case *ssa.BinOp:
		return fixed(c.X) && fixed(c.Y)
	case *ssa.UnOp:
		if c.Op == token.NOT {
			return decided(c.X)
		}
		return fixed(c)
	}
	return false
}

func fixed(v ssa.Value) bool {
	switch v := v.(type) {
	case *ssa.Const:
		return true
	case *ssa.Convert:
		return fixed(v.X)
	case *ssa.UnOp:
		_, global := v.X.(*ssa.Global)
		return v.Op == token.MUL && global
	}
	return false
}
