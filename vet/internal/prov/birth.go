package prov

import (
	"go/constant"
	"go/token"
	"go/types"
	"maps"

	"golang.org/x/tools/go/ssa"

	"moho/vet/internal/rule"
	"moho/vet/internal/ssafn"
)

// A Birth is a place where the address that an integer holds was taken.
type Birth struct {
	Pos     token.Pos // of the conversion, call or selector
	Pointer ssa.Value // what the address belongs to
	Context *Context  // in which Pointer is to be asked for
	From    ssa.Value // the integer as born
	// Straight is set when only arithmetic lies between the birth and the
	// value asked for: no variable that has several values, memory or call.
	Straight bool
	Reflect  bool        // given out by a reflect.Value
	Path     []rule.Step // hops after the birth, in execution order
}

// hop is a step on the way back, linked towards the value asked for.
type hop struct {
	step rule.Step
	next *hop
}

type birthWalker struct {
	p      *ssafn.Program
	seen   map[visit]bool
	out    []Birth
	nested int            // subtrahends being looked at
	holds  map[visit]bool // subtrahends looked at, shared with the walks inside
	left   *int           // visits that remain, shared too
}

// Births lists where integer v got an address from, in the order found. An
// integer that is a difference of two addresses, the low bits of one, or a
// product holds none.
func Births(p *ssafn.Program, v ssa.Value, ctx *Context) []Birth {
	left := maxVisits
	w := &birthWalker{p: p, seen: map[visit]bool{}, holds: map[visit]bool{}, left: &left}
	w.walk(v, ctx, true, nil)
	return w.out
}

func (w *birthWalker) born(v ssa.Value, pos token.Pos, ptr ssa.Value, ctx *Context, straight bool, h *hop) *Birth {
	b := Birth{Pos: pos, Pointer: ptr, Context: ctx, From: v, Straight: straight}
	for ; h != nil; h = h.next {
		b.Path = append(b.Path, h.step)
	}
	w.out = append(w.out, b)
	return &w.out[len(w.out)-1]
}

func (w *birthWalker) walk(v ssa.Value, ctx *Context, straight bool, h *hop) {
	if *w.left == 0 || w.seen[visit{v, ctx}] || !isInteger(v.Type()) {
		return
	}
	*w.left--
	w.seen[visit{v, ctx}] = true
	switch v := v.(type) {
	case *ssa.Convert:
		if isUnsafePointer(v.X.Type()) {
			w.born(v, v.Pos(), v.X, ctx, straight, h)
		} else {
			w.walk(v.X, ctx, straight, h)
		}
	case *ssa.ChangeType:
		w.walk(v.X, ctx, straight, h)
	case *ssa.BinOp:
		w.arithmetic(v, ctx, straight, h)
	case *ssa.UnOp:
		switch v.Op {
		case token.MUL:
			w.load(v, ctx, straight, h)
		case token.XOR:
			w.walk(v.X, ctx, straight, h)
		}
	case *ssa.Field:
		if ptr := headerData(w.p, v); ptr != nil {
			w.born(v, v.Pos(), ptr, ctx, straight, h)
		}
	case *ssa.Phi:
		for _, e := range v.Edges {
			w.walk(e, ctx, false, h)
		}
	case *ssa.Parameter:
		w.parameter(v, ctx, h)
	case *ssa.Call:
		w.call(v, 0, ctx, straight, h)
	case *ssa.Extract:
		if call, ok := v.Tuple.(*ssa.Call); ok {
			w.call(call, v.Index, ctx, straight, h)
		}
	}
}

// arithmetic follows the operands that can carry the address.
func (w *birthWalker) arithmetic(v *ssa.BinOp, ctx *Context, straight bool, h *hop) {
	switch v.Op {
	case token.ADD, token.OR, token.XOR:
		w.walk(v.X, ctx, straight, h)
		w.walk(v.Y, ctx, straight, h)
	case token.SUB:
		if !w.address(v.Y, ctx) { // else a distance
			w.walk(v.X, ctx, straight, h)
		}
	case token.AND:
		if !lowBits(v.Y) && !lowBits(v.X) {
			w.walk(v.X, ctx, straight, h)
			w.walk(v.Y, ctx, straight, h)
		}
	case token.AND_NOT, token.SHL, token.SHR:
		w.walk(v.X, ctx, straight, h)
	}
}

