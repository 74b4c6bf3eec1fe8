package cptr

import (
	"strings"

	"golang.org/x/tools/go/ssa"

	"moho/vet/internal/prov"
	"moho/vet/internal/ssafn"
)

// A Pin is a call that pins an object.
type Pin struct {
	Call   ssa.CallInstruction
	Pinner ssa.Value // nil when it is not known which
}

// Pinned returns the call that pins what v points into before an instruction
// that hands it to C, or that all callers of the function have made; ok is
// false when nothing does, or when it was unpinned on the way.
func Pinned(p *ssafn.Program, v ssa.Value, at ssa.Instruction) (pin Pin, ok bool) {
	return pinned(p, v, at, 0)
}

func pinned(p *ssafn.Program, v ssa.Value, at ssa.Instruction, depth int) (Pin, bool) {
	root := Root(p, v)
	f := at.Parent()
	for g := f; g != nil; g = g.Parent() {
		if pin, ok := pinnedIn(p, g, root, v, at); ok {
			return pin, true
		}
	}
	if depth >= 3 {
		return Pin{}, false
	}
	switch r := root.(type) {
	case *ssa.Parameter:
		calls, complete := p.Callers(r.Parent())
		if !complete {
			return Pin{}, false
		}
		var pin Pin
		for _, c := range calls {
			arg := prov.Argument(c, r)
			if arg == nil {
				return Pin{}, false
			}
			var ok bool
			if pin, ok = pinned(p, arg, c, depth+1); !ok {
				return Pin{}, false
			}
		}
		return pin, len(calls) > 0
	case *ssa.Call:
		// What a helper returned, it may have pinned.
		callee := ssafn.Callee(r.Common())
		if callee == nil || len(callee.Blocks) == 0 {
			return Pin{}, false
		}
		return returnedPinned(p, r, callee, 0, depth)
	case *ssa.Extract:
		call, ok := r.Tuple.(*ssa.Call)
		if !ok {
			return Pin{}, false
		}
		callee := ssafn.Callee(call.Common())
		if callee == nil || len(callee.Blocks) == 0 {
			return Pin{}, false
		}
		return returnedPinned(p, call, callee, r.Index, depth)
	}
	return Pin{}, false
}

// returnedPinned reports whether every result of a helper is pinned when it
// returns.
func returnedPinned(p *ssafn.Program, call ssa.CallInstruction, callee *ssa.Function, i, depth int) (Pin, bool) {
	all := false
	for _, b := range callee.Blocks {
		if len(b.Instrs) == 0 {
			continue
		}
		ret, ok := b.Instrs[len(b.Instrs)-1].(*ssa.Return)
		if !ok || i >= len(ret.Results) {
			continue
		}
		if c, ok := ret.Results[i].(*ssa.Const); ok && c.IsNil() {
			continue
		}
		if _, ok := pinned(p, ret.Results[i], ret, depth+1); !ok {
			return Pin{}, false
		}
		all = true
	}
	return Pin{Call: call}, all
}

// pinnedIn looks for a pin of root in one function.
func pinnedIn(p *ssafn.Program, f *ssa.Function, root, v ssa.Value, at ssa.Instruction) (Pin, bool) {
	for _, b := range f.Blocks {
		for _, instr := range b.Instrs {
			call, ok := instr.(ssa.CallInstruction)
			if !ok {
				continue
			}
			pinner, ok := pins(p, call, root, 0)
			if !ok || unpinned(call, pinner, at) {
				continue
			}
			return Pin{Call: call, Pinner: pinner}, true
		}
	}
	return Pin{}, false
}

// pins reports whether a call pins root, and with which pinner.
func pins(p *ssafn.Program, call ssa.CallInstruction, root ssa.Value, depth int) (pinner ssa.Value, ok bool) {
	common := call.Common()
	if isPinner(call, "Pin") {
		if len(common.Args) == 2 && same(Root(p, common.Args[1]), root) {
			return common.Args[0], true
		}
		return nil, false
	}
	callee := ssafn.Callee(common)
	if callee == nil {
		// Through an interface: by its name.
		if common.IsInvoke() && strings.Contains(common.Method.Name(), "Pin") && !strings.HasPrefix(common.Method.Name(), "Un") {
			return nil, hasArg(p, common.Args, root)
		}
		return nil, false
	}
	if len(callee.Blocks) == 0 {
		return nil, strings.Contains(callee.Name(), "Pin") && !strings.HasPrefix(callee.Name(), "Un") && hasArg(p, common.Args, root)
	}
	if depth >= 2 {
		return nil, false
	}
	for i, a := range common.Args {
		if i >= len(callee.Params) || !same(Root(p, a), root) {
			continue
		}
		for _, b := range callee.Blocks {
			for _, instr := range b.Instrs {
				if inner, ok := instr.(ssa.CallInstruction); ok {
					if _, ok := pins(p, inner, callee.Params[i], depth+1); ok {
						return nil, true
					}
				}
			}
		}
	}
	return nil, false
}

func hasArg(p *ssafn.Program, args []ssa.Value, root ssa.Value) bool {
	for _, a := range args {
		if same(Root(p, a), root) {
			return true
		}
	}
	return false
}

// same reports whether two roots are one object: one value, or two reads of one
// variable.
func same(a, b ssa.Value) bool {
	if a == b {
		return true
	}
	x, ok := a.(*ssa.UnOp)
	if !ok {
		return false
	}
	y, ok := b.(*ssa.UnOp)
	if !ok || x.Op != y.Op {
		return false
	}
	if x.X == y.X {
		return true
	}
	fx, ok := x.X.(*ssa.FieldAddr)
	if !ok {
		return false
	}
	fy, ok := y.X.(*ssa.FieldAddr)
	return ok && fx.Field == fy.Field && same(fx.X, fy.X)
}

func isPinner(call ssa.CallInstruction, method string) bool {
	f := call.Common().StaticCallee()
	return f != nil && f.String() == "(*runtime.Pinner)."+method
}

// unpinned reports whether a call between a pin and an instruction undoes it.
func unpinned(pin ssa.CallInstruction, pinner ssa.Value, at ssa.Instruction) bool {
	if pinner == nil || pin.Parent() != at.Parent() {
		return false
	}
	for _, u := range Unpins(pin.Parent(), pinner) {
		if _, deferred := u.(*ssa.Defer); !deferred && Before(pin, u) && Before(u, at) {
			return true
		}
	}
	return false
}

// Unpins lists the calls of Unpin for a pinner in a function.
func Unpins(f *ssa.Function, pinner ssa.Value) []ssa.CallInstruction {
	var out []ssa.CallInstruction
	for _, b := range f.Blocks {
		for _, instr := range b.Instrs {
			call, ok := instr.(ssa.CallInstruction)
			if ok && isPinner(call, "Unpin") && len(call.Common().Args) == 1 && same(call.Common().Args[0], pinner) {
				out = append(out, call)
			}
		}
	}
	return out
}
