package goptrascint

import (
	_ "embed"
	"fmt"
	"go/token"
	"go/types"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/ssa"

	"moho/evidence"
	"moho/vet/internal/cptr"
	"moho/vet/internal/prov"
	"moho/vet/internal/rule"
	"moho/vet/internal/ssafn"
	"moho/vet/internal/summary"
)

//go:embed doc.go
var source string

// Rule is what people read about the analyzer.
var Rule = rule.New(source, rule.Rule{
	Name:     "go-ptr-as-cint",
	Severity: evidence.Critical,
	Bad:      `C.compress(C.uintptr_t(uintptr(unsafe.Pointer(&src[0]))), C.size_t(len(src)))`,
	Good:     `C.compress(unsafe.Pointer(&src[0]), C.size_t(len(src)))`,
	Fix:      "declare the C parameter as void * and pass an unsafe.Pointer; where C has to keep a number, pass a cgo.Handle",
	Oracle:   "a stack that grows before the call, with GODEBUG=efence=1",
	Source:   "cmd/cgo, Passing pointers; package unsafe, rule (4) of type Pointer",
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
				switch instr := instr.(type) {
				case ssa.CallInstruction:
					hits = append(hits, call(p, instr)...)
				case *ssa.Store:
					if h, ok := store(p, instr); ok {
						hits = append(hits, h)
					}
				}
			}
		}
	}
	return hits, nil
}

// call looks at the integers that a call hands to C.
func call(p *ssafn.Program, instr ssa.CallInstruction) []rule.Hit {
	c, isC := ssafn.CCall(instr)
	args := instr.Common().Args
	var callee *ssa.Function
	if !isC {
		callee = ssafn.Callee(instr.Common())
		if callee == nil || len(callee.Blocks) > 0 {
			return nil // bodies of this package are looked into
		}
		known := p.Fact(callee)
		if known == nil {
			return nil
		}
	}
	pos, end := cptr.Span(p, instr)
	var hits []rule.Hit
	for i, arg := range args {
		if !wide(p, arg.Type()) || !isC && !p.Fact(callee).Param(i).IntToC {
			continue
		}
		to := ""
		if isC {
			how := ""
			if _, deferred := instr.(*ssa.Defer); deferred {
				how = "a deferred "
			}
			to = how + fmt.Sprintf("C.%s as %s (%s)", c.Name, cptr.TypeName(arg.Type()), cptr.Parameter(p, c, i))
		} else {
			to = fmt.Sprintf("C as an integer through %s", callee.RelString(p.Pkg.Pkg))
		}
		for _, v := range numbers(p, arg) {
			birth, origin, ok := address(p, v, instr)
			if !ok {
				continue
			}
			at, till := pos, end
			if conv, ok := v.(*ssa.Convert); ok && conv.Parent() == instr.Parent() && p.Call(conv.Pos()) != nil {
				e := p.Call(conv.Pos())
				at, till = e.Pos(), e.End()
			}
			hits = append(hits, rule.Hit{
				Pos: at, End: till, Severity: evidence.Critical,
				Message: fmt.Sprintf("%s in %s passes the address of %s to %s: the object may move or be freed before C uses it",
					cptr.Arg(p, instr, i), prov.FuncName(instr.Parent()), origin.Text, to),
				Flow:   flow(birth, origin, rule.Step{Pos: pos, Text: "C gets the number"}),
				Window: rule.Span{Pos: birth.Pos, End: end},
			})
		}
	}
	return hits
}

// numbers lists the conversions that made an argument a number of C's: that is
// where the address is lost. Without one it is the argument itself.
func numbers(p *ssafn.Program, arg ssa.Value) []ssa.Value {
	var out []ssa.Value
	seen := map[ssa.Value]bool{}
	var walk func(v ssa.Value)
	walk = func(v ssa.Value) {
		if seen[v] || len(seen) > 64 {
			return
		}
		seen[v] = true
		switch v := v.(type) {
		case *ssa.Convert:
			if ssafn.IsCType(v.X.Type()) {
				walk(v.X)
			} else {
				out = append(out, v)
			}
		case *ssa.ChangeType:
			walk(v.X)
		case *ssa.Phi:
			for _, e := range v.Edges {
				walk(e)
			}
		case *ssa.BinOp:
			walk(v.X)
			walk(v.Y)
		case *ssa.UnOp:
			if _, local := v.X.(*ssa.Alloc); local && v.Op == token.MUL {
				stores, _ := p.StoresTo(v.X)
				for _, s := range stores {
					walk(s.Val)
				}
				return
			}
			if fa, ok := v.X.(*ssa.FieldAddr); ok && isCStruct(fa.X.Type()) {
				return // where it was put there, that is reported
			}
			out = append(out, v)
		case *ssa.Const:
		default:
			out = append(out, v)
		}
	}
	walk(arg)
	return out
}

