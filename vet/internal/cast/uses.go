package cast

import (
	"go/token"
	"go/types"
	"slices"

	"golang.org/x/tools/go/ssa"

	"moho/vet/internal/prov"
	"moho/vet/internal/ssafn"
)

// Bounds of one walk forwards.
const (
	maxVisits = 500
	maxCalls  = 3 // calls that one way goes into, or returns from

	// maxConditions bounds the branches on the way into a block that are looked at:
	// generated functions have tens of thousands, one below the other.
	maxConditions = 256
)

// A Use is what is done through a pointer.
type Use struct {
	// Reach is how far memory is read or written, in bytes from the pointer; 0
	// when it is not touched. At is the access that reaches that far.
	Reach int64
	At    ssa.Instruction
	Store bool // that access writes

	// Accesses that are made only where something in the memory itself says so
	// (a kind, a flag, a length) count for Claimed alone.
	Claimed int64

	// Kept is set when the pointer goes where it can't be followed: into memory,
	// or back to callers outside the package. A call of a function that can't be
	// seen does not count, it may be told the size.
	Kept bool
}

type uses struct {
	p     *ssafn.Program
	base  ssa.Value
	seen  map[ssa.Value]bool
	calls int
	told  int // conditions on the memory itself on the way
	use   Use
}

// Uses follows pointer v forwards.
func Uses(p *ssafn.Program, v ssa.Value) Use {
	u := &uses{p: p, base: prov.Strip(v), seen: map[ssa.Value]bool{}}
	u.follow(v, 0)
	return u.use
}

func (u *uses) touch(instr ssa.Instruction, off int64, t types.Type, store bool) {
	n, ok := u.p.Sizeof(t)
	if !ok {
		return
	}
	if u.told > 0 || u.depends(instr.Block()) {
		u.use.Claimed = max(u.use.Claimed, off+n)
		return
	}
	if off+n > u.use.Reach {
		u.use.Reach, u.use.At, u.use.Store = off+n, instr, store
	}
}

// depends reports whether b is reached only under a condition that looks into
// the memory that is followed.
func (u *uses) depends(b *ssa.BasicBlock) bool {
	n := 0
	for d := b; d != nil; d = d.Idom() {
		if n++; n > maxConditions {
			return true // not known
		}
		up := d.Idom()
		if up == nil || len(up.Instrs) == 0 {
			break
		}
		last, ok := up.Instrs[len(up.Instrs)-1].(*ssa.If)
		if ok && u.looks(last.Cond, 0) {
			return true
		}
	}
	return false
}

// looks reports whether v is computed from what lies in the memory.
func (u *uses) looks(v ssa.Value, depth int) bool {
	if depth > 8 {
		return false
	}
	switch v := v.(type) {
	case *ssa.UnOp:
		if v.Op == token.MUL {
			return u.own(v.X)
		}
		return u.looks(v.X, depth+1)
	case *ssa.BinOp:
		return u.looks(v.X, depth+1) || u.looks(v.Y, depth+1)
	case *ssa.Convert:
		return u.looks(v.X, depth+1)
	case *ssa.Call:
		return slices.ContainsFunc(v.Call.Args, u.own)
	case *ssa.Phi:
		return slices.ContainsFunc(v.Edges, func(e ssa.Value) bool { return u.looks(e, depth+3) })
	}
	return false
}

// own reports an address in the memory that is followed.
func (u *uses) own(addr ssa.Value) bool {
	for range 16 {
		if u.seen[addr] || addr == u.base {
			return true
		}
		switch a := addr.(type) {
		case *ssa.FieldAddr:
			addr = a.X
		case *ssa.IndexAddr:
			addr = a.X
		case *ssa.Convert:
			addr = a.X
		case *ssa.ChangeType:
			addr = a.X
		default:
			return false
		}
	}
	return false
}

// follow looks at what is done with a pointer off bytes from the one asked for.
func (u *uses) follow(v ssa.Value, off int64) {
	refs := v.Referrers()
	if refs == nil || u.seen[v] || len(u.seen) >= maxVisits {
		return
	}
	u.seen[v] = true
	for _, ref := range *refs {
		switch ref := ref.(type) {
		case *ssa.UnOp:
			if ref.Op == token.MUL {
				u.touch(ref, off, ref.Type(), false)
			}
		case *ssa.Store:
			if ref.Addr == v {
				u.touch(ref, off, ref.Val.Type(), true)
			} else if !u.local(ref) {
				u.use.Kept = true
			}
		case *ssa.FieldAddr:
			if st, ok := pointee(v.Type()).Underlying().(*types.Struct); ok {
				if _, ok := u.p.Sizeof(st); ok {
					u.follow(ref, off+u.p.Offsetof(st, ref.Field))
				}
			}
		case *ssa.IndexAddr:
			if n, ok := u.p.Sizeof(pointee(ref.Type())); ok {
				i, known := constInt(ref.Index)
				if !known {
					i = 0
				}
				u.follow(ref, off+i*n)
			}
		case *ssa.Phi:
			u.follow(ref, off)
		case *ssa.ChangeType:
			u.follow(ref, off)
		case *ssa.MakeInterface:
			u.use.Kept = true
		case *ssa.Return:
			u.returned(ref, v, off)
		case ssa.CallInstruction:
			u.passed(ref, v, off)
		}
	}
}

// local follows a pointer that is kept in a local variable.
func (u *uses) local(s *ssa.Store) bool {
	a, ok := s.Addr.(*ssa.Alloc)
	if !ok {
		return false
	}
	for _, ref := range *a.Referrers() {
		if load, ok := ref.(*ssa.UnOp); ok && load.Op == token.MUL {
			u.follow(load, 0)
		}
	}
	return true
}

func (u *uses) passed(call ssa.CallInstruction, v ssa.Value, off int64) {
	callee := ssafn.Callee(call.Common())
	if callee == nil || len(callee.Blocks) == 0 || u.calls == maxCalls {
		return
	}
	if u.depends(call.Block()) {
		u.told++
		defer func() { u.told-- }()
	}
	for i, arg := range call.Common().Args {
		if arg == v && i < len(callee.Params) {
			u.calls++
			u.follow(callee.Params[i], off)
			u.calls--
		}
	}
}

// returned goes on in the package's callers.
func (u *uses) returned(r *ssa.Return, v ssa.Value, off int64) {
	calls, complete := u.p.Callers(r.Parent())
	if !complete {
		u.use.Kept = true
	}
	if u.calls == maxCalls {
		return
	}
	u.calls++
	defer func() { u.calls-- }()
	for i, result := range r.Results {
		if result != v {
			continue
		}
		for _, c := range calls {
			call, ok := c.(*ssa.Call)
			if !ok {
				continue
			}
			if len(r.Results) == 1 {
				u.follow(call, off)
				continue
			}
			for _, ref := range *call.Referrers() {
				if e, ok := ref.(*ssa.Extract); ok && e.Index == i {
					u.follow(e, off)
				}
			}
		}
	}
}
