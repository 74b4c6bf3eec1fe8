package vet

import (
	"context"
	"fmt"
	"go/types"
	"os"
	"reflect"
	"slices"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/packages"

	"moho/vet/internal/fact"
	"moho/vet/internal/rule"
	"moho/vet/internal/summary"
)

// factsOnly is what runs on packages that nobody asked about.
var factsOnly = []*analysis.Analyzer{summary.Analyzer}

// outcome is what the analyzers said about one package.
type outcome struct {
	hits        []*rule.Hits // one per rule, in the order of the suite
	diagnostics []diagnostic // the same as go vet shows it
	failures    []failure
	facts       *fact.Package // nil when there is nothing to tell
}

type diagnostic struct {
	analyzer string
	analysis.Diagnostic
}

// A failure is an analyzer that could not do its work.
type failure struct {
	analyzer string
	err      error
}

// A runner runs analyzers over one type-checked package, each after those that
// it requires.
//
// The only facts are [fact.Package], one per package, as the packages that are
// imported directly tell them: the same that a run under go vet sees.
type runner struct {
	pkg      *packages.Package
	imported func(path string) *fact.Package
	done     map[*analysis.Analyzer]result
	outcome
}

type result struct {
	value any
	err   error
}

func analyze(ctx context.Context, pkg *packages.Package, suite []*analysis.Analyzer, imported func(path string) *fact.Package) outcome {
	r := &runner{pkg: pkg, imported: imported, done: map[*analysis.Analyzer]result{}}
	for _, a := range suite {
		if ctx.Err() != nil {
			break
		}
		res := r.run(a)
		if res.err != nil {
			r.failures = append(r.failures, failure{a.Name, res.err})
			continue
		}
		if hits, ok := res.value.(*rule.Hits); ok {
			r.hits = append(r.hits, hits)
		}
	}
	return r.outcome
}

func (r *runner) run(a *analysis.Analyzer) result {
	if res, ok := r.done[a]; ok {
		return res
	}
	inputs := map[*analysis.Analyzer]any{}
	for _, req := range a.Requires {
		res := r.run(req)
		if res.err != nil {
			r.done[a] = res
			return res
		}
		inputs[req] = res.value
	}
	value, err := call(a, r.pass(a, inputs))
	if err != nil {
		value = nil
	}
	r.done[a] = result{value, err}
	return r.done[a]
}

// call runs an analyzer. Like the compiler's, our passes meet code that nobody
// thought of; what one of them panics on is a package that it has not analysed.
func call(a *analysis.Analyzer, pass *analysis.Pass) (value any, err error) {
	defer func() {
		if p := recover(); p != nil {
			value, err = nil, fmt.Errorf("a bug in moho: %v", p)
		}
	}()
	return a.Run(pass)
}

func (r *runner) pass(a *analysis.Analyzer, inputs map[*analysis.Analyzer]any) *analysis.Pass {
	known := func(f analysis.Fact) bool { return slices.ContainsFunc(a.FactTypes, sameType(f)) }
	p := &analysis.Pass{
		Analyzer:          a,
		Fset:              r.pkg.Fset,
		Files:             r.pkg.Syntax,
		OtherFiles:        r.pkg.OtherFiles,
		IgnoredFiles:      r.pkg.IgnoredFiles,
		Pkg:               r.pkg.Types,
		TypesInfo:         r.pkg.TypesInfo,
		TypesSizes:        r.pkg.TypesSizes,
		ResultOf:          inputs,
		ReadFile:          os.ReadFile,
		Report:            func(d analysis.Diagnostic) { r.diagnostics = append(r.diagnostics, diagnostic{a.Name, d}) },
		ImportObjectFact:  func(types.Object, analysis.Fact) bool { return false },
		ExportObjectFact:  func(types.Object, analysis.Fact) {},
		AllObjectFacts:    func() []analysis.ObjectFact { return nil },
		AllPackageFacts:   func() []analysis.PackageFact { return nil },
		ImportPackageFact: func(pkg *types.Package, f analysis.Fact) bool { return known(f) && r.importFact(pkg, f) },
		ExportPackageFact: func(f analysis.Fact) {
			if own, ok := f.(*fact.Package); ok && known(f) {
				r.facts = own
			}
		},
	}
	if m := r.pkg.Module; m != nil {
		p.Module = &analysis.Module{Path: m.Path, Version: m.Version, GoVersion: m.GoVersion}
	}
	return p
}

func sameType(f analysis.Fact) func(analysis.Fact) bool {
	return func(g analysis.Fact) bool { return reflect.TypeOf(f) == reflect.TypeOf(g) }
}

// importFact copies what pkg tells into f.
func (r *runner) importFact(pkg *types.Package, f analysis.Fact) bool {
	to, ok := f.(*fact.Package)
	if !ok {
		return false
	}
	from := r.facts
	if pkg != r.pkg.Types {
		from = r.imported(pkg.Path())
	}
	if from == nil {
		return false
	}
	*to = *from
	return true
}
