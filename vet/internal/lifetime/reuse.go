package lifetime

import (
	"fmt"
	"go/token"
	"go/types"

	"golang.org/x/tools/go/ssa"

	"moho/vet/internal/fact"
	"moho/vet/internal/ssafn"
)

// A Change is a moment after which the bytes of a buffer are others'.
type Change struct {
	At    ssa.Instruction
	How   string
	Write *Write    // set when the change is a write to Write.Target
	Owner ssa.Value // else the object whose buffer is used again
}

// Changes lists the moments in f at which buffers are written to or given up for
// use again.
func Changes(p *ssafn.Program, f *ssa.Function) []Change {
	var out []Change
	for _, w := range Writes(p, f) {
		if !partial(w.Target) {
			out = append(out, Change{At: w.At, How: w.How, Write: &w})
		}
	}
	for _, b := range f.Blocks {
		for _, instr := range b.Instrs {
			if call, ok := instr.(ssa.CallInstruction); ok {
				if owner, how := reuses(p, call); owner != nil {
					out = append(out, Change{At: call, How: how, Owner: owner})
				}
				if w, ok := refilled(call); ok {
					out = append(out, Change{At: call, How: w.How, Write: &w})
				}
			}
		}
	}
	return out
}

// partial reports a part of a buffer that begins at a place which is worked
// out: buffers that are filled piece by piece are written to where nothing was.
func partial(v ssa.Value) bool {
	for range 32 {
		switch u := v.(type) {
		case *ssa.Slice:
			if u.Low != nil {
				if c, ok := u.Low.(*ssa.Const); !ok || c.Int64() != 0 {
					return true
				}
			}
			v = u.X
		case *ssa.IndexAddr:
			v = u.X
		case *ssa.ChangeType:
			v = u.X
		case *ssa.Convert:
			v = u.X
		case *ssa.MakeInterface:
			v = u.X
		case *ssa.Call:
			b, ok := u.Call.Value.(*ssa.Builtin)
			if !ok || len(u.Call.Args) == 0 {
				return false
			}
			if b.Name() == "Add" {
				return true
			}
			v = u.Call.Args[0]
		default:
			return false
		}
	}
	return false
}

// refilled reports an append to what was cut to its beginning before, on some
// way: the second half of buf = buf[:0].
func refilled(call ssa.CallInstruction) (Write, bool) {
	common := call.Common()
	b, ok := common.Value.(*ssa.Builtin)
	if !ok || b.Name() != "append" {
		return Write{}, false
	}
	if _, direct := common.Args[0].(*ssa.Slice); direct || !cut(common.Args[0], map[ssa.Value]bool{}) {
		return Write{}, false
	}
	return Write{At: call, Target: common.Args[0], How: "is filled again from its beginning"}, true
}

func cut(v ssa.Value, seen map[ssa.Value]bool) bool {
	if seen[v] || len(seen) > 40 {
		return false
	}
	seen[v] = true
	switch u := v.(type) {
	case *ssa.Slice:
		if u.High == nil {
			return false
		}
		c, ok := u.High.(*ssa.Const)
		return ok && c.Int64() == 0
	case *ssa.Phi:
		for _, e := range u.Edges {
			if cut(e, seen) {
				return true
			}
		}
	case *ssa.ChangeType:
		return cut(u.X, seen)
	}
	return false
}

// reuses returns the object whose buffer a call begins to use again, and how
// the call does it.
func reuses(p *ssafn.Program, call ssa.CallInstruction) (owner ssa.Value, how string) {
	common := call.Common()
	callee := ssafn.Callee(common)
	if callee == nil {
		return nil, ""
	}
	switch callee.String() {
	case "(*sync.Pool).Put":
		return unboxed(common.Args[1]), "is put into a pool"
	case "(*bytes.Buffer).Reset", "(*bytes.Buffer).Truncate", "(*bufio.Scanner).Scan", "(*bufio.Reader).Reset", "(*bufio.Reader).Discard",
		"(*bufio.Reader).Read", "(*bufio.Reader).ReadByte", "(*bufio.Reader).ReadSlice", "(*bufio.Reader).ReadLine", "(*bufio.Reader).ReadBytes",
		"(*bufio.Reader).ReadString", "(*bufio.Reader).ReadRune", "(*bufio.Reader).Peek":
		return common.Args[0], "is used again by " + callee.Name()
	}
	known := p.Fact(callee)
	for i, arg := range common.Args {
		if known.Param(i).Reuses {
			return arg, "is used again by " + callee.Name()
		}
	}
	return nil, ""
}

