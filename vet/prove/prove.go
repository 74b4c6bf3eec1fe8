package prove

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"moho/evidence"
	"moho/vet/prove/internal/overlay"
	"moho/vet/source"
)

// ErrInternal reports that a program died in code that moho had added to it.
var ErrInternal = errors.New("a program ended in code that moho adds: this is a bug in moho")

// runner is one [Run].
type runner struct {
	opts    Options
	timeout time.Duration
	memory  int64
	tool    *toolchain
	plan    *plan
	hits    []seen
	ends    map[*program]string
	cover   coverage
	gaps    []evidence.Gap
	dir     string
	bug     error
	tree    *source.Tree
	skips   map[*program][]string // tests that end a program
	narrow  *runner               // the same on a narrower target

	unwatched map[string]bool // packages that the compiler got as they are
}

// Run proves findings by running the programs that the patterns name.
//
// The result holds what was seen even when the error is not nil, as long as the
// error is [ErrInternal]; with any other error it is zero. The given findings are
// not changed.
func Run(ctx context.Context, o Options) (Result, error) {
	r := &runner{
		opts: o, ends: map[*program]string{}, unwatched: map[string]bool{},
		skips: map[*program][]string{}, tree: o.Sources,
		timeout: cmp.Or(o.Timeout, DefaultTimeout),
		memory:  cmp.Or(o.Memory, DefaultMemory),
	}
	if r.tree == nil {
		r.tree = &source.Tree{}
	}
	if r.opts.Tool == "" {
		exe, err := os.Executable()
		if err != nil {
			return Result{}, err
		}
		r.opts.Tool = exe
	}
	var err error
	if r.opts.Dir, err = filepath.Abs(cmp.Or(o.Dir, ".")); err != nil {
		return Result{}, err
	}
	if err := r.workDir(); err != nil {
		return Result{}, err
	}
	if o.Keep == "" {
		defer os.RemoveAll(r.dir)
	}
	r.progress("patch the runtime", 0, 0)
	if r.tool, err = openToolchain(ctx, r.opts, r.dir); err != nil {
		if le, ok := errors.AsType[*overlay.LayerError](err); ok {
			return r.nothing(le), nil
		}
		return Result{}, err
	}
	if r.plan, err = makePlan(ctx, r.tool, r.opts); err != nil {
		return Result{}, err
	}
	if len(r.plan.programs) == 0 {
		r.gap("programs", strings.Join(o.Patterns, " "), "there are no tests and no commands to run")
	}
	res := Result{Go: r.tool.version}
	for _, m := range r.tool.overlay.Missing {
		r.gap("a layer of the runtime", m.Layer.Name, m.Why)
	}
	for _, b := range r.plan.broken {
		r.gap("a package", b, "it can't be loaded")
	}
	for i, p := range r.plan.programs {
		r.progress(p.kind()+" "+p.pkg.ImportPath, int64(i), int64(len(r.plan.programs)))
		prog, err := r.program(ctx, p, filepath.Join(r.dir, fmt.Sprintf("%03d", i)))
		if err != nil {
			return Result{}, err
		}
		res.Programs = append(res.Programs, prog)
	}
	more, err := r.runNarrow(ctx)
	if err != nil {
		return Result{}, err
	}
	res.Programs = append(res.Programs, more...)
	if res.Findings, err = r.apply(ctx); err != nil {
		return Result{}, err
	}
	res.Gaps = r.gaps
	return res, r.bug
}

// nothing is the result where the runtime can't be patched at all.
func (r *runner) nothing(le *overlay.LayerError) Result {
	res := Result{Gaps: []evidence.Gap{{What: "a layer of the runtime", Where: le.Missing.Layer.Name, Why: le.Missing.Why}}}
	for _, f := range r.opts.Findings {
		f.Proof = evidence.Proof{State: evidence.ProofUnknown, Oracle: oracle, Evidence: le.Error()}
		res.Findings = append(res.Findings, f)
	}
	return res
}

func (r *runner) progress(phase string, done, total int64) {
	if r.opts.Progress != nil {
		r.opts.Progress(phase, done, total)
	}
}

func (r *runner) gap(what, where, why string) {
	r.gaps = append(r.gaps, evidence.Gap{What: what, Where: where, Why: why})
}

func (r *runner) workDir() (err error) {
	if r.opts.Keep == "" {
		r.dir, err = os.MkdirTemp("", "moho-prove-")
		return err
	}
	if r.dir, err = filepath.Abs(r.opts.Keep); err != nil {
		return err
	}
	return os.MkdirAll(r.dir, 0o755)
}
