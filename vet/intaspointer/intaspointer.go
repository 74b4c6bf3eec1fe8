package intaspointer

import (
	_ "embed"
	"fmt"
	"go/token"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/ssa"

	"moho/evidence"
	"moho/vet/internal/prov"
	"moho/vet/internal/rule"
	"moho/vet/internal/ssafn"
	"moho/vet/internal/summary"
)

//go:embed doc.go
var source string

// Rule is what people read about the analyzer.
var Rule = rule.New(source, rule.Rule{
	Name:     "int-as-pointer",
	Severity: evidence.High,
	Bad: `h := cgo.NewHandle(v)
C.register(C.callback, unsafe.Pointer(uintptr(h)))`,
	Good: `h := cgo.NewHandle(v)
C.register(C.callback, unsafe.Pointer(&h))`,
	Fix:    "keep numbers in a uintptr, pass the address of a variable that holds the handle, or declare the C parameter uintptr_t",
	Oracle: "checkptr=2, for small numbers; stack growth (the runtime checks pointers while it copies a stack) and garbage collections, injected while the pointer is kept",
	Source: "package runtime/cgo, type Handle; GODEBUG=invalidptr in package runtime",
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
						hits = append(hits, h)
					}
				}
			}
		}
	}
	if p.Pkg == nil {
		return nil, nil
	}
	return append(hits, constants(p)...), nil
}

func check(p *ssafn.Program, conv *ssa.Convert) (rule.Hit, bool) {
	call := p.Call(conv.Pos())
	if call == nil || len(call.Args) != 1 {
		return rule.Hit{}, false
	}
	slot, at := kept(conv, map[ssa.Value]bool{})
	if slot == "" {
		return rule.Hit{}, false
	}
	var worst prov.Number
	sev := evidence.Severity("")
	for _, n := range prov.Numbers(p, conv.X) {
		if s := severity(n.Kind); s.Rank() > sev.Rank() {
			worst, sev = n, s
		}
	}
	if sev == "" {
		return rule.Hit{}, false
	}
	where := prov.FuncName(conv.Parent())
	msg := fmt.Sprintf("%s in %s makes a pointer of %s, and it is %s: the garbage collector and stacks that grow take it for an address",
		rule.Expr(call), where, worst.Text, slot)
	var flow []rule.Step
	if worst.Pos.IsValid() {
		flow = append(flow, rule.Step{Pos: worst.Pos, Text: worst.Text})
	}
	for _, s := range worst.Path {
		if s.Pos.IsValid() {
			flow = append(flow, s)
		}
	}
	flow = append(flow, rule.Step{Pos: call.Pos(), Text: "the number becomes a pointer"})
	h := rule.Hit{Pos: call.Pos(), End: call.End(), Severity: sev, Message: msg}
	if at.IsValid() && at != call.Pos() {
		flow = append(flow, rule.Step{Pos: at, Text: "it is " + slot})
	}
	h.Flow = flow
	return h, true
}

func severity(k prov.NumberKind) evidence.Severity {
	switch k {
	case prov.Small, prov.Handle, prov.Forged:
		return evidence.High
	}
	return evidence.Medium
}

// kept says in words where pointer v goes that the runtime looks at, "" when it
// is only compared, followed at once, or made a number again.
func kept(v ssa.Value, seen map[ssa.Value]bool) (slot string, at token.Pos) {
	if seen[v] || v.Referrers() == nil {
		return "", token.NoPos
	}
	seen[v] = true
	for _, ref := range *v.Referrers() {
		switch ref := ref.(type) {
		case *ssa.Store:
			if ref.Val == v {
				return "kept in memory", ref.Pos()
			}
		case *ssa.MapUpdate, *ssa.Send:
			return "kept in memory", ref.Pos()
		case *ssa.Return:
			return "returned", ref.Pos()
		case *ssa.MakeInterface:
			return "put into an interface", ref.Pos()
		case *ssa.MakeClosure:
			return "captured", ref.Pos()
		case ssa.CallInstruction:
			if slot := passed(ref, v); slot != "" {
				return slot, ref.Common().Pos()
			}
		case *ssa.Convert:
			if prov.IsPointer(ref.Type()) {
				if slot, at = kept(ref, seen); slot != "" {
					return slot, at
				}
			}
		case *ssa.ChangeType:
			if slot, at = kept(ref, seen); slot != "" {
				return slot, at
			}
		case *ssa.Phi:
			if slot, at = kept(ref, seen); slot != "" {
				return slot, at
			}
		}
	}
	return "", token.NoPos
}

// passed tells an argument from the pointer that unsafe.Slice and the like
// make a view of, which is about to be followed.
func passed(call ssa.CallInstruction, v ssa.Value) string {
	for _, arg := range call.Common().Args {
		if arg != v {
			continue
		}
		if b, ok := call.Common().Value.(*ssa.Builtin); ok {
			return map[string]string{"append": "kept in memory"}[b.Name()]
		}
		return "passed to " + prov.CalleeName(call.Common())
	}
	return ""
}
