package vet

import (
	"cmp"
	"context"
	"iter"
	"maps"
	"slices"
	"strings"
	"sync"

	"moho/evidence"
	"moho/vet/internal/asmflow"
	"moho/vet/internal/layout"
	"moho/vet/source"
)

// Run loads the packages that opts names, for each target, and applies every
// rule to them.
//
// When packages do not compile, the error is a [*LoadError] with the
// compiler's messages, and the result holds what was found in the others: it
// is then an answer, but not a complete one. Any other error comes with a zero
// result. What could be compiled but not analysed is a gap.
//
// The result depends on the source, the options and the toolchain only: it is
// the same, byte for byte, on every run and for any number of processors.
func Run(ctx context.Context, opts Options) (Result, error) {
	targets, err := targets(ctx, opts)
	if err != nil {
		return Result{}, err
	}
	m := merger{byKey: map[findingKey]int{}, silentKey: map[findingKey]int{}, packages: map[string]bool{}, gaps: map[evidence.Gap]bool{}, sources: newSources(opts.Overlay)}
	failed := &LoadError{}
	for l, err := range loads(ctx, opts, targets) {
		if err != nil {
			return Result{}, err
		}
		failed.add(l.errors)
		if len(opts.Targets) > 0 {
			defer layout.SetTargets(l.fset, opts.Targets)()
		}
		if err := m.target(ctx, l, opts.Progress); err != nil {
			return Result{}, err
		}
	}
	r := m.result()
	for _, t := range targets {
		r.Targets = append(r.Targets, t.String())
	}
	slices.Sort(r.Targets)
	if len(failed.Messages) > 0 {
		return r, failed
	}
	if r.Packages == 0 {
		return Result{}, noPackages(ctx, opts, targets[0])
	}
	return r, nil
}

// loads loads the packages for each target in turn, one ahead of the one that is
// being analysed: much of a go list is done by a single processor.
func loads(ctx context.Context, opts Options, targets []target) iter.Seq2[*loaded, error] {
	type answer struct {
		l   *loaded
		err error
	}
	return func(yield func(*loaded, error) bool) {
		ctx, stop := context.WithCancel(ctx)
		next := make(chan answer)
		var loader sync.WaitGroup
		defer loader.Wait()
		defer stop()
		loader.Go(func() {
			for _, t := range targets {
				l, err := load(ctx, opts, t)
				select {
				case next <- answer{l, err}:
				case <-ctx.Done():
					return
				}
			}
		})
		for range targets {
			select {
			case a := <-next:
				if !yield(a.l, a.err) {
					return
				}
			case <-ctx.Done():
				yield(nil, ctx.Err())
				return
			}
		}
	}
}

// findingKey says when two findings are one. On one instruction a rule may find
// several defects (two registers at a RET), so there the message counts too.
type findingKey struct {
	rule    string
	pos     evidence.Position
	message string
}

// merger collects the findings of all targets and variants of packages.
type merger struct {
	findings  []evidence.Finding
	byKey     map[findingKey]int
	packages  map[string]bool
	gaps      map[evidence.Gap]bool
	silenced  []Silenced
	silentKey map[findingKey]int
	sources   *source.Tree
}

// target analyses what was loaded for one target.
func (m *merger) target(ctx context.Context, l *loaded, progress func(done, total int64)) error {
	forget := asmflow.SetTarget(l.fset, asmflow.Target{GOOS: l.target.goos, GOARCH: l.target.goarch, GOROOT: l.target.goroot, GOAMD64: l.target.goamd64})
	defer forget()
	for _, path := range l.matched {
		m.packages[path] = true
	}
	var mu sync.Mutex
	done, total := int64(0), int64(len(l.units))
	inOrder(ctx, l.units, func(u *unit) {
		l.look(ctx, u)
		if progress != nil {
			mu.Lock()
			defer mu.Unlock()
			done++
			progress(done, total)
		}
	})
	if err := ctx.Err(); err != nil {
		return err
	}
	l.cache.Trim()
	m.collect(l)
	return nil
}

// collect takes the records of the units, in an order that does not depend on
// when they were done.
func (m *merger) collect(l *loaded) {
	for _, u := range slices.SortedStableFunc(slices.Values(l.units), byVariant) {
		for _, g := range u.record.Gaps {
			m.gaps[g] = true
		}
		for _, s := range u.record.Silenced {
			m.silence(s)
		}
		for _, f := range u.record.Findings {
			m.add(f)
		}
		if len(u.record.Findings)+len(u.record.Silenced) > 0 {
			maps.Copy(m.sources.Files, u.sources(l))
		}
	}
}

func keyOf(f evidence.Finding) findingKey {
	key := findingKey{rule: f.Rule, pos: f.Pos}
	if strings.HasSuffix(f.Pos.File, ".s") {
		key.message = f.Message
	}
	return key
}

// add merges f with the same finding of an earlier target or variant.
func (m *merger) add(f evidence.Finding) {
	if i, seen := m.byKey[keyOf(f)]; seen {
		m.findings[i].Targets = union(m.findings[i].Targets, f.Targets)
		return
	}
	m.byKey[keyOf(f)] = len(m.findings)
	m.findings = append(m.findings, f)
}

// silence is add for a finding that a comment silenced.
func (m *merger) silence(s Silenced) {
	if i, seen := m.silentKey[keyOf(s.Finding)]; seen {
		m.silenced[i].Targets = union(m.silenced[i].Targets, s.Targets)
		return
	}
	m.silentKey[keyOf(s.Finding)] = len(m.silenced)
	m.silenced = append(m.silenced, s)
}

func union(a, b []string) []string {
	all := slices.Concat(a, b)
	slices.Sort(all)
	return slices.Compact(all)
}

func (m *merger) result() Result {
	r := Result{Findings: m.findings, Packages: len(m.packages), Suppressed: len(m.silenced), Silenced: m.silenced}
	evidence.SortFindings(r.Findings)
	slices.SortFunc(r.Silenced, func(a, b Silenced) int { return evidence.CompareFindings(a.Finding, b.Finding) })
	// One that is silenced counts among its equals: a comment does not give
	// another one a new name.
	var all []*evidence.Finding
	for i := range r.Findings {
		all = append(all, &r.Findings[i])
	}
	for i := range r.Silenced {
		all = append(all, &r.Silenced[i].Finding)
	}
	source.Fingerprints(all, m.sources)
	r.Paths, r.Sources = slices.Sorted(maps.Keys(m.packages)), m.sources
	for g := range m.gaps {
		r.Gaps = append(r.Gaps, g)
	}
	slices.SortFunc(r.Gaps, func(a, b evidence.Gap) int {
		return cmp.Or(cmp.Compare(a.Where, b.Where), cmp.Compare(a.What, b.What), cmp.Compare(a.Why, b.Why))
	})
	return r
}
