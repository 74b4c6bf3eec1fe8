package cretainsgo

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
	Name:     "c-retains-go",
	Severity: evidence.Critical,
	Bad:      `C.set_buffer((*C.char)(unsafe.Pointer(&buf[0]))) // static char *saved; saved = p;`,
	Good:     `pinner.Pin(&buf[0]); C.set_buffer((*C.char)(unsafe.Pointer(&buf[0]))) // Unpin once C has let go`,
	Fix:      "give C memory of its own (C.CBytes, C.CString), or pin the object with a runtime.Pinner for as long as C keeps it; for an object that only comes back to Go, pass a cgo.Handle",
	Oracle:   "a collection after the call, with GODEBUG=clobberfree=1",
	Source:   "cmd/cgo, Passing pointers: C code may not keep a copy of a Go pointer after the call returns, unless the memory is pinned",
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
				call, ok := instr.(ssa.CallInstruction)
				if !ok {
					continue
				}
				if h, ok := check(p, call); ok {
					hits = append(hits, h)
				}
			}
		}
	}
	return hits, nil
}

// check looks at the pointers that one call hands over.
func check(p *ssafn.Program, call ssa.CallInstruction) (rule.Hit, bool) {
	c, isC := ssafn.CCall(call)
	if !isC {
		return wrapper(p, call)
	}
	for i, arg := range c.Args {
		if !isPointer(arg.Type()) {
			continue
		}
		k, ok := cptr.Keeps(p, call, c, i)
		if !ok {
			continue
		}
		where := k.Where
		if k.Line > 0 {
			where += fmt.Sprintf(", line %d of the C source", k.Line)
		}
		sev := evidence.High
		if k.Whole {
			sev = evidence.Critical
		}
		if h, ok := given(p, call, i, "C."+c.Name, where, sev); ok {
			return h, true
		}
	}
	return rule.Hit{}, false
}

// wrapper looks at calls of Go functions elsewhere that let C keep an argument.
// Those of this package are looked into.
func wrapper(p *ssafn.Program, call ssa.CallInstruction) (rule.Hit, bool) {
	callee := ssafn.Callee(call.Common())
	if callee == nil || len(callee.Blocks) > 0 {
		return rule.Hit{}, false
	}
	known := p.Fact(callee)
	for i := range call.Common().Args {
		if known.Param(i).KeptByC {
			if h, ok := given(p, call, i, callee.RelString(p.Pkg.Pkg), "C", evidence.Critical); ok {
				return h, true
			}
		}
	}
	return rule.Hit{}, false
}

// given judges one argument that is kept.
func given(p *ssafn.Program, call ssa.CallInstruction, i int, callee, where string, sev evidence.Severity) (rule.Hit, bool) {
	arg := call.Common().Args[i]
	o, ok := cptr.Go(p, arg, nil)
	if !ok {
		return rule.Hit{}, false
	}
	why := "the garbage collector does not know of it"
	if pin, ok := cptr.Pinned(p, arg, call); ok {
		if !ends(p, pin, call) {
			return rule.Hit{}, false
		}
		why = "and the pin ends when " + prov.FuncName(call.Parent()) + " unpins it"
	}
	pos, end := cptr.Span(p, call)
	var flow []rule.Step
	if o.Pos.IsValid() {
		flow = append(flow, rule.Step{Pos: o.Pos, Text: o.Text})
	}
	if k := p.Call(call.Common().Pos()); k != nil && len(k.Args) > 0 {
		flow = append(flow, rule.Step{Pos: k.Args[min(i, len(k.Args)-1)].Pos(), Text: "handed to " + callee})
	}
	flow = append(flow, rule.Step{Pos: end, Text: "kept in " + where + " when the call returns"})
	return rule.Hit{
		Pos: pos, End: end, Severity: sev,
		Message: fmt.Sprintf("%s in %s gives %s a pointer to %s, which it keeps beyond the call (%s): %s",
			cptr.Arg(p, call, i), prov.FuncName(call.Parent()), callee, o.Text, where, why),
		Flow:   flow,
		Window: rule.Span{Pos: end, End: end},
	}, true
}

func isPointer(t types.Type) bool {
	switch u := t.Underlying().(type) {
	case *types.Pointer:
		return true
	case *types.Basic:
		return u.Kind() == types.UnsafePointer
	}
	return false
}

// ends reports a pin by a variable of the calling function that it unpins
// itself, while C still has the pointer: nothing that it does after the call
// lets C go.
func ends(p *ssafn.Program, pin cptr.Pin, call ssa.CallInstruction) bool {
	f := call.Parent()
	local, ok := pin.Pinner.(*ssa.Alloc)
	if !ok || pin.Call.Parent() != f || local.Parent() != f || f.Name() == "main" && f.Signature.Recv() == nil {
		return false
	}
	unpins := cptr.Unpins(f, local)
	if len(unpins) == 0 {
		return false
	}
	for _, b := range f.Blocks {
		for _, instr := range b.Instrs {
			later, ok := instr.(ssa.CallInstruction)
			if !ok || instr == ssa.Instruction(call) {
				continue
			}
			if _, deferred := instr.(*ssa.Defer); !deferred && !mayFollow(call, instr) {
				continue
			}
			if _, isC := ssafn.CCall(later); isC {
				return false // it may be what makes C let go
			}
			if g := ssafn.Callee(later.Common()); g != nil && len(g.Blocks) > 0 && callsC(g, 0) {
				return false
			}
		}
	}
	return true
}

// mayFollow reports whether b can be carried out after a.
func mayFollow(a, b ssa.Instruction) bool {
	if a.Block() == b.Block() {
		return cptr.Before(a, b)
	}
	seen := map[*ssa.BasicBlock]bool{}
	queue := a.Block().Succs
	for len(queue) > 0 {
		x := queue[0]
		queue = queue[1:]
		if x == b.Block() {
			return true
		}
		if !seen[x] {
			seen[x] = true
			queue = append(queue[:len(queue):len(queue)], x.Succs...)
		}
	}
	return false
}

func callsC(f *ssa.Function, depth int) bool {
	if depth > 3 {
		return true
	}
	for _, b := range f.Blocks {
		for _, instr := range b.Instrs {
			if _, ok := ssafn.CCall(instr); ok {
				return true
			}
			if call, ok := instr.(ssa.CallInstruction); ok {
				if g := ssafn.Callee(call.Common()); g != nil && g != f && len(g.Blocks) > 0 && callsC(g, depth+1) {
					return true
				}
			}
		}
	}
	return false
}
