// Package fix carries out the fixes that findings of moho vet offer.
//
// Everything happens in memory first: the edits of one round become an overlay,
// the rules run again over it, and what does not compile or does not make a
// finding go away is taken back. Rounds go on until nothing is left to fix. Only
// then are files written, each by one rename.
//
// # Untrusted input
//
// Source code under analysis. Only files of the main module are written, at the
// path where the go command found them; edits that lie outside of a file are
// refused.
//
// # Compatibility
//
// What is fixed follows the rules. The words of [Left] may change.
package fix

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"moho/evidence"
	"moho/vet"
)

// MaxRounds bounds how often the rules run again. Each round makes findings
// fewer; fixes that overlap wait for the next, and more than a handful of such
// layers have not been seen.
const MaxRounds = 10

// MaxTries bounds how many fixes of one directory are tried one by one after
// all together did not compile; each try compiles a package.
const MaxTries = 16

// A Report says what became of each finding.
type Report struct {
	Fixed  []Fixed
	Left   []Left     // what the rules still report, in their order
	Files  []File     // changed ones, by name
	Result vet.Result // of the text that is in Files
	Rounds int
}

// Fixed is a finding that is gone. Its position is that of the text before the
// round that fixed it.
type Fixed struct {
	Finding evidence.Finding
	Message string // the fix, a verb phrase
	Round   int    // from 1
}

// Left is a finding that is still there, and why.
type Left struct {
	Finding evidence.Finding
	Why     string
}

// A File is a text before and after.
type File struct {
	Name   string // as positions have it
	Path   string
	Before []byte
	After  []byte
}

// Run vets what opts names and works out all fixes that are safe. It writes
// nothing; [Report.Write] does. Tests are always looked at, because they must
// still compile.
//
// Packages that do not compile are left alone: the error is then a
// [*vet.LoadError], and the report holds for the others.
func Run(ctx context.Context, opts vet.Options) (Report, error) {
	opts.Tests = true
	r := &run{opts: opts, refused: map[string]string{}, files: map[string]*File{}}
	r.opts.Overlay = maps.Clone(opts.Overlay)
	if r.opts.Overlay == nil {
		r.opts.Overlay = map[string][]byte{}
	}
	res, err := r.vet(ctx, r.opts.Overlay)
	if err != nil {
		return Report{}, err
	}
	for r.report.Rounds < MaxRounds {
		batch := r.pick(res)
		if len(batch) == 0 {
			break
		}
		r.report.Rounds++
		next, err := r.round(ctx, res, batch)
		if err != nil {
			return Report{}, err
		}
		res = next
	}
	return r.finish(res)
}

// run is one call of [Run].
type run struct {
	opts    vet.Options
	broken  []string          // messages of packages that never compiled
	refused map[string]string // fixes that were taken back, by key, with the reason
	files   map[string]*File  // by path
	report  Report
}

// vet applies the rules to a text. What did not compile before any fix is
// remembered; anything else is returned as an error.
func (r *run) vet(ctx context.Context, overlay map[string][]byte) (vet.Result, error) {
	opts := r.opts
	opts.Overlay = overlay
	res, err := vet.Run(ctx, opts)
	load, ok := errors.AsType[*vet.LoadError](err)
	switch {
	case err == nil:
		return res, nil
	case !ok:
		return vet.Result{}, err
	case r.report.Rounds == 0:
		r.broken = load.Messages
		return res, nil
	}
	fresh := slices.DeleteFunc(slices.Clone(load.Messages), func(m string) bool { return slices.Contains(r.broken, m) })
	if len(fresh) > 0 {
		return vet.Result{}, &vet.LoadError{Messages: fresh}
	}
	return res, nil
}

