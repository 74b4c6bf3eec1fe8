package vet

import (
	"fmt"
	"slices"
	"strings"

	"golang.org/x/tools/go/analysis"

	"moho/vet/internal/rule"
)

// PluginSuite is [Suite] without the rules named, for use inside of
// golangci-lint. From then on no analyzer of this process obeys nolint comments:
// golangci-lint does, and tells which of them are of no use.
//
// A name that no rule has is an error.
func PluginSuite(disable []string) ([]*analysis.Analyzer, error) {
	rule.InsideGolangci()
	for _, name := range disable {
		if !slices.ContainsFunc(rules, func(r Rule) bool { return r.Name == name }) {
			return nil, fmt.Errorf("no rule %q", name)
		}
	}
	return slices.DeleteFunc(slices.Clone(Suite), func(a *analysis.Analyzer) bool {
		return slices.ContainsFunc(disable, func(name string) bool { return strings.ReplaceAll(name, "-", "") == a.Name })
	}), nil
}
