package addpastobject

import (
	_ "embed"
	"fmt"
	"go/ast"
	"go/token"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/ssa"

	"moho/evidence"
	"moho/vet/internal/extent"
	"moho/vet/internal/prov"
	"moho/vet/internal/rule"
	"moho/vet/internal/ssafn"
	"moho/vet/internal/summary"
)

//go:embed doc.go
var source string

// Rule is what people read about the analyzer.
var Rule = rule.New(source, rule.Rule{
	Name:     "add-past-object",
	Severity: evidence.High,
	Bad: `var words [4]uint32
end := unsafe.Add(unsafe.Pointer(&words), unsafe.Sizeof(words))`,
	Good: `var words [4]uint32
last := unsafe.Add(unsafe.Pointer(&words), unsafe.Sizeof(words)-4)`,
	Fix:    "stay inside the object: index a slice of it, or compare offsets instead of pointers",
	Oracle: "checkptr=2, -asan",
	Source: "package unsafe, rule (3) of type Pointer, and function Add",
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
				if s, ok := sumOf(p, instr); ok {
					if h, ok := check(p, s); ok {
						hits = append(hits, h)
					}
				}
			}
		}
	}
	return hits, nil
}

// A sum is a pointer and what is added to it: from low to high bytes, where a
// loop reaches both ends.
type sum struct {
	result    ssa.Value // the new pointer
	base      ssa.Value
	low, high int64
	call      *ast.CallExpr
}

// sumOf takes apart unsafe.Add(p, n) and unsafe.Pointer(uintptr(p) + n).
func sumOf(p *ssafn.Program, instr ssa.Instruction) (sum, bool) {
	switch v := instr.(type) {
	case *ssa.Call:
		b, ok := v.Call.Value.(*ssa.Builtin)
		if !ok || b.Name() != "Add" {
			return sum{}, false
		}
		low, high, ok := span(v.Call.Args[1], v.Block())
		return sum{v, v.Call.Args[0], low, high, p.Call(v.Pos())}, ok
	case *ssa.Convert:
		if !prov.IsRoundtrip(v) {
			return sum{}, false
		}
		base, low, high, ok := linear(v.X, v.Block(), 0)
		return sum{v, base, low, high, p.Call(v.Pos())}, ok && base != nil && inOne(p, v)
	}
	return sum{}, false
}

// inOne reports whether the address is taken in the expression that makes a
// pointer of it again; where it is not, that is another rule's finding.
func inOne(p *ssafn.Program, v *ssa.Convert) bool {
	call := p.Call(v.Pos())
	for _, b := range prov.Births(p, v.X, nil) {
		if call == nil || !b.Straight || b.Pos < call.Pos() || b.Pos >= call.End() {
			return false
		}
	}
	return true
}

func check(p *ssafn.Program, s sum) (rule.Hit, bool) {
	if s.call == nil || s.low == 0 && s.high == 0 {
		return rule.Hit{}, false
	}
	objects := extent.Of(p, s.base)
	if len(objects) == 0 {
		return rule.Hit{}, false
	}
	guarded := conditional(s.result.(ssa.Instruction).Block())
	var worst *extent.Object
	for i := range objects {
		o := &objects[i]
		if o.Bytes < 0 || o.Typed || o.Call != nil && guarded {
			if o.Call == nil {
				return rule.Hit{}, false // here the pointer may point into more
			}
			continue
		}
		if !outside(s, *o) {
			if o.Call == nil {
				return rule.Hit{}, false
			}
			continue
		}
		if worst == nil || o.Bytes < worst.Bytes {
			worst = o
		}
	}
	if worst == nil {
		return rule.Hit{}, false
	}
	return hit(s, *worst), true
}

// outside reports whether an end of the sum lies outside an object.
func outside(s sum, o extent.Object) bool {
	if s.high > 0 && s.high >= o.Bytes {
		return true
	}
	// Before it, where the pointer is that of the whole object.
	_, whole := prov.Strip(s.base).(*ssa.Alloc)
	return s.low < 0 && whole
}

func hit(s sum, o extent.Object) rule.Hit {
	where := prov.FuncName(s.result.Parent())
	far, side := s.high-o.Bytes, "at its end"
	switch {
	case !(s.high > 0 && s.high >= o.Bytes):
		side = fmt.Sprintf("%d bytes before its start", -s.low)
	case far > 0:
		side = fmt.Sprintf("%d bytes after its end", far)
	}
	sev := evidence.High
	if !followed(s.result, map[ssa.Value]bool{}) {
		sev = evidence.Medium
	}
	msg := fmt.Sprintf("%s in %s leaves %s, which has %d bytes from there on: the result lies %s",
		rule.Expr(s.call), where, o.Text, o.Bytes, side)
	var flow []rule.Step
	if o.Pos.IsValid() {
		flow = append(flow, rule.Step{Pos: o.Pos, Text: fmt.Sprintf("%s, %d bytes from the pointer to its end", o.Text, o.Bytes)})
	}
	if o.Call != nil {
		flow = append(flow, rule.Step{Pos: o.Call.Common().Pos(), Text: "passed to " + where})
	}
	flow = append(flow, rule.Step{Pos: s.call.Pos(), Text: "the sum leaves the object"})
	return rule.Hit{Pos: s.call.Pos(), End: s.call.End(), Severity: sev, Message: msg, Flow: flow}
}

// followed reports whether pointer v is more than compared and counted with.
func followed(v ssa.Value, seen map[ssa.Value]bool) bool {
	if seen[v] || v.Referrers() == nil {
		return false
	}
	seen[v] = true
	for _, ref := range *v.Referrers() {
		switch ref := ref.(type) {
		case *ssa.BinOp:
			if ref.Op != token.EQL && ref.Op != token.NEQ && ref.Op != token.LSS && ref.Op != token.LEQ &&
				ref.Op != token.GTR && ref.Op != token.GEQ && ref.Op != token.SUB {
				return true
			}
		case *ssa.Convert:
			if followed(ref, seen) {
				return true
			}
		case *ssa.ChangeType:
			if followed(ref, seen) {
				return true
			}
		case *ssa.DebugRef:
		default:
			return true
		}
	}
	return false
}
