package ptrinnoscan

import (
	_ "embed"
	"fmt"
	"go/token"
	"go/types"
	"slices"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/ssa"

	"moho/evidence"
	"moho/vet/internal/cptr"
	"moho/vet/internal/extent"
	"moho/vet/internal/fact"
	"moho/vet/internal/layout"
	"moho/vet/internal/prov"
	"moho/vet/internal/rule"
	"moho/vet/internal/ssafn"
	"moho/vet/internal/summary"
)

//go:embed doc.go
var source string

// Rule is what people read about the analyzer.
var Rule = rule.New(source, rule.Rule{
	Name:     "ptr-in-noscan",
	Severity: evidence.High,
	Bad: `buf := make([]byte, 64)
*(**node)(unsafe.Pointer(&buf[8])) = n`,
	Good: `slots := make([]*node, 8)
slots[1] = n`,
	Fix:    "declare the memory with pointers in it ([]*T, []unsafe.Pointer), or store a cgo.Handle",
	Oracle: "garbage collections injected after the store, with clobberfree=1; GOEXPERIMENT=cgocheck2 for C memory",
	Source: "package unsafe, rule (1) of type Pointer; cmd/cgo, Passing pointers",
})

// Analyzer is the rule for go/analysis drivers. Its result is *rule.Hits.
var Analyzer = Rule.Analyzer(run, summary.Analyzer)

func run(pass *analysis.Pass) ([]rule.Hit, error) {
	p := pass.ResultOf[summary.Analyzer].(*ssafn.Program)
	var hits []rule.Hit
	for _, f := range p.Funcs {
		if ssafn.IsCgo(f) {
			continue
		}
		for _, b := range f.Blocks {
			for _, instr := range b.Instrs {
				if s, ok := storeOf(instr); ok && layout.HasPointers(s.val.Type()) {
					if h, ok := check(p, s); ok {
						hits = append(hits, h)
					}
				}
			}
		}
	}
	return hits, nil
}

// A store writes val to addr: an assignment, or a function of sync/atomic.
type store struct {
	instr     ssa.Instruction
	addr, val ssa.Value
}

func storeOf(instr ssa.Instruction) (store, bool) {
	switch i := instr.(type) {
	case *ssa.Store:
		return store{i, i.Addr, i.Val}, true
	case *ssa.Call:
		callee := ssafn.Callee(i.Common())
		if callee == nil {
			return store{}, false
		}
		switch callee.String() {
		case "sync/atomic.StorePointer", "sync/atomic.SwapPointer":
			return store{i, i.Call.Args[0], i.Call.Args[1]}, true
		case "sync/atomic.CompareAndSwapPointer":
			return store{i, i.Call.Args[0], i.Call.Args[2]}, true
		}
	}
	return store{}, false
}

func check(p *ssafn.Program, s store) (rule.Hit, bool) {
	base, cast := root(s.addr)
	cvar := cVariable(s.addr)
	if plain(base) && !cvar || isNil(s.val) || ssafn.IsFuncPointer(s.val.Type()) {
		return rule.Hit{}, false
	}
	sev := evidence.High
	pos, text := token.NoPos, ""
	if kinds := kindsOf(p, base); cvar {
		text = "a variable of C's"
	} else if foreign(kinds) {
		if c := prov.Of(p, base, nil); len(c) > 0 {
			pos, text = c[0].Pos, c[0].Text
		}
	} else {
		if !cast && !handedOut(p, base) {
			return rule.Hit{}, false
		}
		var scan extent.Scan
		scan, pos, text = extent.Scanning(p, s.addr, firstPointer(p, s.val.Type()))
		switch scan {
		case extent.Noscan:
		case extent.Claimed:
			sev = evidence.Medium
		default:
			return rule.Hit{}, false
		}
	}
	v := &value{p: p, into: pointee(base.Type()), one: single(p, base)}
	if !v.matters(s.val, 0) {
		return rule.Hit{}, false
	}
	if _, pinned := cptr.Pinned(p, s.val, s.instr); pinned || pins(s.instr.Parent()) {
		return rule.Hit{}, false
	}
	if v.whole {
		sev = evidence.Medium
	}
	what := v.text
	if what == "" {
		what = "a " + prov.TypeName(s.val.Type())
	}
	msg := fmt.Sprintf("%s stores a pointer to %s in %s, %s, where the garbage collector does not look for any",
		prov.FuncName(s.instr.Parent()), what, place(s.addr), text)
	var flow []rule.Step
	if pos.IsValid() {
		flow = append(flow, rule.Step{Pos: pos, Text: text})
	}
	if v.pos.IsValid() && v.pos != pos {
		flow = append(flow, rule.Step{Pos: v.pos, Text: what})
	}
	flow = append(flow, rule.Step{Pos: s.instr.Pos(), Text: "the pointer is stored"})
	at := s.instr.Pos()
	return rule.Hit{Pos: at, Severity: sev, Message: msg, Flow: flow, Window: rule.Span{Pos: at, End: at}}, true
}

