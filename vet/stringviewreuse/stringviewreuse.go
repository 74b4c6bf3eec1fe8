package stringviewreuse

import (
	_ "embed"
	"fmt"

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
	Name:     "string-view-reuse",
	Severity: evidence.High,
	Bad: `seen[unsafe.String(&buf[0], len(buf))] = true
copy(buf, next) // changes the key inside the map`,
	Good: `seen[string(buf)] = true
copy(buf, next)`,
	Fix:    "keep a copy: strings.Clone(s) or string(b)",
	Oracle: "none of the stock ones; a checksum of the string, taken when it is made and compared after the change",
	Source: "package unsafe, function String: the bytes must not be modified as long as the string exists",
})

// Analyzer is the rule for go/analysis drivers. Its result is *rule.Hits.
var Analyzer = Rule.Analyzer(run, summary.Analyzer)

func run(pass *analysis.Pass) ([]rule.Hit, error) {
	p := pass.ResultOf[summary.Analyzer].(*ssafn.Program)
	var hits []rule.Hit
	for _, f := range p.Funcs {
		if !ssafn.IsCgo(f) {
			hits = append(hits, check(p, f)...)
		}
	}
	return hits, nil
}

// check judges the string views of one function; each change is reported once.
func check(p *ssafn.Program, f *ssa.Function) []rule.Hit {
	views := lifetime.Views(p, f)
	if len(views) == 0 {
		return nil
	}
	var hits []rule.Hit
	for _, c := range lifetime.Changes(p, f) {
		for _, v := range views {
			if use, ok := v.Harmed(p, c); ok {
				hits = append(hits, hit(p, f, v, c, use))
				break
			}
		}
	}
	return hits
}

func hit(p *ssafn.Program, f *ssa.Function, v *lifetime.View, c lifetime.Change, use lifetime.Kept) rule.Hit {
	pos, end := lifetime.Span(p, c.At)
	what := ""
	if c.Write != nil {
		what = c.Write.Text(p)
	} else {
		what = lifetime.Name(p, c.Owner)
	}
	h := rule.Hit{
		Pos: pos, End: end, Severity: evidence.High,
		Message: fmt.Sprintf("%s %s in %s while a string laid over its bytes is %s", what, c.How, prov.FuncName(f), use.How),
	}
	if inside(use, c) {
		h.Severity = evidence.Medium
	}
	at, _ := lifetime.Span(p, v.Made)
	h.Flow = append(h.Flow, rule.Step{Pos: at, Text: "the string is laid over the buffer"})
	kept, _ := lifetime.Span(p, use.At)
	if !use.After && kept.IsValid() {
		h.Flow = append(h.Flow, rule.Step{Pos: kept, Text: "the string is " + use.How})
	}
	h.Flow = append(h.Flow, rule.Step{Pos: pos, Text: "the buffer changes"})
	if use.After && kept.IsValid() {
		h.Flow = append(h.Flow, rule.Step{Pos: kept, Text: "the string is used"})
	}
	return h
}

// inside reports a string that is kept in a field of the very object whose buffer
// changes: the object knows of both, and nobody else has got the string yet.
func inside(use lifetime.Kept, c lifetime.Change) bool {
	s, ok := use.At.(*ssa.Store)
	if !ok || c.Owner == nil {
		return false
	}
	holder := object(s.Addr)
	return holder != s.Addr && holder == object(c.Owner)
}

// object is what a chain of fields belongs to.
func object(v ssa.Value) ssa.Value {
	for {
		f, ok := v.(*ssa.FieldAddr)
		if !ok {
			return v
		}
		v = f.X
	}
}
