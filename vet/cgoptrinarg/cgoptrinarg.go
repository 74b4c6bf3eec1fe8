package cgoptrinarg

import (
	_ "embed"
	"fmt"
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
	Name:     "c-go-ptr-in-arg",
	Severity: evidence.High,
	Bad:      `msg := C.struct_msg{data: unsafe.Pointer(&buf[0])}; C.send(&msg)`,
	Good:     `var pinner runtime.Pinner; defer pinner.Unpin(); pinner.Pin(&buf[0]); msg := C.struct_msg{data: unsafe.Pointer(&buf[0])}; C.send(&msg)`,
	Fix:      "pin the object with a runtime.Pinner, put C memory there instead (C.CBytes, C.CString), or store a cgo.Handle",
	Oracle:   "GODEBUG=cgocheck=1 for arguments, GOEXPERIMENT=cgocheck2 for C memory",
	Source:   "cmd/cgo, Passing pointers",
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
					if h, ok := argument(p, instr); ok {
						hits = append(hits, h)
					}
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

// store looks at a pointer that goes to C memory.
func store(p *ssafn.Program, s *ssa.Store) (rule.Hit, bool) {
	if !ssafn.HasPointer(s.Val.Type()) {
		return rule.Hit{}, false
	}
	if _, local := s.Addr.(*ssa.Alloc); local {
		return rule.Hit{}, false
	}
	if !cVariable(s.Addr) && !cptr.IsC(p, s.Addr) {
		return rule.Hit{}, false
	}
	o, ok := unpinned(p, s.Val, s)
	if !ok {
		return rule.Hit{}, false
	}
	var flow []rule.Step
	if o.Pos.IsValid() {
		flow = append(flow, rule.Step{Pos: o.Pos, Text: o.Text})
	}
	flow = append(flow, rule.Step{Pos: s.Pos(), Text: "its address goes where the garbage collector does not look"})
	return rule.Hit{
		Pos: s.Pos(), End: s.Pos(), Severity: evidence.High,
		Message: fmt.Sprintf("%s in %s is C memory and gets a pointer to %s, which is not pinned",
			place(s.Addr), prov.FuncName(s.Parent()), o.Text),
		Flow:   flow,
		Window: rule.Span{Pos: s.Pos(), End: s.Pos()},
	}, true
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

func place(addr ssa.Value) string {
	switch a := addr.(type) {
	case *ssa.FieldAddr:
		if f := ssafn.Field(a); f != nil {
			return "field " + f.Name() + " of " + cptr.TypeName(a.X.Type().Underlying().(*types.Pointer).Elem())
		}
	case *ssa.IndexAddr:
		return "an element of " + cptr.TypeName(a.X.Type())
	case *ssa.UnOp:
		if g, ok := a.X.(*ssa.Global); ok {
			return "variable " + cptr.Clean("*"+g.Name())
		}
	}
	return "what is stored to"
}

// unpinned reports a value that is a pointer to Go memory which nothing pins, or
// holds one: a slice, a string, a map, an interface.
func unpinned(p *ssafn.Program, v ssa.Value, at ssa.Instruction) (prov.Origin, bool) {
	if !ssafn.HasPointer(v.Type()) || ssafn.IsFuncPointer(v.Type()) {
		return prov.Origin{}, false
	}
	if _, isStruct := v.Type().Underlying().(*types.Struct); isStruct {
		return prov.Origin{}, false
	}
	o, ok := cptr.Go(p, v, nil)
	if !ok {
		return prov.Origin{}, false
	}
	if _, pinned := cptr.Pinned(p, v, at); pinned {
		return prov.Origin{}, false
	}
	return o, true
}

// pointer reports types of one word that is a pointer to data.
func pointer(t types.Type) bool {
	switch u := t.Underlying().(type) {
	case *types.Pointer:
		return true
	case *types.Basic:
		return u.Kind() == types.UnsafePointer
	}
	return false
}
