package cdoublefree

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
	Name:     "c-double-free",
	Severity: evidence.Critical,
	Bad:      `defer C.free(p); if err != nil { C.free(p); return err }`,
	Good:     `defer C.free(p); if err != nil { return err }`,
	Fix:      "leave one release, best the deferred one",
	Oracle:   "-asan; glibc aborts",
	Source:   `C standard, free: the behaviour is undefined if the space has been deallocated`,
})

// Analyzer is the rule for go/analysis drivers. Its result is *rule.Hits.
var Analyzer = Rule.Analyzer(run, summary.Analyzer)

func run(pass *analysis.Pass) ([]rule.Hit, error) {
	p := pass.ResultOf[summary.Analyzer].(*ssafn.Program)
	return typestate.Hits(p, Rule.Name, evidence.Critical, evidence.High), nil
}
