package ignoredirective

import (
	"bytes"
	_ "embed"
	"fmt"
	"slices"
	"strings"

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
			if msg := wrong(ig.Rule, ig.Reason); msg != "" {
				hits = append(hits, rule.Hit{Pos: ig.Pos, Severity: evidence.Low, Message: msg})
			}
		}
	}
	for _, name := range pass.OtherFiles {
		if !strings.HasSuffix(name, ".s") {
			continue
		}
		text, err := pass.ReadFile(name)
		if err != nil || !bytes.Contains(text, []byte(rule.Directive)) {
			continue
		}
		tf := pass.Fset.AddFile(name, -1, len(text))
		tf.SetLinesForContent(text)
		for _, ig := range rule.AsmIgnores(text) {
			if msg := wrong(ig.Rule, ig.Reason); ig.Found && msg != "" {
				hits = append(hits, rule.Hit{Pos: tf.Pos(ig.Off), Severity: evidence.Low, Message: msg})
			}
		}
	}
	return rule.Report(pass, Rule, hits), nil
}

// wrong says why a directive silences nothing, "" for one that is in order.
func wrong(name, reason string) string {
	switch {
	case name == "":
		return "moho:ignore names no rule and silences nothing"
	case !slices.Contains(Known, name):
		return fmt.Sprintf("moho:ignore names %q, which is no rule, and silences nothing", name)
	case reason == "":
		return fmt.Sprintf("moho:ignore %s gives no reason and silences nothing", name)
	}
	return ""
}