// root walks from an address to the pointer that it is a part of. cast reports
// that it was converted on the way.
func root(addr ssa.Value) (base ssa.Value, cast bool) {
	for range 32 {
		switch a := addr.(type) {
		case *ssa.FieldAddr:
			addr = a.X
		case *ssa.IndexAddr:
			if _, ok := a.X.Type().Underlying().(*types.Pointer); !ok {
				if c, ok := a.X.(*ssa.Call); ok && isBuiltin(c, "Slice") {
					return c.Call.Args[0], true
				}
				return addr, cast
			}
			addr = a.X
		case *ssa.Convert:
			return a, true
		case *ssa.ChangeType:
			addr = a.X
		default:
			return addr, cast
		}
	}
	return addr, cast
}

func isBuiltin(c *ssa.Call, name string) bool {
	b, ok := c.Call.Value.(*ssa.Builtin)
	return ok && b.Name() == name
}

// plain reports addresses of what was declared as what it is stored into.
func plain(base ssa.Value) bool {
	switch base.(type) {
	case *ssa.Alloc, *ssa.Global, *ssa.IndexAddr, *ssa.FreeVar:
		return true
	}
	return false
}

// handedOut reports a pointer that a function of the package returned: the cast
// is in there.
func handedOut(p *ssafn.Program, base ssa.Value) bool {
	for range 4 {
		switch b := base.(type) {
		case *ssa.Call:
			callee := ssafn.Callee(b.Common())
			return callee != nil && len(callee.Blocks) > 0
		case *ssa.Extract:
			base = b.Tuple
		case *ssa.UnOp:
			a, ok := b.X.(*ssa.Alloc)
			if !ok {
				return false
			}
			stores, _ := p.StoresTo(a)
			if len(stores) != 1 {
				return false
			}
			base = stores[0].Val
		case *ssa.Parameter:
			calls, complete := p.Callers(b.Parent())
			if !complete || len(calls) != 1 {
				return false
			}
			if base = prov.Argument(calls[0], b); base == nil {
				return false
			}
			if c, ok := base.(*ssa.Convert); ok {
				return prov.Strip(c) != ssa.Value(c)
			}
		default:
			return false
		}
	}
	return false
}

// firstPointer is the offset of the first pointer in a value of type t.
func firstPointer(p *ssafn.Program, t types.Type) int64 {
	list, _ := layout.Pieces(p.Sizes, t)
	for _, piece := range list {
		if piece.Pointer {
			return piece.Off
		}
	}
	return 0
}

// single reports an address in a variable or struct: nothing else is kept there.
func single(p *ssafn.Program, base ssa.Value) bool {
	objects := extent.Of(p, base)
	for _, o := range objects {
		if _, ok := o.Root.(*ssa.Alloc); !ok || o.Type == nil {
			return false
		}
		if _, ok := o.Type.Underlying().(*types.Struct); !ok {
			return false
		}
	}
	return len(objects) > 0
}

func kindsOf(p *ssafn.Program, v ssa.Value) prov.Kind { return prov.Kinds(prov.Of(p, v, nil)) }

// foreign reports memory that Go's allocator did not hand out.
func foreign(k prov.Kind) bool {
	return k != 0 && k&^(fact.C|fact.Mapped) == 0
}

// place names what is stored to.
func place(addr ssa.Value) string {
	switch a := addr.(type) {
	case *ssa.FieldAddr:
		if f := ssafn.Field(a); f != nil {
			return "field " + f.Name() + " of " + cptr.TypeName(pointee(a.X.Type()))
		}
	case *ssa.IndexAddr:
		return "an element of " + cptr.TypeName(a.X.Type())
	case *ssa.UnOp:
		if g, ok := a.X.(*ssa.Global); ok {
			return cptr.Clean("*" + g.Name())
		}
	}
	return "a " + cptr.TypeName(pointee(addr.Type()))
}

// cVariable reports the address of a variable of C's, or of a part of it.
func cVariable(addr ssa.Value) bool {
	for range 32 {
		switch x := addr.(type) {
		case *ssa.FieldAddr:
			addr = x.X
		case *ssa.IndexAddr:
			addr = x.X
		case *ssa.UnOp:
			g, ok := x.X.(*ssa.Global)
			return ok && ssafn.IsCVar(g)
		default:
			return false
		}
	}
	return false
}

// pins reports a function that pins something: what is pinned may be stored.
func pins(f *ssa.Function) bool {
	for _, b := range f.Blocks {
		if slices.ContainsFunc(b.Instrs, func(instr ssa.Instruction) bool {
			call, ok := instr.(ssa.CallInstruction)
			if !ok {
				return false
			}
			callee := ssafn.Callee(call.Common())
			return callee != nil && callee.String() == "(*runtime.Pinner).Pin"
		}) {
			return true
		}
	}
	return false
}

func isNil(v ssa.Value) bool {
	c, ok := v.(*ssa.Const)
	return ok && c.Value == nil
}

func pointee(t types.Type) types.Type {
	if p, ok := t.Underlying().(*types.Pointer); ok {
		return p.Elem()
	}
	return types.Typ[types.Invalid]
}
