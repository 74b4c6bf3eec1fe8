package lifetime

import (
	"golang.org/x/tools/go/ssa"
)

// Index returns the place of an instruction in its block, -1 when it is not there.
func Index(instr ssa.Instruction) int {
	for i, in := range instr.Block().Instrs {
		if in == instr {
			return i
		}
	}
	return -1
}

// uses reports whether instr has v among its operands.
func uses(instr ssa.Instruction, v ssa.Value) bool {
	var space [8]*ssa.Value
	for _, op := range instr.Operands(space[:0]) {
		if *op == v {
			return true
		}
	}
	return false
}

// Live reports whether v is used after an instruction on some path that does
// not make v anew, or by a call that was deferred.
func Live(v ssa.Value, after ssa.Instruction) bool {
	refs := v.Referrers()
	if refs == nil || len(*refs) == 0 {
		return false
	}
	for _, ref := range *refs {
		if d, ok := ref.(*ssa.Defer); ok && d.Parent() == after.Parent() {
			return true
		}
	}
	found := false
	Walk(after, func(instr ssa.Instruction) bool {
		if found {
			return false
		}
		if def, ok := instr.(ssa.Value); ok && def == v {
			return false
		}
		if _, isPhi := instr.(*ssa.Phi); !isPhi && uses(instr, v) {
			found = true
			return false
		}
		return true
	}, func(from, to *ssa.BasicBlock) {
		found = found || flowsIn(v, from, to)
	})
	return found
}

// flowsIn reports whether block to takes v from block from in a phi.
func flowsIn(v ssa.Value, from, to *ssa.BasicBlock) bool {
	for _, instr := range to.Instrs {
		phi, ok := instr.(*ssa.Phi)
		if !ok {
			return false
		}
		for i, pred := range to.Preds {
			if pred == from && i < len(phi.Edges) && phi.Edges[i] == v {
				return true
			}
		}
	}
	return false
}

// Walk calls visit for every instruction that can follow one, each once; a
// path ends where visit returns false. edge, when given, hears of every edge
// that is taken.
func Walk(after ssa.Instruction, visit func(ssa.Instruction) bool, edge func(from, to *ssa.BasicBlock)) {
	start := after.Block()
	seen := map[*ssa.BasicBlock]bool{}
	var enter func(b *ssa.BasicBlock, from int)
	enter = func(b *ssa.BasicBlock, from int) {
		for _, instr := range b.Instrs[from:] {
			if !visit(instr) {
				return
			}
		}
		for _, s := range b.Succs {
			if edge != nil {
				edge(b, s)
			}
			if !seen[s] {
				seen[s] = true
				enter(s, 0)
			}
		}
	}
	enter(start, Index(after)+1)
}

// Reaches reports whether to can be executed after from.
func Reaches(from, to ssa.Instruction) bool {
	found := false
	Walk(from, func(instr ssa.Instruction) bool {
		found = found || instr == to
		return !found
	}, nil)
	return found
}

// Dominates reports whether a is executed before b on every path to b.
func Dominates(a, b ssa.Instruction) bool {
	if a.Block() == b.Block() {
		return Index(a) < Index(b)
	}
	return a.Block().Dominates(b.Block())
}
