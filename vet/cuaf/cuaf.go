package cuaf

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
	Name:     "c-uaf",
	Severity: evidence.Critical,
	Bad:      `C.free(unsafe.Pointer(cs)); return C.GoString(cs)`,
	Good:     `defer C.free(unsafe.Pointer(cs)); return C.GoString(cs)`,
	Fix:      "free after the last use, with defer where possible; copy with C.GoString or C.GoBytes what outlives the memory",
	Oracle:   "-asan, when C or compiled Go code reads it; not when C.GoString or C.GoBytes does",
	Source:   `cmd/cgo, "Go references to C": the caller frees what C.CString and C.CBytes return`,
})

// Analyzer is the rule for go/analysis drivers. Its result is *rule.Hits.
var Analyzer = Rule.Analyzer(run, summary.Analyzer)

func run(pass *analysis.Pass) ([]rule.Hit, error) {
	p := pass.ResultOf[summary.Analyzer].(*ssafn.Program)
	return typestate.Hits(p, Rule.Name, evidence.Critical, evidence.High), nil
}
