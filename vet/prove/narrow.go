package prove

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"moho/evidence"
)

// narrow is the target on which words have half the size: layouts that happen to be
// equal differ there, and 64-bit values need not be aligned. Its programs run on the
// same machine.
const narrow = "linux/386"

// onNarrow are the rules that only that target can show broken.
var onNarrow = map[string]bool{"cast-arch": true}

// runNarrow builds and runs the programs once more for the narrow target: those
// without C, in which a package of the main module uses unsafe. A program that can't
// be built for it is none of its programs, and no gap.
func (r *runner) runNarrow(ctx context.Context) ([]Program, error) {
	if r.tool.target() != "linux/amd64" || !slices.ContainsFunc(r.plan.programs, (*program).narrows) {
		return nil, nil
	}
	n := *r
	n.opts.Env = r.opts.Env
	if n.opts.Env == nil {
		n.opts.Env = os.Environ()
	}
	n.opts.Env = append(slices.Clone(n.opts.Env), "GOARCH=386", "CGO_ENABLED=0")
	n.ends, n.skips, n.unwatched = map[*program]string{}, map[*program][]string{}, map[string]bool{}
	n.hits, n.gaps, n.bug = nil, nil, nil
	var err error
	if n.tool, err = openToolchain(ctx, n.opts, r.dir); err != nil {
		return nil, err
	}
	if n.plan, err = makePlan(ctx, n.tool, n.opts); err != nil {
		return nil, err
	}
	var out []Program
	for i, p := range n.plan.programs {
		host := slices.IndexFunc(r.plan.programs, func(q *program) bool { return q.pkg.ImportPath == p.pkg.ImportPath && q.test == p.test })
		if host < 0 || !r.plan.programs[host].narrows() {
			continue
		}
		n.progress(p.kind()+" "+p.pkg.ImportPath+" for "+narrow, int64(i), int64(len(n.plan.programs)))
		prog, err := n.program(ctx, p, filepath.Join(r.dir, fmt.Sprintf("%03d-386", host)))
		if err != nil {
			return nil, err
		}
		out = append(out, prog)
	}
	r.hits = append(r.hits, n.hits...)
	r.narrow = &n
	return out, nil
}

// narrows reports programs that are worth running on the narrow target.
func (p *program) narrows() bool { return !p.own && p.odd }

// ranNarrow reports whether a program with a finding's package ran there to its end.
func (r *runner) ranNarrow(f *evidence.Finding) bool {
	if r.narrow == nil {
		return false
	}
	for p, end := range r.narrow.ends {
		if (end == endOK || end == endFailed) && r.narrow.links(p, f) {
			return true
		}
	}
	return false
}
