package atomicalign

import (
	_ "embed"
	"fmt"
	"go/token"
	"go/types"
	"strings"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/ssa"

	"moho/evidence"
	"moho/vet/internal/align"
	"moho/vet/internal/extent"
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
	Name:     "atomic-align",
	Severity: evidence.Medium,
	Bad: `type stats struct {
	open  bool
	bytes uint64
}
atomic.AddUint64(&s.bytes, n)`,
	Good: `type stats struct {
	open  bool
	bytes atomic.Uint64
}
s.bytes.Add(n)`,
	Fix:    "use atomic.Int64 or atomic.Uint64, or move the field to the start of the struct",
	Oracle: "the tests, run with GOARCH=386",
	Source: "package sync/atomic, section Bugs",
})

// Analyzer is the rule for go/analysis drivers. Its result is *rule.Hits.
var Analyzer = Rule.Analyzer(run, summary.Analyzer)

func run(pass *analysis.Pass) ([]rule.Hit, error) {
	p := pass.ResultOf[summary.Analyzer].(*ssafn.Program)
	r := &runner{p: p, reported: map[token.Pos]bool{}}
	for _, f := range p.Funcs {
		for _, b := range f.Blocks {
			for _, instr := range b.Instrs {
				if call, ok := instr.(ssa.CallInstruction); ok {
					r.check(call)
				}
			}
		}
	}
	return r.hits, nil
}

type runner struct {
	p        *ssafn.Program
	hits     []rule.Hit
	reported map[token.Pos]bool
}

func (r *runner) check(call ssa.CallInstruction) {
	addr, need, typed := align.Atomic(call)
	if addr == nil || need != 8 || typed {
		return
	}
	within := false // misplaced in what the function itself sees
	for _, w := range align.Of(r.p, addr, layout.Narrow) {
		if w.Cast != nil || w.Aligned(need) || within {
			continue
		}
		at := call
		if n := len(w.Calls); n > 0 {
			at = w.Calls[n-1]
		} else {
			within = true
		}
		r.report(call, at, addr, w)
	}
}

func (r *runner) report(op, at ssa.CallInstruction, addr ssa.Value, w align.Way) {
	file := r.p.File(at.Pos())
	if file == nil || r.reported[at.Pos()] || extent.ByConstant(at.Block()) {
		return
	}
	targets := layout.Targets(r.p.Fset, file, true)
	if len(targets) == 0 || !everywhere(r.p, w) {
		return
	}
	r.reported[at.Pos()] = true
	sev := evidence.Medium
	if layout.IsNarrow(r.p.Sizes) {
		sev = evidence.High
	}
	name := ssafn.Callee(op.Common()).Name()
	what := addressText(addr)
	if op != at {
		what += " in " + prov.FuncName(op.Parent()) + ", called"
	}
	where := fmt.Sprintf("%d bytes into %s", w.Off, baseText(w.Base))
	if w.Stride > 0 && w.Stride%8 != 0 {
		where = fmt.Sprintf("in an element of %d bytes", w.Stride)
	}
	msg := fmt.Sprintf("atomic.%s of %s in %s: on %s it lies %s, which is not always a multiple of 8",
		name, what, prov.FuncName(at.Parent()), some(targets), where)
	if w.Stride == 0 {
		msg = fmt.Sprintf("atomic.%s of %s in %s: on %s it lies %s, no multiple of 8", name, what, prov.FuncName(at.Parent()), some(targets), where)
	}
	var flow []rule.Step
	if pos := w.Base.Pos(); pos.IsValid() {
		flow = append(flow, rule.Step{Pos: pos, Text: baseText(w.Base)})
	}
	for i := range w.Calls {
		flow = append(flow, rule.Step{Pos: w.Calls[len(w.Calls)-1-i].Pos(), Text: "the address is passed on"})
	}
	flow = append(flow, rule.Step{Pos: op.Pos(), Text: "the atomic operation"})
	h := rule.Hit{Pos: at.Pos(), Severity: sev, Message: msg, Flow: flow}
	if expr := r.p.Call(at.Pos()); expr != nil {
		h.Pos, h.End = expr.Pos(), expr.End()
	}
	r.hits = append(r.hits, h)
}

// everywhere reports whether the struct that the address is counted from looks
// the same for every processor.
func everywhere(p *ssafn.Program, w align.Way) bool {
	ptr, ok := w.Base.Type().Underlying().(*types.Pointer)
	if !ok {
		return true
	}
	named, ok := types.Unalias(ptr.Elem()).(*types.Named)
	return !ok || layout.Everywhere(p.Fset, p.File(named.Obj().Pos()), named.Obj().Pos())
}

func addressText(v ssa.Value) string {
	switch v := v.(type) {
	case *ssa.FieldAddr:
		if f := ssafn.Field(v); f != nil {
			return "field " + f.Name()
		}
	case *ssa.IndexAddr:
		return "an element"
	case *ssa.Global:
		return v.Name()
	case *ssa.Parameter:
		return "*" + v.Name()
	}
	return "a number"
}

func baseText(v ssa.Value) string {
	switch v := v.(type) {
	case *ssa.Alloc:
		if v.Comment != "new" && v.Comment != "complit" && v.Comment != "" {
			return "variable " + v.Comment
		}
	case *ssa.Global:
		return "package variable " + v.Name()
	}
	t := v.Type()
	if ptr, ok := t.Underlying().(*types.Pointer); ok {
		t = ptr.Elem()
	}
	return "a " + prov.TypeName(t)
}

// some names at most three processors.
func some(targets []string) string {
	if len(targets) > 3 {
		return strings.Join(targets[:3], ", ") + " and others"
	}
	return strings.Join(targets, ", ")
}
