package prove

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Most rounds of a program: each leaves out the test in which the one before ended.
const maxRounds = 8

// program builds one program and runs it; what it reports, it has to report twice.
// When a test ends the program, the other tests run without it.
func (r *runner) program(ctx context.Context, p *program, dir string) (Program, error) {
	out := Program{Package: p.pkg.ImportPath, Kind: p.kind(), Target: r.tool.target()}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return out, err
	}
	binary, err := r.build(ctx, p, dir)
	if err != nil {
		if ctx.Err() != nil {
			return out, ctx.Err()
		}
		out.End, out.Why = endNotBuilt, err.Error()
		r.ends[p] = endNotBuilt
		r.gap("a program", p.pkg.ImportPath, "it could not be built for proof: "+err.Error())
		return out, nil
	}
	if r.opts.Keep != "" {
		out.Binary = binary
	}
	if err := writeGlobals(binary, filepath.Join(dir, "globals")); err != nil {
		r.gap("bounds of global variables", p.pkg.ImportPath, err.Error())
	}
	var skip []string
	for range maxRounds {
		r.skips[p] = skip
		o, err := r.round(ctx, p, run{binary: binary, dir: dir, skip: skip}, &out)
		if err != nil {
			return out, err
		}
		if out.End == "" || out.End == endOK || out.End == endFailed {
			out.End, out.Why = o.end, o.why
		}
		r.ends[p] = o.end
		if o.log.Starts == 0 {
			r.ends[p] = endNotBuilt
			out.End, out.Why = endNotBuilt, "the patched runtime did not start: "+firstLines(o.output, 3, o.why)
			r.gap("a program", p.pkg.ImportPath, out.Why)
			break
		}
		if o.end == endInternal {
			r.bug = fmt.Errorf("%w: %s: %s", ErrInternal, p.pkg.ImportPath, o.why)
		}
		last := lastTest(o.output)
		if !p.test || last == "" || o.end != endCrashed && o.end != endInternal || slices.Contains(skip, last) {
			if p.test && o.end == endFailed {
				if err := r.compare(ctx, p, run{binary: binary, dir: dir}, failed(o.output), &out); err != nil {
					return out, err
				}
			}
			break
		}
		skip = append(skip, last)
	}
	if p.own && r.ends[p] != endNotBuilt {
		if err := r.collect(ctx, p, run{binary: binary, dir: dir, skip: slices.Clone(skip), collect: true}, &out); err != nil {
			return out, err
		}
	}
	return out, nil
}

// collect runs a program that calls C once more, with a collection before such calls.
// What that shows is true, but it may end the program early: how the program ends of
// itself is known before.
func (r *runner) collect(ctx context.Context, p *program, how run, out *Program) error {
	for range maxRounds {
		o, err := r.round(ctx, p, how, out)
		if err != nil {
			return err
		}
		last := lastTest(o.output)
		if !p.test || last == "" || o.end != endCrashed || slices.Contains(how.skip, last) {
			return nil
		}
		how.skip = append(how.skip, last)
	}
	return nil
}

// round runs a program, and again when it has reported something: what does not come
// again is not shown as a finding.
func (r *runner) round(ctx context.Context, p *program, how run, out *Program) (outcome, error) {
	how.n = out.Runs + 1
	o, err := r.exec(ctx, p, how)
	if err != nil {
		return outcome{}, err
	}
	out.Runs++
	out.CPU, out.Memory = o.cpu, max(out.Memory, o.memory)
	if o.log.Lost > 0 {
		r.gap("reports", p.pkg.ImportPath, fmt.Sprintf("%d found no room", o.log.Lost))
	}
	if len(o.log.Hits) == 0 {
		switch o.end {
		case endCrashed, endTimeout, endMemory:
			r.gap("a program", p.pkg.ImportPath, "it ended early, and nothing was reported before: "+o.why)
		}
		return o, nil
	}
	how.n++
	second, err := r.exec(ctx, p, how)
	if err != nil {
		return outcome{}, err
	}
	out.Runs++
	again := map[string]bool{}
	for _, h := range second.log.Hits {
		again[h.Site()], again[h.Line()] = true, true
	}
	for _, h := range o.log.Hits {
		if slices.ContainsFunc(r.hits, func(s seen) bool { return s.prog == p && s.hit.Site() == h.Site() }) {
			continue
		}
		if !again[h.Site()] {
			// Where an address comes from may depend on chance, as long as it comes.
			if !again[h.Line()] {
				r.gap("a report", h.Line(), "it came in one run of "+p.pkg.ImportPath+" and not in the next")
			}
			continue
		}
		if len(h.At) == 0 {
			r.gap("a report", p.pkg.ImportPath, what(&h)+", and who left it there is not known")
			continue
		}
		out.Reports++
		r.hits = append(r.hits, seen{hit: h, prog: p, runs: 2, target: r.tool.target()})
	}
	return o, nil
}

// compare runs tests that failed once more where nothing is judged. Those that fail
// there too count allocations, or fail anyway; the others fail because of what moho
// does, which has to be known.
func (r *runner) compare(ctx context.Context, p *program, how run, tests []string, out *Program) error {
	if len(tests) == 0 {
		return nil
	}
	how.n, how.only, how.neutral = out.Runs+1, tests, true
	o, err := r.exec(ctx, p, how)
	if err != nil {
		return err
	}
	neutral := failed(o.output)
	mine := without(tests, neutral)
	var why []string
	if len(neutral) > 0 {
		why = append(why, "also where nothing is judged, only variables are moved to the heap: "+strings.Join(neutral, ", "))
	}
	if len(mine) > 0 {
		how.n, how.only, how.neutral, how.noCopies = how.n+1, mine, false, true
		if o, err = r.exec(ctx, p, how); err != nil {
			return err
		}
		rest := failed(o.output)
		if copies := without(mine, rest); len(copies) > 0 {
			why = append(why, "because views and loans are copies: "+strings.Join(copies, ", "))
		}
		if len(rest) > 0 {
			r.gap("tests that fail under proof only", p.pkg.ImportPath, strings.Join(rest, ", "))
		}
	}
	out.Why = strings.Join(why, "; ")
	return nil
}

func without(names, others []string) (left []string) {
	for _, n := range names {
		if !slices.Contains(others, n) {
			left = append(left, n)
		}
	}
	return left
}

// lastTest is the test that was the last to begin.
func lastTest(output string) (name string) {
	for line := range strings.Lines(output) {
		if rest, ok := strings.CutPrefix(line, "=== RUN"); ok {
			name, _, _ = strings.Cut(strings.TrimSpace(rest), "/")
		}
	}
	return name
}

// failed lists the tests that say that they have failed.
func failed(output string) (names []string) {
	for line := range strings.Lines(output) {
		if rest, ok := strings.CutPrefix(line, "--- FAIL: "); ok {
			name, _, _ := strings.Cut(rest, " ")
			names = append(names, strings.TrimSpace(name))
		}
	}
	return names
}
