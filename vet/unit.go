package vet

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/packages"

	"moho/evidence"
	"moho/vet/internal/asmflow"
	"moho/vet/internal/fact"
	"moho/vet/internal/touch"
)

// A unit is one package, or one variant of it for a test, in the graph of all
// that was loaded for one target.
type unit struct {
	pkg     *packages.Package
	buildID string // of its export data: what it was compiled from
	std     bool
	cgo     bool    // has files that import C
	name    string  // the package's path without what marks a test variant
	asked   bool    // its findings are wanted; of others only the facts
	broken  *unit   // what does not compile, of the unit and all that it imports
	twin    *unit   // whose facts are its own: the same files without the tests of another
	imports []*unit // in order of path; the twin too
	record  record

	factsOnce sync.Once
	factsHash string
}

// A record is what is known about a unit once it has been looked at. It refers
// to no syntax and holds no absolute position, so that it can be kept.
type record struct {
	Findings []evidence.Finding
	Gaps     []evidence.Gap
	Silenced []Silenced
	Facts    *fact.Package
	Digests  map[string]string // of its files, when there are findings
}

// graph links what was listed. In the result, too, what is imported goes first.
func graph(all []*listed) []*unit {
	var units []*unit
	byID := map[string]*unit{}
	for _, p := range all {
		u := &unit{pkg: p.pkg(), buildID: p.BuildID, std: p.Standard, cgo: len(p.CgoFiles) > 0}
		u.name = u.pkg.PkgPath
		if p.ForTest != "" {
			u.name = strings.TrimSuffix(u.name, "_test")
		}
		if len(u.pkg.Errors) > 0 {
			u.broken = u
		}
		for path, id := range p.imports() {
			dep := byID[id]
			if dep == nil {
				continue // C, or a cycle, of which the go command has complained
			}
			u.pkg.Imports[path] = dep.pkg
			u.broken = cmp.Or(u.broken, dep.broken)
			if !slices.Contains(u.imports, dep) {
				u.imports = append(u.imports, dep)
			}
		}
		slices.SortFunc(u.imports, func(a, b *unit) int { return cmp.Compare(a.pkg.ID, b.pkg.ID) })
		if old := byID[p.ImportPath]; old != nil {
			// Listed twice where something imports what cannot be imported: the
			// error belongs to the importer.
			old.pkg.Errors = append(old.pkg.Errors, u.pkg.Errors...)
			continue
		}
		byID[p.ImportPath] = u
		units = append(units, u)
	}
	for _, u := range units {
		if u.pkg.ForTest != "" && u.pkg.PkgPath != u.pkg.ForTest && !strings.HasSuffix(u.pkg.PkgPath, "_test") {
			u.twin = byID[u.pkg.PkgPath]
		}
	}
	return units
}

// imports returns what import clauses lead to: IDs by path.
func (p *listed) imports() map[string]string {
	m := maps.Clone(p.ImportMap)
	if m == nil {
		m = map[string]string{}
	}
	mapped := map[string]bool{}
	for _, id := range p.ImportMap {
		mapped[id] = true
	}
	for _, id := range p.Imports {
		if !mapped[id] {
			m[id] = id
		}
	}
	return m
}

// concerned reports whether the rules have to look at a unit. What it imports
// has been looked at.
func (u *unit) concerned(t target) bool {
	if touch.ImplementsMemory(u.pkg.PkgPath) {
		return false
	}
	if u.cgo {
		return true
	}
	for path := range u.pkg.Imports {
		if touch.Import(path, t.wide()) || path == "sync/atomic" && u.asked && u.atomics() {
			return true
		}
	}
	return slices.ContainsFunc(u.imports, func(dep *unit) bool { return dep.record.Facts.Concerns() })
}

// atomics reports whether the unit may call the 64-bit functions of sync/atomic.
func (u *unit) atomics() bool {
	return slices.ContainsFunc(u.pkg.CompiledGoFiles, func(name string) bool {
		text, err := os.ReadFile(name)
		return err == nil && touch.Atomics(text)
	})
}

// suite lists the analyzers that may have something to say about a unit; on
// most there are none, and they cost nothing more.
func (u *unit) suite(t target) []*analysis.Analyzer {
	concerned := u.concerned(t)
	switch {
	case !u.asked && concerned:
		return factsOnly
	case !u.asked:
		return nil
	case concerned:
		return Suite
	case asmflow.Archs[t.goarch] != nil && len(asmflow.Files(u.pkg.OtherFiles)) > 0:
		return asmSuite
	}
	return nil
}

