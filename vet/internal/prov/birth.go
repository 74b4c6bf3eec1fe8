package prov

import (
	"go/constant"
	"go/token"
	"maps"
	"slices"

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
	Hops     []Hop       // the same hops, for rules that ask what they were

	// Memory is set for an address that was taken in another package, of which
	// nothing but a summary is there; Pointer is nil then.
	Memory Kind
}

// A Way is how an integer got from one place to the next.
type Way uint8

// The ways.
const (
	Passed   Way = iota // as an argument
	Returned            // as a result
	Stored              // in a variable, field, package variable or container
)

// A Hop is one stop of an integer on its way from its birth.
type Hop struct {
	rule.Step
	Way  Way
	Call ssa.CallInstruction // that passed or returned it
	From *ssa.Function       // that returned it, where the call does not say
	Cell ssa.Value           // what it was stored in: an address or a container
	At   ssa.Instruction     // that stored it
}

// hop is a step on the way back, linked towards the value asked for.
type hop struct {
	Hop
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
		b.Path = append(b.Path, h.Step)
		b.Hops = append(b.Hops, h.Hop)
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
		case token.ARROW:
			w.elems(v.X, v, "sent on "+valueName(v.X), h)
		}
	case *ssa.Field:
		if ptr := headerData(w.p, v); ptr != nil {
			w.born(v, v.Pos(), ptr, ctx, straight, h)
			return
		}
		w.stores(w.p.StoresToField(v), v, "kept in field "+fieldName(v), v, ctx, h)
	case *ssa.Index:
		w.elems(v.X, v, "kept in "+valueName(v.X), h)
	case *ssa.Lookup:
		w.elems(v.X, v, "kept in "+valueName(v.X), h)
	case *ssa.TypeAssert:
		w.boxed(v.X, v.AssertedType, ctx, h, 0)
	case *ssa.Phi:
		for _, e := range v.Edges {
			w.walk(e, ctx, false, h)
		}
	case *ssa.Parameter:
		w.parameter(v, ctx, h)
	case *ssa.Call:
		w.call(v, 0, ctx, straight, h)
	case *ssa.Extract:
		w.extract(v, ctx, straight, h)
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
	if ia, ok := v.X.(*ssa.IndexAddr); ok {
		w.elems(ia.X, v, "kept in "+valueName(ia.X), h)
		return
	}
	stores, _ := w.p.StoresTo(v.X)
	w.stores(stores, v, "kept in "+cellName(v.X), v.X, ctx, h)
	w.pointed(v, ctx, h)
}

func (w *birthWalker) parameter(v *ssa.Parameter, ctx *Context, h *hop) {
	fn := v.Parent()
	if KeepsIntegers(w.p, fn) {
		return
	}
	pass := func(c ssa.CallInstruction, up *Context) {
		if arg := Argument(c, v); arg != nil {
			step := rule.Step{Pos: c.Pos(), Text: "passed to " + FuncName(fn) + " as " + v.Name()}
			w.walk(arg, up, false, &hop{Hop{Step: step, Way: Passed, Call: c}, h})
		}
	}
	if ctx.enters(w.p, fn) {
		pass(ctx.call, ctx.up)
		return
	}
	calls, _ := w.p.Callers(fn)
	for i, c := range append(slices.Clip(calls), w.p.DynamicCallers(fn)...) {
		if i == maxCallers {
			break
		}
		pass(c, nil)
	}
}

func (w *birthWalker) call(v *ssa.Call, result int, ctx *Context, straight bool, h *hop) {
	if ctx != nil && ctx.depth >= maxDepth {
		return
	}
	callee := ssafn.Callee(v.Common())
	if callee == nil {
		w.dynamic(v, result, ctx, h)
		return
	}
	if ssafn.IsCgo(callee) {
		return
	}
	switch callee.String() {
	case "(reflect.Value).Pointer", "(reflect.Value).UnsafeAddr":
		w.born(v, v.Pos(), v.Call.Args[0], ctx, straight, h).Reflect = true
		return
	}
	if ssafn.IsAtomic(callee, "Load") || ssafn.IsAtomic(callee, "Swap") {
		w.elems(v.Call.Args[0], v, "kept in "+valueName(v.Call.Args[0]), h)
		return
	}
	step := rule.Step{Pos: v.Pos(), Text: "returned by " + FuncName(callee)}
	returned := &hop{Hop{Step: step, Way: Returned, Call: v}, h}
	for _, r := range Results(callee, result) {
		w.walk(r, Push(ctx, v), false, returned)
	}
	if len(callee.Blocks) == 0 {
		w.foreign(v, callee, result, ctx, returned)
	}
}

// dynamic goes on at the results of all functions that the call may enter.
func (w *birthWalker) dynamic(v *ssa.Call, result int, ctx *Context, h *hop) {
	for _, f := range w.p.Targets(&v.Call) {
		step := rule.Step{Pos: v.Pos(), Text: "returned by " + FuncName(f)}
		for _, r := range Results(f, result) {
			w.walk(r, Push(ctx, v), false, &hop{Hop{Step: step, Way: Returned, Call: v, From: f}, h})
		}
	}
}

// foreign asks what another package tells of the function's result.
func (w *birthWalker) foreign(v *ssa.Call, callee *ssa.Function, result int, ctx *Context, h *hop) {
	r := w.p.Fact(callee).Result(result)
	if r.AddressIs != 0 {
		w.born(v, v.Pos(), nil, ctx, false, h).Memory = r.AddressIs
	}
	for _, i := range r.AddressOf {
		if i < 0 || i >= len(v.Call.Args) {
			continue
		}
		if arg := v.Call.Args[i]; isInteger(arg.Type()) {
			w.walk(arg, ctx, false, h)
		} else {
			w.born(v, v.Pos(), arg, ctx, false, h)
		}
	}
}
