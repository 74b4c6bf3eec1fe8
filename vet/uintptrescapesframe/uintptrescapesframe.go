package uintptrescapesframe

import (
	_ "embed"
	"fmt"
	"go/ast"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/ssa"

	"moho/evidence"
	"moho/vet/internal/prov"
	"moho/vet/internal/rewrite"
	"moho/vet/internal/rule"
	"moho/vet/internal/ssafn"
	"moho/vet/internal/summary"
)

//go:embed doc.go
var source string

// Rule is what people read about the analyzer.
var Rule = rule.New(source, rule.Rule{
	Name:     "uintptr-escapes-frame",
	Severity: evidence.Critical,
	Bad: `func address() uintptr {
	x := 42
	return uintptr(unsafe.Pointer(&x))
}`,
	Good: `func address() unsafe.Pointer {
	x := 42
	return unsafe.Pointer(&x)
}`,
	Fix:    "let the address leave as an unsafe.Pointer: the compiler then moves the variable to the heap",
	Oracle: "GODEBUG=efence=1 with stack growth injected after the function; checkptr=2",
	Source: "package unsafe, rule (1) of type Pointer: a uintptr is an integer, not a reference",
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
				if conv, ok := instr.(*ssa.Convert); ok && prov.IsRoundtrip(conv) {
					if h, ok := check(p, conv); ok {
						h.Fixes = rewrite.KeepPointer(p, p.Call(conv.Pos()))
						hits = append(hits, h)
					}
				}
			}
		}
	}
	return hits, nil
}

// check judges one conversion of an integer to a pointer.
func check(p *ssafn.Program, conv *ssa.Convert) (rule.Hit, bool) {
	call := p.Call(conv.Pos())
	if call == nil || len(call.Args) != 1 {
		return rule.Hit{}, false
	}
	for _, b := range prov.Births(p, conv.X, nil) {
		if b.Pointer == nil && b.Memory&prov.Local != 0 {
			return foreign(call, conv, b), true
		}
		if b.Straight || b.Pointer == nil {
			continue
		}
		v := prov.Variable(p, b.Pointer, b.Context)
		if v == nil {
			continue
		}
		exit, ok := prov.Outlives(p, b, v.Parent(), conv.Parent())
		if !ok || !prov.OnStack(p, v) {
			continue
		}
		msg := fmt.Sprintf("%s in %s makes a pointer of a number that %s; variable %s, whose address it is, lies on the stack of %s",
			rule.Expr(call), prov.FuncName(conv.Parent()), exit.How, v.Comment, prov.FuncName(v.Parent()))
		flow := []rule.Step{{Pos: v.Pos(), Text: "variable " + v.Comment}, {Pos: b.Pos, Text: "its address becomes a number"}}
		for _, s := range b.Path {
			if s.Pos.IsValid() {
				flow = append(flow, s)
			}
		}
		flow = append(flow, rule.Step{Pos: call.Pos(), Text: "the number becomes a pointer"})
		return rule.Hit{
			Pos: call.Pos(), End: call.End(), Severity: evidence.Critical, Message: msg, Flow: flow,
			Window: b.Window(conv.Parent(), call.Pos()),
		}, true
	}
	return rule.Hit{}, false
}

// foreign is the finding about a variable of a function of another package.
func foreign(call *ast.CallExpr, conv *ssa.Convert, b prov.Birth) rule.Hit {
	from := "another function"
	if c, ok := b.From.(*ssa.Call); ok {
		from = prov.CalleeName(&c.Call)
	}
	msg := fmt.Sprintf("%s in %s makes a pointer of a number that %s returns, which is the address of one of its variables: that frame has ended",
		rule.Expr(call), prov.FuncName(conv.Parent()), from)
	flow := []rule.Step{{Pos: b.Pos, Text: "the address of a variable of " + from + " comes as a number"}}
	for _, s := range b.Path {
		if s.Pos.IsValid() && s.Pos != b.Pos {
			flow = append(flow, s)
		}
	}
	flow = append(flow, rule.Step{Pos: call.Pos(), Text: "the number becomes a pointer"})
	return rule.Hit{
		Pos: call.Pos(), End: call.End(), Severity: evidence.Critical, Message: msg, Flow: flow,
		Window: b.Window(conv.Parent(), call.Pos()),
	}
}
