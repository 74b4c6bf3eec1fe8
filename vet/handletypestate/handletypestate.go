package handletypestate

import (
	_ "embed"

	"golang.org/x/tools/go/analysis"

	"moho/evidence"
	"moho/vet/internal/rule"
	"moho/vet/internal/ssafn"
	"moho/vet/internal/summary"
	"moho/vet/internal/typestate"
)

//go:embed doc.go
var source string

// Rule is what people read about the analyzer.
var Rule = rule.New(source, rule.Rule{
	Name:     "handle-typestate",
	Severity: evidence.High,
	Bad:      `h := cgo.NewHandle(v); defer h.Delete(); h.Delete()`,
	Good:     `h := cgo.NewHandle(v); defer h.Delete(); C.call(C.uintptr_t(h))`,
	Fix:      "delete each handle once, where nothing uses it any more",
	Oracle:   "the runtime panics: \"misuse of an invalid Handle\"",
	Source:   `runtime/cgo, type Handle`,
})

// Analyzer is the rule for go/analysis drivers. Its result is *rule.Hits.
var Analyzer = Rule.Analyzer(run, summary.Analyzer)

func run(pass *analysis.Pass) ([]rule.Hit, error) {
	p := pass.ResultOf[summary.Analyzer].(*ssafn.Program)
	return typestate.Hits(p, Rule.Name, evidence.High, evidence.High), nil
}