// lender returns the object whose buffer a call gives out, nil when it does not.
func lender(p *ssafn.Program, call *ssa.Call) ssa.Value {
	callee := ssafn.Callee(call.Common())
	if callee == nil || len(call.Call.Args) == 0 {
		return nil
	}
	switch callee.String() {
	case "(*bytes.Buffer).Bytes", "(*bytes.Buffer).Next", "(*bufio.Scanner).Bytes", "(*bufio.Reader).Peek", "(*bufio.Reader).ReadSlice",
		"(*bufio.Reader).ReadLine", "(*bytes.Buffer).AvailableBuffer":
		return call.Call.Args[0]
	}
	if f := p.Fact(callee); f != nil && len(callee.Blocks) == 0 {
		for _, r := range f.Results {
			for _, v := range r.Views {
				if v.Param < len(call.Call.Args) {
					return call.Call.Args[v.Param]
				}
			}
		}
	}
	return nil
}

// Key tells places apart: two values with one key are the same object as far
// as can be seen.
func Key(v ssa.Value) string { return key(v, 0) }

func key(v ssa.Value, depth int) string {
	if v == nil || depth > 12 {
		return "?"
	}
	switch u := v.(type) {
	case *ssa.UnOp:
		if a, ok := u.X.(*ssa.Alloc); ok && u.Op == token.MUL {
			if s := onlyStore(a); s != nil {
				return key(s, depth+1)
			}
		}
		return "*" + key(u.X, depth+1)
	case *ssa.FieldAddr:
		return fmt.Sprintf("%s.%d", key(u.X, depth+1), u.Field)
	case *ssa.ChangeType:
		return key(u.X, depth+1)
	case *ssa.MakeInterface:
		return key(u.X, depth+1)
	case *ssa.TypeAssert:
		return key(u.X, depth+1)
	case *ssa.Extract:
		if a, ok := u.Tuple.(*ssa.TypeAssert); ok && u.Index == 0 {
			return key(a.X, depth+1)
		}
	case *ssa.Convert:
		if isPointer(u.X.Type()) {
			return key(u.X, depth+1)
		}
	case *ssa.Slice:
		return key(u.X, depth+1)
	}
	return fmt.Sprintf("%p", v)
}

// Owns reports whether the object that is used again is the buffer of a root or
// leads to it.
func (r Root) Owns(owner ssa.Value) bool {
	want := Key(owner)
	for _, v := range []ssa.Value{r.Value, r.Base} {
		for range 12 {
			if v == nil {
				break
			}
			if Key(v) == want {
				return true
			}
			switch u := v.(type) {
			case *ssa.FieldAddr:
				v = u.X
			case *ssa.UnOp:
				v = u.X
			case *ssa.Slice:
				v = u.X
			case *ssa.Alloc:
				v = onlyStore(u)
			default:
				v = nil
			}
		}
	}
	return false
}

// Same reports whether two roots are one buffer.
func (r Root) Same(o Root) bool {
	return r.Value == o.Value || Key(r.Value) == Key(o.Value)
}

// SummariseReuse adds whether a function begins to use a parameter's buffer
// again: by cutting a field to its beginning, by writing to it, by Reset of what
// a field is.
func SummariseReuse(p *ssafn.Program, f *ssa.Function, out *fact.Func) {
	if len(f.Params) == 0 || len(f.Blocks) == 0 || ssafn.IsCgo(f) {
		return
	}
	mark := func(owner ssa.Value) {
		for range 12 {
			switch u := owner.(type) {
			case *ssa.FieldAddr:
				owner = u.X
				continue
			case *ssa.UnOp:
				owner = u.X
				continue
			case *ssa.Slice:
				owner = u.X
				continue
			case *ssa.Parameter:
				if _, pointer := u.Type().Underlying().(*types.Pointer); pointer {
					if i := paramOf(f, u); i >= 0 {
						out.SetParam(i).Reuses = true
					}
				}
			}
			return
		}
	}
	for _, b := range f.Blocks {
		for _, instr := range b.Instrs {
			if s, ok := instr.(*ssa.Store); ok && cutsItself(s) {
				mark(s.Addr)
			}
		}
	}
	for _, c := range Changes(p, f) {
		if c.Owner != nil {
			mark(c.Owner)
			continue
		}
		for _, r := range RootsOf(p, c.Write.Target, false) {
			if r.Base != nil {
				mark(r.Base)
			}
		}
	}
}

// cutsItself reports x.f = x.f[:0].
func cutsItself(s *ssa.Store) bool {
	slice, ok := s.Val.(*ssa.Slice)
	if !ok || !cut(slice, map[ssa.Value]bool{}) {
		return false
	}
	load, ok := slice.X.(*ssa.UnOp)
	return ok && load.Op == token.MUL && isField(s.Addr) && Key(load.X) == Key(s.Addr)
}

func isField(v ssa.Value) bool {
	_, ok := v.(*ssa.FieldAddr)
	return ok
}