// store looks at integers that are stored where C reads them.
func store(p *ssafn.Program, s *ssa.Store) (rule.Hit, bool) {
	if !wide(p, s.Val.Type()) || !cMemory(p, s.Addr) {
		return rule.Hit{}, false
	}
	birth, origin, ok := address(p, s.Val, s)
	if !ok {
		return rule.Hit{}, false
	}
	return rule.Hit{
		Pos: s.Pos(), End: s.Pos(), Severity: evidence.Critical,
		Message: fmt.Sprintf("%s in %s gets the address of %s as an integer: neither the garbage collector nor cgo's checks know that C has it",
			target(s.Addr), prov.FuncName(s.Parent()), origin.Text),
		Flow:   flow(birth, origin, rule.Step{Pos: s.Pos(), Text: "kept as a number where C finds it"}),
		Window: rule.Span{Pos: birth.Pos, End: s.Pos()},
	}, true
}

func flow(b prov.Birth, o prov.Origin, last rule.Step) []rule.Step {
	steps := []rule.Step{{Pos: o.Pos, Text: o.Text}, {Pos: b.Pos, Text: "its address becomes an integer"}}
	if !o.Pos.IsValid() {
		steps = steps[1:]
	}
	return append(append(steps, b.Path...), last)
}

// address returns where integer v got the address of Go memory from.
func address(p *ssafn.Program, v ssa.Value, at ssa.Instruction) (prov.Birth, prov.Origin, bool) {
	for _, b := range prov.Births(p, v, nil) {
		o, ok := cptr.Go(p, b.Pointer, b.Context)
		if !ok {
			continue
		}
		if _, pinned := cptr.Pinned(p, b.Pointer, at); pinned {
			continue
		}
		if from, ok := b.From.(ssa.Instruction); ok && from.Parent() != at.Parent() {
			if _, pinned := cptr.Pinned(p, b.Pointer, from); pinned {
				continue
			}
		}
		return b, o, true
	}
	return prov.Birth{}, prov.Origin{}, false
}

// wide reports integer types that can hold an address.
func wide(p *ssafn.Program, t types.Type) bool {
	b, ok := t.Underlying().(*types.Basic)
	return ok && b.Info()&types.IsInteger != 0 && p.Sizes.Sizeof(t) >= p.Sizes.Sizeof(types.Typ[types.Uintptr])
}

// cMemory reports an address in C memory, in a C struct, or of a variable of C.
func cMemory(p *ssafn.Program, addr ssa.Value) bool {
	for a := addr; ; {
		switch x := a.(type) {
		case *ssa.FieldAddr:
			if isCStruct(x.X.Type()) {
				return true
			}
			a = x.X
			continue
		case *ssa.IndexAddr:
			a = x.X
			continue
		case *ssa.UnOp:
			if g, ok := x.X.(*ssa.Global); ok && x.Op == token.MUL && ssafn.IsCVar(g) {
				return true
			}
		case *ssa.Alloc:
			return false
		}
		break
	}
	return cptr.IsC(p, addr)
}

func isCStruct(t types.Type) bool {
	ptr, ok := t.Underlying().(*types.Pointer)
	if !ok {
		return false
	}
	_, isStruct := ptr.Elem().Underlying().(*types.Struct)
	return isStruct && ssafn.IsCType(ptr.Elem())
}

// target names what is stored to.
func target(addr ssa.Value) string {
	switch a := addr.(type) {
	case *ssa.FieldAddr:
		if f := ssafn.Field(a); f != nil {
			return "field " + f.Name() + " of " + cptr.TypeName(a.X.Type().Underlying().(*types.Pointer).Elem())
		}
	case *ssa.UnOp:
		if g, ok := a.X.(*ssa.Global); ok {
			return "variable " + cptr.Clean("*"+g.Name())
		}
	}
	return "C memory"
}
