package lifetime

import (
	"golang.org/x/tools/go/ssa"

	"moho/vet/internal/ssafn"
)

// A View is a string in one function that is laid over a buffer.
type View struct {
	Made   ssa.Instruction // where the function got it
	Roots  []Root
	values map[ssa.Value]bool // the string, and what holds it inside the function
	kept   []Kept
	level  int // calls deep, when asked whether a callee keeps
}

// Kept is where a string went.
type Kept struct {
	At    ssa.Instruction
	How   string
	After bool // it is used after the change, in the function itself
}

// Views lists the strings of f that are laid over a buffer which f can see.
func Views(p *ssafn.Program, f *ssa.Function) []*View {
	var out []*View
	for _, b := range f.Blocks {
		for _, instr := range b.Instrs {
			v, ok := instr.(ssa.Value)
			if !ok || v.Type() == nil || !isString(v.Type()) || !makesView(instr) {
				continue
			}
			view := &View{Made: instr, values: map[ssa.Value]bool{}}
			for _, r := range RootsOf(p, v, false) {
				if !r.String && r.View != nil {
					view.Roots = append(view.Roots, r)
				}
			}
			if len(view.Roots) == 0 || partialView(v) {
				continue
			}
			view.follow(p, v)
			out = append(out, view)
		}
	}
	return out
}

// makesView reports instructions whose string may be a view: calls and loads.
func makesView(instr ssa.Instruction) bool {
	switch instr := instr.(type) {
	case *ssa.Call, *ssa.Extract:
		return true
	case *ssa.UnOp:
		return strip(instr.X) != instr.X || headerMade(instr.X)
	}
	return false
}

// headerMade reports a variable whose header is written to as another type's.
func headerMade(v ssa.Value) bool {
	a, ok := v.(*ssa.Alloc)
	if !ok {
		return false
	}
	for _, ref := range *a.Referrers() {
		if c, ok := ref.(*ssa.Convert); ok && isPointer(c.Type()) {
			return true
		}
	}
	return false
}

// partialView reports a view of a part of a buffer that begins at a place which
// is worked out.
func partialView(v ssa.Value) bool {
	call, ok := v.(*ssa.Call)
	if !ok {
		return false
	}
	for _, arg := range call.Call.Args {
		if partial(arg) {
			return true
		}
	}
	return false
}

// follow notes where a string, or something that holds it, goes.
func (v *View) follow(p *ssafn.Program, s ssa.Value) {
	if v.values[s] || len(v.values) > 200 || s.Referrers() == nil {
		return
	}
	v.values[s] = true
	keep := func(at ssa.Instruction, how string) { v.kept = append(v.kept, Kept{At: at, How: how}) }
	for _, ref := range *s.Referrers() {
		switch ref := ref.(type) {
		case *ssa.ChangeType, *ssa.MakeInterface, *ssa.Phi, *ssa.Slice:
			v.follow(p, ref.(ssa.Value))
		case *ssa.MapUpdate:
			if ref.Key == s {
				keep(ref, "a key of a map")
			} else if ref.Value == s {
				keep(ref, "an element of a map")
			}
		case *ssa.Store:
			if ref.Val == s {
				v.stored(p, ref, keep)
			}
		case *ssa.Send:
			if ref.X == s {
				keep(ref, "sent on a channel")
			}
		case *ssa.Return:
			keep(ref, "returned")
		case *ssa.UnOp:
			if _, cell := s.(*ssa.Alloc); cell && refers(ref.Type()) {
				v.follow(p, ref)
			}
		case *ssa.FieldAddr, *ssa.IndexAddr:
			if local(s) {
				v.follow(p, ref.(ssa.Value))
			}
		case *ssa.MakeClosure:
			v.follow(p, ref)
		case *ssa.Go:
			keep(ref, "used by a goroutine")
		case *ssa.Call:
			v.passed(p, s, ref, keep)
		}
	}
}

func (v *View) stored(p *ssafn.Program, s *ssa.Store, keep func(ssa.Instruction, string)) {
	addr := s.Addr
	for range 16 {
		switch a := addr.(type) {
		case *ssa.Alloc:
			v.follow(p, a)
			return
		case *ssa.FieldAddr:
			addr = a.X
		case *ssa.IndexAddr:
			addr = a.X
		case *ssa.MakeSlice:
			v.follow(p, a)
			return
		case *ssa.Slice:
			addr = a.X
		default:
			switch s.Addr.(type) {
			case *ssa.Global:
				keep(s, "kept in a package variable")
			case *ssa.FieldAddr:
				keep(s, "kept in a field")
			case *ssa.IndexAddr:
				keep(s, "an element of a slice")
			default:
				keep(s, "kept in a variable")
			}
			return
		}
	}
}

