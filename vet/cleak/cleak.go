package cleak

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
	Name:     "c-leak",
	Severity: evidence.Medium,
	Bad:      `cs := C.CString(s); if C.check(cs) == 0 { return errBad }; C.free(unsafe.Pointer(cs))`,
	Good:     `cs := C.CString(s); defer C.free(unsafe.Pointer(cs)); if C.check(cs) == 0 { return errBad }`,
	Fix:      "defer C.free right after the allocation",
	Oracle:   "an interposed malloc that counts; LeakSanitizer for C.malloc only",
	Source:   `cmd/cgo, "Go references to C": "it is the caller's responsibility to arrange for it to be freed"`,
})

// Analyzer is the rule for go/analysis drivers. Its result is *rule.Hits.
var Analyzer = Rule.Analyzer(run, summary.Analyzer)

func run(pass *analysis.Pass) ([]rule.Hit, error) {
	p := pass.ResultOf[summary.Analyzer].(*ssafn.Program)
	return typestate.Hits(p, Rule.Name, evidence.Medium, evidence.Medium), nil
}