// look fills in the record of a unit.
func (l *loaded) look(ctx context.Context, u *unit) {
	if u.twin != nil && !u.asked {
		u.record.Facts = u.twin.record.Facts
		return
	}
	suite := u.suite(l.target)
	if u.withoutC() {
		what := "package analysed without what C declares"
		if !u.asked {
			what = "package not analysed"
		}
		u.gap(what, errors.New(u.whyWithoutC()))
		suite = syntaxSuite
	}
	if suite == nil || u.withoutC() && !u.asked {
		return
	}
	k, known := u.key(l)
	if known && u.recall(l, k) {
		return
	}
	defer l.memory.take(u.weight())()
	if ctx.Err() != nil {
		return
	}
	u.analyze(ctx, l, suite)
	if !known || ctx.Err() != nil {
		u.keep(l, nil)
		return
	}
	u.keep(l, &k)
}

// withoutC reports a package that uses C where cgo did not do its part: headers
// or a C compiler are missing.
func (u *unit) withoutC() bool { return u.cgo && len(u.pkg.CompiledGoFiles) == 0 }

// whyWithoutC returns what the go command said.
func (u *unit) whyWithoutC() string {
	if u.broken == nil {
		return "cgo did not run"
	}
	for _, e := range u.broken.pkg.Errors {
		for line := range strings.Lines(e.Msg) {
			if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
				return line
			}
		}
	}
	return "cgo did not run for " + u.broken.pkg.PkgPath
}

// analyze parses and checks a unit and applies the analyzers to it.
func (u *unit) analyze(ctx context.Context, l *loaded, suite []*analysis.Analyzer) {
	var digests map[string]string
	if u.asked {
		digests = u.digests(l)
	}
	if err := l.check(u); err != nil {
		if len(u.pkg.Errors) == 0 { // else the compiler has told why
			u.gap("package not analysed", err)
		}
		return
	}
	defer u.release()
	u.translate(l, analyze(ctx, u.pkg, suite, u.importedFacts))
	if len(u.record.Findings)+len(u.record.Silenced) > 0 {
		u.record.Digests = digests
	}
}

// gap notes that something is not known about the unit.
func (u *unit) gap(what string, err error) {
	if !u.asked {
		what = "dependency" + strings.TrimPrefix(what, "package")
	}
	u.record.Gaps = append(u.record.Gaps, evidence.Gap{What: what, Where: u.pkg.PkgPath, Why: err.Error()})
}

// translate makes the record from what the analyzers said.
func (u *unit) translate(l *loaded, out outcome) {
	u.record.Facts = out.facts
	for _, f := range out.failures {
		u.gap("package not analysed by "+f.analyzer, f.err)
	}
	for _, hits := range out.hits {
		for _, g := range hits.Gaps {
			u.record.Gaps = append(u.record.Gaps, u.fileGap(l, g))
		}
		for _, s := range hits.Suppressed {
			if f, ok := u.finding(l, hits.Rule, s.Hit); ok {
				f.Fixes = []evidence.Fix{}
				u.record.Silenced = append(u.record.Silenced, Silenced{f, s.By, s.Why})
			}
		}
		for _, h := range hits.Hits {
			if f, ok := u.finding(l, hits.Rule, h); ok {
				u.record.Findings = append(u.record.Findings, f)
			}
		}
	}
}

// importedFacts returns what a package that the unit imports directly tells.
func (u *unit) importedFacts(path string) *fact.Package {
	for _, dep := range u.imports {
		if dep.pkg.PkgPath == path {
			return dep.record.Facts
		}
	}
	return nil
}

// weight is the size of a unit's source in bytes.
func (u *unit) weight() (n int64) {
	for _, name := range u.pkg.CompiledGoFiles {
		if st, err := os.Stat(name); err == nil {
			n += st.Size()
		}
	}
	return n
}

// byVariant orders packages before their test variants, so that a finding in
// both is told as the package alone has it.
func byVariant(a, b *unit) int {
	return cmp.Or(cmp.Compare(a.pkg.ForTest, b.pkg.ForTest), cmp.Compare(a.pkg.ID, b.pkg.ID))
}
