package stringmutate

import (
	_ "embed"
	"fmt"
	"strings"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/ssa"

	"moho/evidence"
	"moho/vet/internal/lifetime"
	"moho/vet/internal/prov"
	"moho/vet/internal/rule"
	"moho/vet/internal/ssafn"
	"moho/vet/internal/summary"
)

//go:embed doc.go
var source string

// Rule is what people read about the analyzer.
var Rule = rule.New(source, rule.Rule{
	Name:     "string-mutate",
	Severity: evidence.Critical,
	Bad: `b := unsafe.Slice(unsafe.StringData(name), len(name))
b[0] = 'N'`,
	Good: `b := []byte(name)
b[0] = 'N'`,
	Fix:    "write to a copy: []byte(s)",
	Oracle: "a fault when the bytes are a constant's; -asan and checkptr see nothing",
	Source: "package unsafe, function StringData: the bytes must not be modified",
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
		for _, w := range lifetime.Writes(p, f) {
			if h, ok := check(p, f, w); ok {
				hits = append(hits, h)
			}
		}
	}
	return hits, nil
}

// check judges one write.
func check(p *ssafn.Program, f *ssa.Function, w lifetime.Write) (rule.Hit, bool) {
	root, ok := stringRoot(p, w)
	if !ok {
		return rule.Hit{}, false
	}
	if w.Callee != nil && len(w.Callee.Blocks) > 0 && w.Param < len(w.Callee.Params) && onlyStrings(p, w.Callee.Params[w.Param]) {
		return rule.Hit{}, false // reported inside
	}
	pos, end := lifetime.Span(p, w.At)
	if !pos.IsValid() {
		return rule.Hit{}, false
	}
	what := w.Text(p)
	str := describe(p, root)
	h := rule.Hit{
		Pos: pos, End: end, Severity: evidence.Critical,
		Message: fmt.Sprintf("%s %s in %s, but its bytes are those of %s: strings must never change", what, w.How, prov.FuncName(f), str),
	}
	if at := root.Value.Pos(); at.IsValid() {
		h.Flow = append(h.Flow, rule.Step{Pos: at, Text: str})
	}
	if root.View != nil && root.View.Pos().IsValid() {
		h.Flow = append(h.Flow, rule.Step{Pos: root.View.Pos(), Text: "its bytes are taken"})
	}
	h.Flow = append(h.Flow, rule.Step{Pos: pos, Text: "written to"})
	return h, true
}

// stringRoot returns a string whose bytes the write changes. A parameter's
// bytes are a string's when every caller passes those.
func stringRoot(p *ssafn.Program, w lifetime.Write) (lifetime.Root, bool) {
	given := false
	for _, r := range lifetime.RootsOf(p, w.Target, false) {
		if _, param := r.Value.(*ssa.Parameter); param {
			given = true
			continue
		}
		if r.String && r.View != nil && !fresh(p, r.Value) {
			return r, true
		}
	}
	if !given {
		return lifetime.Root{}, false
	}
	var found lifetime.Root
	for _, r := range lifetime.RootsOf(p, w.Target, true) {
		if !r.String || r.View == nil {
			return lifetime.Root{}, false
		}
		if !fresh(p, r.Value) {
			found = r
		}
	}
	return found, found.Value != nil
}

// onlyStrings reports whether all callers give the parameter bytes of strings.
func onlyStrings(p *ssafn.Program, param *ssa.Parameter) bool {
	calls, complete := p.KnownCallers(param.Parent())
	if !complete || len(calls) == 0 {
		return false
	}
	for _, r := range lifetime.RootsOf(p, param, true) {
		if !r.String || r.View == nil {
			return false
		}
	}
	return true
}

// fresh reports a string that was made on the spot and has no other use than
// the view of it.
func fresh(p *ssafn.Program, s ssa.Value) bool {
	switch v := s.(type) {
	case *ssa.Convert:
	case *ssa.BinOp:
	case *ssa.Call:
		callee := ssafn.Callee(v.Common())
		if callee == nil || callee.Pkg == nil {
			return false
		}
		switch callee.Pkg.Pkg.Path() {
		case "strings", "fmt", "strconv", "bytes":
		default:
			return false
		}
	default:
		return false
	}
	return unshared(p, s, 0)
}

// unshared reports whether a string, or a variable that holds it, is used for
// its view only.
func unshared(p *ssafn.Program, s ssa.Value, depth int) bool {
	views := 0
	for _, ref := range *s.Referrers() {
		switch ref := ref.(type) {
		case *ssa.DebugRef:
		case *ssa.Store:
			a, ok := ref.Addr.(*ssa.Alloc)
			if !ok || ref.Val == s && !punned(a) {
				return false
			}
			views++
		case *ssa.Call:
			if b, ok := ref.Call.Value.(*ssa.Builtin); ok && b.Name() == "len" {
				continue
			}
			views++
		default:
			return false
		}
	}
	return views <= 1
}

// punned reports a variable of which nothing but the address is used, as
// another type's.
func punned(a *ssa.Alloc) bool {
	for _, ref := range *a.Referrers() {
		switch ref := ref.(type) {
		case *ssa.Store:
			if ref.Addr != a {
				return false
			}
		case *ssa.Convert, *ssa.DebugRef:
		case *ssa.UnOp:
			// len(s) reads the variable.
			for _, r := range *ref.Referrers() {
				call, ok := r.(*ssa.Call)
				if !ok {
					return false
				}
				if b, ok := call.Call.Value.(*ssa.Builtin); !ok || b.Name() != "len" {
					return false
				}
			}
		default:
			return false
		}
	}
	return true
}

func describe(p *ssafn.Program, r lifetime.Root) string {
	if c, ok := r.Value.(*ssa.Const); ok {
		return "constant " + rule.Short(c.Value.ExactString())
	}
	name := lifetime.Name(p, r.Value)
	if strings.HasPrefix(name, "the ") {
		return name
	}
	return "string " + name
}
