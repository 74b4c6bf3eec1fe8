// Package golangci makes moho vet a linter of golangci-lint v2, as a module
// plugin named moho. README.md beside it says how it is built and configured.
//
// # Untrusted input
//
// Source code, which golangci-lint loads.
//
// # Compatibility
//
// golangci-lint v2. Findings are those of moho vet for one target: the one that
// golangci-lint runs for. Comments of its own silence them, and a baseline is
// its new-from-rev.
package golangci

import (
	"golang.org/x/tools/go/analysis"

	"github.com/golangci/plugin-module-register/register"

	"moho/vet"
)

func init() { register.Plugin("moho", newPlugin) }

// settings are what custom linters have under settings in .golangci.yml.
type settings struct {
	Disable []string `json:"disable"` // names of rules
}

type plugin struct{ settings settings }

func newPlugin(conf any) (register.LinterPlugin, error) {
	s, err := register.DecodeSettings[settings](conf)
	if err != nil {
		return nil, err
	}
	return plugin{s}, nil
}

// BuildAnalyzers returns the rules of moho vet without those that are disabled.
func (p plugin) BuildAnalyzers() ([]*analysis.Analyzer, error) {
	return vet.PluginSuite(p.settings.Disable)
}

// GetLoadMode asks for types.
func (p plugin) GetLoadMode() string { return register.LoadModeTypesInfo }
