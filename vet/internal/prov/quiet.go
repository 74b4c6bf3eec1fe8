package prov

import (
	"golang.org/x/tools/go/ssa"

	"moho/vet/internal/ssafn"
)

// Quiet reports whether nothing happens between two instructions of one
// function that may make its stack grow: no call but of builtins and of system
// calls, which check no stack.
func Quiet(from, to ssa.Instruction) bool {
	if from.Parent() != to.Parent() || from.Block() == nil || to.Block() == nil {
		return false
	}
	if from.Block() == to.Block() && before(from, to) {
		return quiet(from.Block(), from, to)
	}
	ahead := reach(from.Block(), func(b *ssa.BasicBlock) []*ssa.BasicBlock { return b.Succs })
	back := reach(to.Block(), func(b *ssa.BasicBlock) []*ssa.BasicBlock { return b.Preds })
	for b := range ahead {
		if back[b] && b != from.Block() && b != to.Block() && !quiet(b, nil, nil) {
			return false
		}
	}
	return quiet(from.Block(), from, nil) && quiet(to.Block(), nil, to)
}

func before(a, b ssa.Instruction) bool {
	for _, instr := range a.Block().Instrs {
		switch instr {
		case a:
			return true
		case b:
			return false
		}
	}
	return false
}

// quiet looks at the instructions of a block after one and before another.
func quiet(b *ssa.BasicBlock, after, until ssa.Instruction) bool {
	on := after == nil
	for _, instr := range b.Instrs {
		if instr == until {
			break
		}
		if on && grows(instr) {
			return false
		}
		on = on || instr == after
	}
	return true
}

func grows(instr ssa.Instruction) bool {
	switch instr := instr.(type) {
	case *ssa.Call:
		if _, ok := instr.Call.Value.(*ssa.Builtin); ok {
			return false
		}
		return !IsKernel(ssafn.Callee(&instr.Call))
	case *ssa.Defer, *ssa.RunDefers, *ssa.Go, *ssa.Send, *ssa.Select, *ssa.MakeMap, *ssa.MapUpdate, *ssa.Lookup, *ssa.Next:
		return true
	}
	return false
}

func reach(b *ssa.BasicBlock, next func(*ssa.BasicBlock) []*ssa.BasicBlock) map[*ssa.BasicBlock]bool {
	seen := map[*ssa.BasicBlock]bool{}
	stack := []*ssa.BasicBlock{b}
	for len(stack) > 0 {
		b := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if seen[b] {
			continue
		}
		seen[b] = true
		stack = append(stack, next(b)...)
	}
	return seen
}
