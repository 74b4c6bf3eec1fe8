package extent

import (
	"go/types"

	"golang.org/x/tools/go/ssa"

	"moho/vet/internal/fact"
	"moho/vet/internal/prov"
	"moho/vet/internal/ssafn"
)

// Summarise says of the results of f how many bytes they reach, where every
// return has the same kind of answer and none depends on the caller.
func Summarise(p *ssafn.Program, f *ssa.Function, out *fact.Func) {
	results := f.Signature.Results()
	for i := range results.Len() {
		t := results.At(i).Type()
		if !isPointer(t) && !prov.IsHeaderOwner(t) {
			continue
		}
		if n := least(p, prov.Results(f, i)); n > 0 {
			out.SetResult(i).Bytes = n
		}
	}
}

// least is how far the shortest of several pointers, slices or strings reaches;
// 0 when that is not known of all.
func least(p *ssafn.Program, values []ssa.Value) (n int64) {
	for _, v := range values {
		if isNil(v) {
			continue
		}
		for _, o := range Memory(p, v) {
			if o.Bytes <= 0 || o.Typed || o.Call != nil {
				return 0
			}
			if n == 0 || o.Bytes < n {
				n = o.Bytes
			}
		}
		if n == 0 {
			return 0
		}
	}
	return n
}

// Memory is [Of] for the memory that v reaches, be it a pointer, a slice or a
// string.
func Memory(p *ssafn.Program, v ssa.Value) []Object {
	if isPointer(v.Type()) {
		return Of(p, v)
	}
	w := &walker{p: p, seen: map[ssa.Value]bool{}, left: maxVisits}
	var block *ssa.BasicBlock
	if instr, ok := v.(ssa.Instruction); ok {
		block = instr.Block()
	} else if f := v.Parent(); f != nil && len(f.Blocks) > 0 {
		block = f.Blocks[0]
	}
	elem := int64(1)
	if s, ok := v.Type().Underlying().(*types.Slice); ok {
		if elem, ok = p.Sizeof(s.Elem()); !ok {
			return nil
		}
	}
	w.slice(v, nil, elem, 0, block, 0)
	return w.out
}
