package prov

import (
	"golang.org/x/tools/go/ssa"

	"moho/vet/internal/ssafn"
)

// A Hold is how a function keeps an object for a while.
type Hold uint8

// The holds, the weaker first.
const (
	Loose Hold = iota // by nothing but references that are still needed
	Alive             // runtime.KeepAlive: not freed, but a stack may move
	Fixed             // runtime.Pinner: neither
)

// Held returns how function f, or a literal in it, holds the object that ptr
// points into.
func Held(f *ssa.Function, ptr ssa.Value) Hold {
	for f.Parent() != nil {
		f = f.Parent()
	}
	roots := map[ssa.Value]bool{}
	rootsOf(ptr, roots, 0)
	return held(f, roots)
}

func held(f *ssa.Function, roots map[ssa.Value]bool) Hold {
	most := Loose
	for _, b := range f.Blocks {
		for _, instr := range b.Instrs {
			call, ok := instr.(ssa.CallInstruction)
			if !ok {
				continue
			}
			if h, arg := holding(call); h > most && shares(arg, roots) {
				most = h
			}
		}
	}
	for _, anon := range f.AnonFuncs {
		if h := held(anon, roots); h > most {
			most = h
		}
	}
	return most
}

func holding(call ssa.CallInstruction) (Hold, ssa.Value) {
	callee := ssafn.Callee(call.Common())
	if callee == nil {
		return Loose, nil
	}
	switch callee.String() {
	case "runtime.KeepAlive":
		return Alive, call.Common().Args[0]
	case "(*runtime.Pinner).Pin":
		return Fixed, call.Common().Args[1]
	}
	return Loose, nil
}

func shares(v ssa.Value, roots map[ssa.Value]bool) bool {
	mine := map[ssa.Value]bool{}
	rootsOf(v, mine, 0)
	for r := range mine {
		if roots[r] {
			return true
		}
	}
	return false
}

// rootsOf adds the values that a pointer, slice or boxed value comes from, and
// those on the way.
func rootsOf(v ssa.Value, out map[ssa.Value]bool, depth int) {
	if v == nil || depth > 16 || out[v] {
		return
	}
	if _, ok := v.(*ssa.Const); ok {
		return
	}
	out[v] = true
	switch v := v.(type) {
	case *ssa.Convert:
		rootsOf(v.X, out, depth+1)
	case *ssa.ChangeType:
		rootsOf(v.X, out, depth+1)
	case *ssa.MakeInterface:
		rootsOf(v.X, out, depth+1)
	case *ssa.FieldAddr:
		rootsOf(v.X, out, depth+1)
	case *ssa.IndexAddr:
		rootsOf(v.X, out, depth+1)
	case *ssa.Slice:
		rootsOf(v.X, out, depth+1)
	case *ssa.UnOp:
		rootsOf(v.X, out, depth+1)
	case *ssa.FreeVar:
		if f := v.Parent(); f.Parent() != nil {
			for i, fv := range f.FreeVars {
				if fv == v {
					boundTo(f, i, out, depth)
				}
			}
		}
	case *ssa.Phi:
		for _, e := range v.Edges {
			rootsOf(e, out, depth+1)
		}
	case *ssa.Call:
		if b, ok := v.Call.Value.(*ssa.Builtin); ok && len(v.Call.Args) > 0 {
			switch b.Name() {
			case "SliceData", "StringData", "Add", "Slice", "String", "append":
				rootsOf(v.Call.Args[0], out, depth+1)
			}
		}
	}
}

func boundTo(f *ssa.Function, i int, out map[ssa.Value]bool, depth int) {
	for _, b := range f.Parent().Blocks {
		for _, instr := range b.Instrs {
			if c, ok := instr.(*ssa.MakeClosure); ok && c.Fn == f && i < len(c.Bindings) {
				rootsOf(c.Bindings[i], out, depth+1)
			}
		}
	}
}

// UsedAfter reports whether the object that ptr points into is still used, by a
// pointer, where control may get after instruction at.
func UsedAfter(at ssa.Instruction, ptr ssa.Value) bool {
	roots := map[ssa.Value]bool{}
	rootsOf(ptr, roots, 0)
	start := at.Block()
	if start == nil {
		return false
	}
	passed := false
	for _, instr := range start.Instrs {
		if passed && uses1(instr, roots) {
			return true
		}
		passed = passed || instr == at
	}
	seen := map[*ssa.BasicBlock]bool{}
	queue := append([]*ssa.BasicBlock(nil), start.Succs...)
	for len(queue) > 0 {
		b := queue[0]
		queue = queue[1:]
		if seen[b] {
			continue
		}
		seen[b] = true
		for _, instr := range b.Instrs {
			if uses1(instr, roots) {
				return true
			}
		}
		queue = append(queue, b.Succs...)
	}
	return false
}

// uses1 reports whether an instruction follows or hands on a pointer to one of
// the roots; making it a number does not count.
func uses1(instr ssa.Instruction, roots map[ssa.Value]bool) bool {
	switch instr := instr.(type) {
	case *ssa.Convert:
		return false
	case *ssa.Phi, *ssa.DebugRef:
		return false
	case *ssa.UnOp:
		return isPointerLike(instr.X.Type()) && roots[instr.X] && !isPointerLike(instr.Type())
	}
	for _, op := range instr.Operands(nil) {
		if *op != nil && isPointerLike((*op).Type()) && shares(*op, roots) {
			return true
		}
	}
	return false
}

// KeptElsewhere reports whether the object that pointer v points into was read
// from a field or package variable, is put into one, or is returned, in v's
// function or in all callers that are known: what holds it there keeps it alive.
func KeptElsewhere(p *ssafn.Program, v ssa.Value) bool { return keptElsewhere(p, v, 0) }

func keptElsewhere(p *ssafn.Program, v ssa.Value, depth int) bool {
	if depth > 3 {
		return false
	}
	switch v := base(v).(type) {
	case *ssa.UnOp:
		switch v.X.(type) {
		case *ssa.FieldAddr, *ssa.Global:
			return true
		}
	case *ssa.Parameter:
		calls, _ := p.Callers(v.Parent())
		for _, c := range calls {
			if arg := Argument(c, v); arg == nil || !keptElsewhere(p, arg, depth+1) {
				return false
			}
		}
		return len(calls) > 0
	case *ssa.MakeSlice, *ssa.Alloc, *ssa.Call, *ssa.Extract:
		for _, ref := range *v.Referrers() {
			switch ref := ref.(type) {
			case *ssa.Return:
				return true
			case *ssa.Store:
				_, field := ref.Addr.(*ssa.FieldAddr)
				_, global := ref.Addr.(*ssa.Global)
				if ref.Val == v && (field || global) {
					return true
				}
			}
		}
	}
	return false
}
