package uintptrroundtrip

import (
	_ "embed"
	"fmt"
	"go/ast"
	"go/token"

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
	Name:     "uintptr-roundtrip",
	Severity: evidence.High,
	Bad: `u := uintptr(unsafe.Pointer(&buf[0]))
fill()
p := (*header)(unsafe.Pointer(u + 8))`,
	Good: `p := unsafe.Pointer(&buf[0])
fill()
h := (*header)(unsafe.Add(p, 8))`,
	Fix:    "keep the address in an unsafe.Pointer and do arithmetic with unsafe.Add",
	Oracle: "checkptr=2; garbage collections (clobberfree=1) or stack growth (efence=1) injected between the two conversions",
	Source: "package unsafe, rules (2), (3) and (5) of type Pointer",
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
				if call, ok := instr.(ssa.CallInstruction); ok {
					hits = append(hits, handed(p, call)...)
				}
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

// candidate is one way for a Go address to reach the conversion.
type candidate struct {
	birth  prov.Birth
	origin prov.Origin
	sev    evidence.Severity
}

// check judges one conversion of an integer to a pointer.
func check(p *ssafn.Program, conv *ssa.Convert) (rule.Hit, bool) {
	call := p.Call(conv.Pos())
	if call == nil || len(call.Args) != 1 {
		return rule.Hit{}, false
	}
	var best candidate
	for _, b := range prov.Births(p, conv.X, nil) {
		if c, ok := judge(p, call, b); ok && c.sev.Rank() > best.sev.Rank() {
			best = c
		}
	}
	if best.sev == "" {
		return rule.Hit{}, false
	}
	hides := identity(conv, best.birth)
	if hides {
		leak, ok := leaks(p, conv.Parent())
		if !ok {
			return rule.Hit{}, false
		}
		best.origin = leak
	}
	return hit(p, conv, call, best, hides), true
}

// judge decides whether a birth is harmful at the conversion: born in another
// expression, and Go's to move or free.
func judge(p *ssafn.Program, call *ast.CallExpr, b prov.Birth) (candidate, bool) {
	if b.Straight && call.Pos() <= b.Pos && b.Pos < call.End() {
		return candidate{}, false // one expression: rules (3) and (5) allow it
	}
	return weigh(p, b)
}

// weigh is [judge] for an address that is born in another expression.
func weigh(p *ssafn.Program, b prov.Birth) (candidate, bool) {
	if b.Reflect {
		o := prov.Origin{Kind: prov.Reflect, Pos: b.Pos, Text: "what a reflect.Value points to"}
		return candidate{b, o, evidence.High}, true
	}
	var best candidate
	for _, o := range b.Origins(p) {
		sev := evidence.Severity("")
		switch {
		case o.Kind&prov.Moves != 0:
			sev = evidence.High
		case o.Kind&(prov.Loaded|prov.Opaque) != 0:
			sev = evidence.Medium
		}
		if sev.Rank() > best.sev.Rank() {
			best = candidate{b, o, sev}
		}
	}
	return best, best.sev != ""
}

func hit(p *ssafn.Program, conv *ssa.Convert, call *ast.CallExpr, c candidate, hides bool) rule.Hit {
	where := prov.FuncName(conv.Parent())
	born := prov.FuncName(c.birth.From.Parent())
	what := rule.Expr(call.Args[0])
	msg := fmt.Sprintf("integer %s becomes a pointer in %s, but it holds the address of %s only as a number since %s: the garbage collector and moving stacks do not follow it",
		what, where, c.origin.Text, born)
	if hides {
		msg = fmt.Sprintf("integer %s becomes a pointer in %s, which hides from escape analysis that the result is the argument; a caller lets the address of %s outlive its frame that way",
			what, where, c.origin.Text)
	}
	flow := append(story(c), rule.Step{Pos: call.Pos(), Text: "the integer becomes a pointer"})
	return rule.Hit{
		Pos: call.Pos(), End: call.End(), Severity: c.sev, Message: msg, Flow: flow,
		Window: c.birth.Window(conv.Parent(), call.Pos()),
	}
}

// story is the way of an address up to where it is used.
func story(c candidate) []rule.Step {
	flow := make([]rule.Step, 0, len(c.birth.Path)+3)
	if c.origin.Pos.IsValid() {
		flow = append(flow, rule.Step{Pos: c.origin.Pos, Text: c.origin.Text})
	}
	flow = append(flow, rule.Step{Pos: c.birth.Pos, Text: "the address becomes an integer"})
	for _, s := range c.birth.Path {
		if s.Pos.IsValid() {
			flow = append(flow, s)
		}
	}
	return flow
}

// identity reports the shape of noescape: the function returns its pointer
// parameter by way of an integer, changed by nothing or by zero. Such a
// function harms only callers that let the result outlive what it points to.
func identity(conv *ssa.Convert, b prov.Birth) bool {
	x := conv.X
	if op, ok := x.(*ssa.BinOp); ok && (op.Op == token.XOR || op.Op == token.OR || op.Op == token.ADD) && isZero(op.Y) {
		x = op.X
	}
	if x != b.From {
		return false
	}
	if b.Pointer == nil || calls(conv.Parent()) {
		return false
	}
	if _, ok := prov.Strip(b.Pointer).(*ssa.Parameter); !ok {
		return false
	}
	for v := ssa.Value(conv); ; {
		refs := *v.Referrers()
		if len(refs) != 1 {
			return false
		}
		switch ref := refs[0].(type) {
		case *ssa.Return:
			return true
		case *ssa.Convert:
			v = ref
		case *ssa.ChangeType:
			v = ref
		default:
			return false
		}
	}
}

// calls reports whether f does anything in which memory can move.
func calls(f *ssa.Function) bool {
	for _, b := range f.Blocks {
		for _, instr := range b.Instrs {
			switch instr.(type) {
			case ssa.CallInstruction, *ssa.Send, *ssa.Select:
				return true
			}
		}
	}
	return false
}

func isZero(v ssa.Value) bool {
	c, ok := v.(*ssa.Const)
	return ok && c.Value != nil && c.Value.String() == "0"
}