func (v *View) passed(p *ssafn.Program, s ssa.Value, call *ssa.Call, keep func(ssa.Instruction, string)) {
	common := call.Common()
	if b, ok := common.Value.(*ssa.Builtin); ok {
		if b.Name() == "append" {
			v.follow(p, call)
		}
		return
	}
	callee := ssafn.Callee(common)
	if callee == nil {
		return
	}
	for i, arg := range common.Args {
		if arg != s {
			continue
		}
		switch callee.String() {
		case "(*sync.Map).Store", "(*sync.Map).LoadOrStore", "(*sync.Map).Swap":
			keep(call, "kept in a sync.Map")
			return
		case "strings.Clone", "(*strings.Builder).WriteString", "(*bytes.Buffer).WriteString":
			return
		}
		if p.Fact(callee).Param(i).Retains || len(callee.Blocks) > 0 && i < len(callee.Params) && keepsString(p, callee, i, v.level+1) {
			keep(call, "kept by "+callee.Name())
			return
		}
		if f := p.Fact(callee); f != nil {
			for _, r := range f.Results {
				for _, j := range r.PointsTo {
					if j == i {
						v.follow(p, call)
					}
				}
			}
		}
	}
}

// keepsString reports whether a function puts a string that it is given where
// it stays.
func keepsString(p *ssafn.Program, f *ssa.Function, i, depth int) bool {
	if depth > 3 {
		return false
	}
	v := &View{values: map[ssa.Value]bool{}, level: depth}
	v.follow(p, f.Params[i])
	for _, k := range v.kept {
		if _, ret := k.At.(*ssa.Return); !ret {
			return true
		}
	}
	return false
}

// Harmed reports whether a change happens to the buffer while the string is in
// use: after it went out of sight, or before it is used again.
func (v *View) Harmed(p *ssafn.Program, c Change) (Kept, bool) {
	if c.At == v.Made {
		return Kept{}, false
	}
	for _, r := range v.Roots {
		if !v.touches(p, r, c) {
			continue
		}
		born, _ := r.Value.(ssa.Instruction)
		_, deferred := c.At.(*ssa.Defer)
		for _, k := range v.kept {
			_, ret := k.At.(*ssa.Return)
			if deferred {
				if ret {
					return Kept{At: k.At, How: "returned"}, true
				}
				if Reaches(c.At, k.At) || Reaches(k.At, c.At) {
					return k, true
				}
				continue
			}
			if !ret && reachesAnew(k.At, c.At, born) {
				return k, true
			}
		}
		if deferred || !reachesAnew(v.Made, c.At, born) {
			continue
		}
		if at := v.usedAfter(c.At); at != nil {
			return Kept{At: at, How: "used later", After: true}, true
		}
	}
	return Kept{}, false
}

// reachesAnew is [reachesWithout] for a buffer that may be made anew in between.
func reachesAnew(from, to, born ssa.Instruction) bool {
	if born == nil || born.Parent() != from.Parent() {
		return Reaches(from, to)
	}
	return reachesWithout(from, to, born)
}

// usedAfter returns a use, after an instruction, of the string or of something
// that holds it, which is not made anew before that.
func (v *View) usedAfter(at ssa.Instruction) ssa.Instruction {
	var first ssa.Instruction
	for val := range v.values {
		u := nextUse(val, at)
		if u != nil && (first == nil || u.Pos() < first.Pos()) {
			first = u
		}
	}
	return first
}

// nextUse returns a use of v that can follow an instruction. A variable that is
// assigned first is not used.
func nextUse(v ssa.Value, after ssa.Instruction) ssa.Instruction {
	var found ssa.Instruction
	note := func(instr ssa.Instruction) {
		if found == nil || instr.Pos().IsValid() && instr.Pos() < found.Pos() {
			found = instr
		}
	}
	Walk(after, func(instr ssa.Instruction) bool {
		if def, ok := instr.(ssa.Value); ok && def == v {
			return false
		}
		switch instr := instr.(type) {
		case *ssa.Phi, *ssa.DebugRef:
			return true
		case *ssa.Call:
			if b, ok := instr.Call.Value.(*ssa.Builtin); ok && b.Name() == "len" {
				return true // the length does not change
			}
		case *ssa.Store:
			if instr.Addr == v {
				return false
			}
		case *ssa.FieldAddr, *ssa.IndexAddr:
			if uses(instr, v) && !isRead(instr.(ssa.Value)) {
				return true
			}
		}
		if uses(instr, v) {
			note(instr)
			return false
		}
		return true
	}, func(from, to *ssa.BasicBlock) {
		if flowsIn(v, from, to) && len(from.Instrs) > 0 {
			if phi := to.Instrs[0].(*ssa.Phi); liveOut(phi, v, from, to) {
				note(to.Instrs[0])
			}
		}
	})
	return found
}

// liveOut reports whether a phi that takes v from a block is used at all.
func liveOut(first *ssa.Phi, v ssa.Value, from, to *ssa.BasicBlock) bool {
	for _, instr := range first.Block().Instrs {
		phi, ok := instr.(*ssa.Phi)
		if !ok {
			return false
		}
		for i, pred := range to.Preds {
			if pred == from && phi.Edges[i] == v && len(*phi.Referrers()) > 0 {
				return true
			}
		}
	}
	return false
}

// isRead reports whether an address is read from.
func isRead(addr ssa.Value) bool {
	for _, ref := range *addr.Referrers() {
		if _, store := ref.(*ssa.Store); !store {
			return true
		}
	}
	return false
}

// touches reports whether a change concerns the buffer of a root.
func (v *View) touches(p *ssafn.Program, r Root, c Change) bool {
	if c.Owner != nil {
		return r.Owns(c.Owner)
	}
	for _, o := range RootsOf(p, c.Write.Target, false) {
		if !o.String && r.Same(o) {
			return true
		}
	}
	return false
}
