// Package summary works out what the functions and types of one package do
// with memory, for its rules and for the packages that import it.
//
// Its analyzer gives the rules the [ssafn.Program] with all facts in place: what
// imported packages tell, and what this one tells, found from the callees up to
// the callers. Each contributor fills the part of a [fact.Func] or [fact.Type]
// that it knows about, and reads the facts of callees through
// [ssafn.Program.Fact].
//
// # Untrusted input
//
// Source code under analysis. Recursion is cut: a group of functions that call
// each other is gone over at most [maxRounds] times.
//
// # Compatibility
//
// Internal to vet.
package summary

import (
	"go/types"
	"reflect"
	"slices"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/ssa"

	"moho/vet/internal/cptr"
	"moho/vet/internal/extent"
	"moho/vet/internal/fact"
	"moho/vet/internal/lifetime"
	"moho/vet/internal/prov"
	"moho/vet/internal/ssafn"
	"moho/vet/internal/touch"
	"moho/vet/internal/typestate"
)

// Analyzer is what rules require. Its result is the *ssafn.Program.
var Analyzer = &analysis.Analyzer{
	Name:       "mohofacts",
	Doc:        "summarise what functions and types do with memory",
	Requires:   []*analysis.Analyzer{ssafn.Analyzer},
	Run:        run,
	ResultType: reflect.TypeFor[*ssafn.Program](),
	FactTypes:  []analysis.Fact{new(fact.Package)},
}

// functions are the contributors of function facts. Each adds to what it is
// given and takes nothing away.
var functions = []func(p *ssafn.Program, f *ssa.Function, out *fact.Func){
	prov.Summarise,
	cptr.Summarise,
	typestate.Summarise,
	lifetime.Summarise,
	lifetime.SummariseBytes,
	extent.Summarise,
	lifetime.SummariseReuse,
}

// typeFacts are the contributors of type facts; they run before the functions.
var typeFacts = []func(p *ssafn.Program, out map[string]*fact.Type){
	lifetime.SummariseTypes,
}

// maxRounds bounds how often functions that call each other are gone over.
const maxRounds = 4

func run(pass *analysis.Pass) (any, error) {
	p := pass.ResultOf[ssafn.Analyzer].(*ssafn.Program)
	known := map[*types.Package]*fact.Package{}
	p.Imported = func(pkg *types.Package) *fact.Package {
		f, ok := known[pkg]
		if !ok {
			f = &fact.Package{}
			if !pass.ImportPackageFact(pkg, f) {
				f = nil
			}
			known[pkg] = f
		}
		return f
	}
	if !concerned(pass, p) {
		return p, nil
	}
	if err := p.Build(pass); err != nil {
		return nil, err
	}
	if p.Partial {
		return p, nil
	}
	for _, add := range typeFacts {
		add(p, p.Own.Types)
	}
	for _, group := range bottomUp(p) {
		for range maxRounds {
			if !summarise(p, group) {
				break
			}
		}
	}
	p.Own.Std = pass.Module == nil || pass.Module.Path == "std"
	if out := p.Own.Visible(); out != nil {
		pass.ExportPackageFact(out)
	}
	return p, nil
}

// concerned reports whether the package has to be looked at. The driver of moho
// vet has asked the same before it parsed anything; other drivers have not.
func concerned(pass *analysis.Pass, p *ssafn.Program) bool {
	if touch.ImplementsMemory(pass.Pkg.Path()) {
		return false
	}
	if touch.Files(pass.Files, pass.TypesSizes.Sizeof(types.Typ[types.Uintptr]) == 8) {
		return true
	}
	return slices.ContainsFunc(pass.Pkg.Imports(), func(imp *types.Package) bool {
		return p.Imported(imp).Concerns()
	})
}

// recast marks results that are strings over a slice of the caller's, or slices
// over a string: only unsafe code makes those.
func recast(sig *types.Signature, out *fact.Func) {
	shift := 0
	if sig.Recv() != nil {
		shift = 1
	}
	for i := range out.Results {
		if i >= sig.Results().Len() {
			return
		}
		for _, from := range out.Results[i].PointsTo {
			if from -= shift; from < 0 || from >= sig.Params().Len() {
				continue
			}
			a, b := shape(sig.Results().At(i).Type()), shape(sig.Params().At(from).Type())
			out.Results[i].Recast = out.Results[i].Recast || a != b && a != "" && b != ""
		}
	}
}

func shape(t types.Type) string {
	switch t := t.Underlying().(type) {
	case *types.Basic:
		if t.Info()&types.IsString != 0 {
			return "string"
		}
	case *types.Slice:
		return "slice"
	}
	return ""
}

// summarise goes once over functions that call each other, and reports whether
// something new was learnt and another round may learn more.
func summarise(p *ssafn.Program, group []*ssa.Function) bool {
	changed := false
	for _, f := range group {
		fn, ok := f.Object().(*types.Func)
		if !ok {
			continue // a literal
		}
		name := fact.Name(fn)
		before := p.Own.Funcs[name]
		next := &fact.Func{}
		for _, add := range functions {
			add(p, f, next)
		}
		if len(next.Params)+len(next.Results) == 0 {
			continue
		}
		recast(f.Signature, next)
		if before == nil || !reflect.DeepEqual(before, next) {
			p.Own.Funcs[name] = next
			changed = true
		}
	}
	return changed && len(group) > 1
}
