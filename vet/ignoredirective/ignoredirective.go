package ignoredirective

import (
	_ "embed"
	"fmt"
	"slices"

	"golang.org/x/tools/go/analysis"

	"moho/evidence"
	"moho/vet/internal/rule"
)

//go:embed doc.go
var source string

// Rule is what people read about the analyzer.
var Rule = rule.Rule{
	Name:     "ignore-directive",
	Title:    rule.Title(Analyzer.Doc),
	Severity: evidence.Low,
	Doc:      Analyzer.Doc,
	Bad:      `//moho:ignore uintptr-roundtrip`,
	Good:     `//moho:ignore uintptr-roundtrip the arena is mapped, not Go memory`,
	Fix:      "name one rule and give a reason, or remove the comment",
	Oracle:   "none: the comment itself is the defect",
	Source:   "this rule's text",
}

// Known holds the names of all rules; package vet fills it in while the
// program starts, because this package cannot import the others' list.
var Known []string

// Analyzer is the rule for go/analysis drivers. Its result is *rule.Hits.
var Analyzer = &analysis.Analyzer{
	Name:       "ignoredirective",
	Doc:        rule.MustDoc(source, "ignoredirective"),
	ResultType: rule.HitsType,
}

func init() { Analyzer.Run = run } // Run refers to Rule, which refers to Analyzer

func run(pass *analysis.Pass) (any, error) {
	var hits []rule.Hit
	for _, f := range pass.Files {
		for _, ig := range rule.Ignores(f) {
			var msg string
			switch {
			case ig.Rule == "":
				msg = "moho:ignore names no rule and silences nothing"
			case !slices.Contains(Known, ig.Rule):
				msg = fmt.Sprintf("moho:ignore names %q, which is no rule, and silences nothing", ig.Rule)
			case ig.Reason == "":
				msg = fmt.Sprintf("moho:ignore %s gives no reason and silences nothing", ig.Rule)
			default:
				continue
			}
			hits = append(hits, rule.Hit{Pos: ig.Pos, Severity: evidence.Low, Message: msg})
		}
	}
	return rule.Report(pass, Rule, hits), nil
}
