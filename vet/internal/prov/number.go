package prov

import (
	"go/constant"
	"go/token"
	"go/types"

	"golang.org/x/tools/go/ssa"

	"moho/vet/internal/rule"
	"moho/vet/internal/ssafn"
)

// A NumberKind says why an integer is no address.
type NumberKind uint8

// The kinds of numbers.
const (
	Small  NumberKind = iota // a constant below the first page that Go uses
	Large                    // any other constant but 0 and -1
	Handle                   // a runtime/cgo.Handle, which counts from 1
	Narrow                   // of a type that addresses do not have: int, int32, uint8 …
	Forged                   // an address, some bits of which are something else
)

// MinLegalPointer is the least address that the runtime takes for one; a
// smaller one on a stack that is copied is fatal.
//
// Source: $GOROOT/src/runtime/malloc.go (minLegalPointer), go1.26.
const MinLegalPointer = 4096

// A Number is a value that is no address and may be what an integer holds.
type Number struct {
	Kind NumberKind
	Pos  token.Pos
	Text string
	Path []rule.Step // hops after it, in execution order
}

// Numbers lists what integer v may hold that is no address, in the order found.
func Numbers(p *ssafn.Program, v ssa.Value) []Number {
	w := &numberWalker{p: p, seen: map[ssa.Value]bool{}}
	w.walk(v, nil)
	return w.out
}

type numberWalker struct {
	p    *ssafn.Program
	seen map[ssa.Value]bool
	out  []Number
}

func (w *numberWalker) add(k NumberKind, pos token.Pos, text string, path []rule.Step) {
	w.out = append(w.out, Number{k, pos, text, path})
}

func (w *numberWalker) walk(v ssa.Value, path []rule.Step) {
	if w.seen[v] || len(w.seen) >= maxVisits || !isInteger(v.Type()) {
		return
	}
	w.seen[v] = true
	if isHandle(v.Type()) {
		w.add(Handle, v.Pos(), "a cgo.Handle", path)
		return
	}
	before := func(pos token.Pos, text string) []rule.Step {
		return append([]rule.Step{{Pos: pos, Text: text}}, path...)
	}
	switch v := v.(type) {
	case *ssa.Const:
		w.constant(v, path)
	case *ssa.ChangeType:
		w.walk(v.X, path)
	case *ssa.Convert:
		if narrow(w.p, v.X.Type()) {
			if _, ok := v.X.(*ssa.Const); !ok {
				w.add(Narrow, v.Pos(), "a number of type "+TypeName(v.X.Type()), path)
				return
			}
		}
		w.walk(v.X, path)
	case *ssa.BinOp:
		w.forged(v, path)
	case *ssa.Phi:
		for _, e := range v.Edges {
			w.walk(e, path)
		}
	case *ssa.UnOp:
		if v.Op != token.MUL {
			return
		}
		stores, _ := w.p.StoresTo(v.X)
		for _, s := range stores {
			w.walk(s.Val, before(s.Pos(), "kept in "+cellName(v.X)))
		}
	case *ssa.Parameter:
		calls, _ := w.p.Callers(v.Parent())
		for i, c := range calls {
			if arg := Argument(c, v); arg != nil && i < maxCallers {
				w.walk(arg, before(c.Pos(), "passed to "+FuncName(v.Parent())+" as "+v.Name()))
			}
		}
	case *ssa.Call:
		if f := ssafn.Callee(v.Common()); f != nil && !ssafn.IsCgo(f) {
			for _, r := range Results(f, 0) {
				w.walk(r, before(v.Pos(), "returned by "+FuncName(f)))
			}
		}
	}
}

func (w *numberWalker) constant(v *ssa.Const, path []rule.Step) {
	if v.Value == nil {
		return
	}
	n, exact := constant.Int64Val(constant.ToInt(v.Value))
	if u, ok := constant.Uint64Val(constant.ToInt(v.Value)); ok && !exact {
		n = int64(u)
	}
	switch {
	case n == 0 || n > -MinLegalPointer && n < 0:
		// nil, and the error values of C and the kernel
	case n > 0 && n < MinLegalPointer:
		w.add(Small, token.NoPos, "the constant "+v.Value.String(), path)
	default:
		w.add(Large, token.NoPos, "the constant "+v.Value.String(), path)
	}
}

// forged finds addresses with bits that are none of theirs: low bits replaced
// by more than a tag in what alignment leaves free, or high bits set.
func (w *numberWalker) forged(v *ssa.BinOp, path []rule.Step) {
	switch v.Op {
	case token.OR, token.XOR, token.ADD:
	default:
		return
	}
	c, ok := constUint(v.Y)
	if !ok || c == 0 || len(Births(w.p, v.X, nil)) == 0 {
		return
	}
	cleared, _ := v.X.(*ssa.BinOp)
	var mask uint64
	if cleared != nil {
		if m, ok := constUint(cleared.Y); ok {
			switch cleared.Op {
			case token.AND_NOT:
				mask = m
			case token.AND:
				mask = ^m
			}
		}
	}
	if mask >= MinLegalPointer-1 && c <= mask || v.Op != token.ADD && c >= 1<<48 {
		w.add(Forged, v.Pos(), "an address with other bits in it", path)
	}
}

func constUint(v ssa.Value) (uint64, bool) {
	c, ok := v.(*ssa.Const)
	if !ok || c.Value == nil {
		return 0, false
	}
	if n, ok := constant.Uint64Val(constant.ToInt(c.Value)); ok {
		return n, true
	}
	n, ok := constant.Int64Val(constant.ToInt(c.Value))
	return uint64(n), ok
}

func isHandle(t types.Type) bool {
	named, ok := types.Unalias(t).(*types.Named)
	return ok && named.Obj().Name() == "Handle" && named.Obj().Pkg() != nil && named.Obj().Pkg().Path() == "runtime/cgo"
}

// narrow reports integer types that nobody keeps addresses in: narrower than
// one, or signed as counters are. Unsigned ones of 32 bits are addresses in
// programs for 32-bit machines and for WebAssembly.
func narrow(p *ssafn.Program, t types.Type) bool {
	b, ok := t.Underlying().(*types.Basic)
	if !ok || ssafn.IsCType(t) {
		return false
	}
	switch b.Kind() {
	case types.Int, types.Int8, types.Int16, types.Int32, types.Uint8, types.Uint16:
		return true
	}
	return false
}
