package freegomemory

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
	Name:     "free-go-memory",
	Severity: evidence.Critical,
	Bad:      `b := make([]byte, n); C.free(unsafe.Pointer(&b[0]))`,
	Good:     `p := C.malloc(C.size_t(n)); C.free(p)`,
	Fix:      "free what malloc returned, keep that pointer for it; Go memory is freed by the garbage collector",
	Oracle:   "-asan; glibc aborts",
	Source:   `C standard, free: the argument matches a pointer earlier returned by a memory management function`,
})

// Analyzer is the rule for go/analysis drivers. Its result is *rule.Hits.
var Analyzer = Rule.Analyzer(run, summary.Analyzer)

func run(pass *analysis.Pass) ([]rule.Hit, error) {
	p := pass.ResultOf[summary.Analyzer].(*ssafn.Program)
	return typestate.Hits(p, Rule.Name, evidence.Critical, evidence.High), nil
}
