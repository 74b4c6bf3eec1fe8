package munmapuse

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
	Name:     "munmap-use",
	Severity: evidence.High,
	Bad:      `data, _ := syscall.Mmap(…); syscall.Munmap(data); return data[0]`,
	Good:     `data, _ := syscall.Mmap(…); b := data[0]; syscall.Munmap(data); return b`,
	Fix:      "copy what outlives the mapping; set the field to nil when unmapping",
	Oracle:   "SIGSEGV",
	Source:   `munmap(2): further references to addresses within the range generate invalid memory references`,
})

// Analyzer is the rule for go/analysis drivers. Its result is *rule.Hits.
var Analyzer = Rule.Analyzer(run, summary.Analyzer)

func run(pass *analysis.Pass) ([]rule.Hit, error) {
	p := pass.ResultOf[summary.Analyzer].(*ssafn.Program)
	return typestate.Hits(p, Rule.Name, evidence.High, evidence.High), nil
}