// address reports whether v holds an address. What the walk has seen on its
// way here is left out, so a loop does not ask about itself.
func (w *birthWalker) address(v ssa.Value, ctx *Context) bool {
	if w.nested >= 3 {
		return false
	}
	key := visit{v, ctx}
	if known, ok := w.holds[key]; ok {
		return known
	}
	w.holds[key] = false // while it is being looked at
	in := &birthWalker{p: w.p, seen: maps.Clone(w.seen), nested: w.nested + 1, holds: w.holds, left: w.left}
	in.walk(v, ctx, true, nil)
	w.holds[key] = len(in.out) > 0
	return w.holds[key]
}

// lowBits reports a mask that keeps an offset within a page at most.
func lowBits(v ssa.Value) bool {
	c, ok := v.(*ssa.Const)
	if !ok || c.Value == nil {
		return false
	}
	n, exact := constant.Uint64Val(constant.ToInt(c.Value))
	return exact && n < 1<<16
}

func (w *birthWalker) load(v *ssa.UnOp, ctx *Context, straight bool, h *hop) {
	if fa, ok := v.X.(*ssa.FieldAddr); ok {
		if ptr := headerDataAt(w.p, fa); ptr != nil {
			w.born(v, fa.Pos(), ptr, ctx, straight, h)
			return
		}
	}
	stores, _ := w.p.StoresTo(v.X)
	for _, s := range stores {
		c := ctx
		if s.Parent() != v.Parent() {
			c = nil
		}
		step := rule.Step{Pos: s.Pos(), Text: "kept in " + cellName(v.X)}
		w.walk(s.Val, c, false, &hop{step, h})
	}
}

// cellName says in words where a value is kept.
func cellName(addr ssa.Value) string {
	switch a := addr.(type) {
	case *ssa.Alloc:
		return "variable " + a.Comment
	case *ssa.FreeVar:
		return "captured variable " + a.Name()
	case *ssa.Global:
		return "package variable " + a.Name()
	case *ssa.FieldAddr:
		if f := ssafn.Field(a); f != nil {
			return "field " + f.Name()
		}
	}
	return "memory"
}

func (w *birthWalker) parameter(v *ssa.Parameter, ctx *Context, h *hop) {
	fn := v.Parent()
	if keepsIntegers(w.p, fn) {
		return
	}
	pass := func(c ssa.CallInstruction, up *Context) {
		if arg := Argument(c, v); arg != nil {
			step := rule.Step{Pos: c.Pos(), Text: "passed to " + FuncName(fn) + " as " + v.Name()}
			w.walk(arg, up, false, &hop{step, h})
		}
	}
	if ctx != nil && ssafn.Callee(ctx.call.Common()) == fn {
		pass(ctx.call, ctx.up)
		return
	}
	calls, _ := w.p.Callers(fn)
	for i, c := range calls {
		if i == maxCallers {
			break
		}
		pass(c, nil)
	}
}

// keepsIntegers reports functions whose callers' pointers the compiler keeps
// alive and in place while the integers are in use.
func keepsIntegers(p *ssafn.Program, f *ssa.Function) bool {
	d := p.Decl(f)
	if d == nil || d.Doc == nil {
		return false
	}
	for _, c := range d.Doc.List {
		if c.Text == "//go:uintptrescapes" || c.Text == "//go:uintptrkeepalive" {
			return true
		}
	}
	return false
}

func (w *birthWalker) call(v *ssa.Call, result int, ctx *Context, straight bool, h *hop) {
	callee := ssafn.Callee(v.Common())
	if callee == nil || ssafn.IsCgo(callee) || ctx != nil && ctx.depth >= maxDepth {
		return
	}
	switch callee.String() {
	case "(reflect.Value).Pointer", "(reflect.Value).UnsafeAddr":
		w.born(v, v.Pos(), v.Call.Args[0], ctx, straight, h).Reflect = true
		return
	}
	for _, r := range Results(callee, result) {
		step := rule.Step{Pos: v.Pos(), Text: "returned by " + FuncName(callee)}
		w.walk(r, Push(ctx, v), false, &hop{step, h})
	}
}

// FuncName is a function's name for a message: F, T.M, or "a function literal".
func FuncName(f *ssa.Function) string {
	if f.Parent() != nil {
		return "a function literal in " + FuncName(f.Parent())
	}
	if recv := f.Signature.Recv(); recv != nil {
		t := recv.Type()
		if ptr, ok := t.(*types.Pointer); ok {
			t = ptr.Elem()
		}
		return types.TypeString(t, func(*types.Package) string { return "" }) + "." + f.Name()
	}
	return f.Name()
}