// round carries out a batch and returns what the rules say afterwards.
func (r *run) round(ctx context.Context, before vet.Result, batch []candidate) (vet.Result, error) {
	batch, after, err := r.compiles(ctx, batch)
	if err != nil || len(batch) == 0 {
		return before, err
	}
	// A fix that leaves its function with as many findings as before did not do
	// what it promised. All of the function's go back, and the round is repeated
	// without them.
	was, is := counts(before), counts(after)
	var kept []candidate
	for _, c := range batch {
		if is[where(c.finding)] < was[where(c.finding)] {
			kept = append(kept, c)
		} else {
			r.refuse(c, "taken back: as much is reported after the fix as before it")
		}
	}
	if len(kept) < len(batch) {
		if len(kept) == 0 {
			return before, nil
		}
		return r.round(ctx, before, kept)
	}
	r.take(batch)
	return after, nil
}

// compiles returns the fixes of a batch that compile together, and what the
// rules say of the result.
func (r *run) compiles(ctx context.Context, batch []candidate) ([]candidate, vet.Result, error) {
	for len(batch) > 0 {
		res, err := r.vet(ctx, r.overlay(batch))
		load, ok := errors.AsType[*vet.LoadError](err)
		if !ok {
			return batch, res, err
		}
		good := r.blame(ctx, batch, load)
		if len(good) == len(batch) {
			return nil, vet.Result{}, fmt.Errorf("after the fixes: %w", load)
		}
		batch = good
	}
	return nil, vet.Result{}, nil
}

// blame returns the fixes of a batch that are not guilty of what the compiler
// said. Those in other directories are not; those in the directories that it
// names are tried one by one.
func (r *run) blame(ctx context.Context, batch []candidate, load *vet.LoadError) []candidate {
	var suspects, good []candidate
	for _, c := range batch {
		if slices.ContainsFunc(load.Messages, func(m string) bool { return names(m, r.opts.Dir, c.dirs()) }) {
			suspects = append(suspects, c)
		} else {
			good = append(good, c)
		}
	}
	if len(suspects) == 0 {
		suspects, good = batch, nil
	}
	for i, c := range suspects {
		if len(suspects) > 1 && i < MaxTries {
			trial := append(slices.Clone(good), c)
			if _, err := r.vet(ctx, r.overlay(trial)); err == nil {
				good = trial
				continue
			}
		}
		r.refuse(c, "taken back: it would not compile: "+r.relative(load.Messages[0]))
	}
	slices.SortFunc(good, byPosition)
	return good
}

// relative takes this machine's directories off a compiler's message.
func (r *run) relative(message string) string {
	if dir, err := filepath.Abs(r.opts.Dir); err == nil {
		message = strings.TrimPrefix(message, dir+string(filepath.Separator))
	}
	return message
}

func (r *run) refuse(c candidate, why string) { r.refused[c.key()] = why }

// take makes a batch part of the result.
func (r *run) take(batch []candidate) {
	r.opts.Overlay = r.overlay(batch)
	for _, c := range batch {
		r.report.Fixed = append(r.report.Fixed, Fixed{Finding: c.finding, Message: c.message, Round: r.report.Rounds})
		for _, e := range c.edits {
			f := r.files[e.path]
			if f == nil {
				f = &File{Name: e.name, Path: e.path, Before: e.text}
				r.files[e.path] = f
			}
			f.After = r.opts.Overlay[e.path]
		}
	}
}

// finish says why the rest was not fixed.
func (r *run) finish(res vet.Result) (Report, error) {
	out := r.report
	out.Result = res
	for _, f := range res.Findings {
		out.Left = append(out.Left, Left{f, r.why(f, res)})
	}
	for _, path := range slices.Sorted(maps.Keys(r.files)) {
		out.Files = append(out.Files, *r.files[path])
	}
	slices.SortStableFunc(out.Files, func(a, b File) int { return strings.Compare(a.Name, b.Name) })
	if len(r.broken) > 0 {
		return out, &vet.LoadError{Messages: r.broken}
	}
	return out, nil
}

// where groups findings by function.
func where(f evidence.Finding) string {
	return f.Place.Package + "\x00" + f.Place.Module + "\x00" + f.Place.File + "\x00" + f.Place.Symbol
}

func counts(res vet.Result) map[string]int {
	n := map[string]int{}
	for _, f := range res.Findings {
		n[where(f)]++
	}
	return n
}
