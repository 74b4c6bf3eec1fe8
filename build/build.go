// Package build makes a module's commands for every target of a policy, under
// a configuration that is decided and written down before the first compiler
// starts, looks at what came out, and leaves artifacts and a report in a store.
//
// The same source, policy and toolchain give the same artifacts and the same
// statement in any directory, for any user: paths are trimmed, version control
// is recorded in the report and not in the binary, cgo and instruction-set
// levels are never inherited by accident.
//
// # Untrusted input
//
// The module is built with its owner's rights and with network, as go build
// does: the environment is cleared, nothing else is contained, and the report
// says so (Statement.Sandbox). GOFLAGS that would put other sources or programs
// into the build are refused. Symbolic links in the output directory are
// replaced, not followed.
//
// # Compatibility
//
// Builds with the toolchain that policy, go.mod or PATH name, Go 1.21 and
// newer. The report has schema moho/report/v1.
package build

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"time"

	"moho/evidence"
	"moho/goenv"
	"moho/policy"
	"moho/store"
)

// ReportName is the file of the report in the output directory.
const ReportName = "build-report.json"

// tmpPrefix starts the name of the working directory in the output directory.
const tmpPrefix = ".tmp-"

// ErrRefused is wrapped by errors about a policy or configuration that forbids
// to build at all. Artifacts that came out wrong are no such error: their
// checks say so, and [Verdict].
var ErrRefused = errors.New("build refused")

// Options of [Run]. The zero value builds every command of the module in the
// current directory for this machine.
type Options struct {
	Dir      string             // in the module; "" is the current directory
	Patterns []string           // packages; none means ./...
	Policy   *policy.Policy     // nil is policy.Default
	Targets  []string           // GOOS/GOARCH, of those the policy has; none means all
	Tags     []string           // in addition to the policy's
	Output   string             // directory; "" is dist beside go.mod
	Store    *store.Store       // nil is .moho beside go.mod
	Findings []evidence.Finding // of vet, to be part of the statement
	Vetted   bool               // Findings are all that vet found, none if there are none

	// Libraries makes patterns without any main package no error: they are
	// compiled, and the report has no artifacts.
	Libraries bool

	Env []string // like os.Environ; nil is the environment of this process
	Go  string   // the go command; "" is the one in PATH

	// Progress is told what is done; it may be called from several goroutines,
	// one at a time.
	Progress func(phase string, done, total int)
}

// Run builds. It returns the report and the path of its copy in the output
// directory. Whatever does not compile is a [*goenv.CommandError] in the
// compiler's words; what may not be built wraps [ErrRefused]. On an error
// there is no report and nothing new in the output directory.
func Run(ctx context.Context, opts Options) (evidence.Report, string, error) {
	j, err := newJob(ctx, opts)
	if err != nil {
		return evidence.Report{}, "", err
	}
	defer j.clean()
	rep, path, err := j.run(ctx)
	if err != nil {
		return evidence.Report{}, "", err
	}
	return rep, path, nil
}

// Verdict returns refuse if a check of any artifact of the report does.
func Verdict(rep evidence.Report) evidence.Verdict {
	for _, a := range rep.Statement.Artifacts {
		if v := policy.Verdict(a.Checks); v != evidence.Pass {
			return v
		}
	}
	return evidence.Pass
}

// A job is one run.
type job struct {
	opts    Options
	policy  *policy.Policy
	base    *goenv.Base
	module  string // directory of go.mod
	output  string
	work    string // in output, removed at the end
	store   *store.Store
	started time.Time
	plan    []*targetJob
	total   int
	done    int
}

func newJob(ctx context.Context, opts Options) (*job, error) {
	j := &job{opts: opts, started: time.Now().UTC(), policy: opts.Policy}
	if j.policy == nil {
		j.policy = policy.Default()
	}
	j.progress("configuration", false)
	var err error
	if j.policy, err = j.policy.Select(opts.Targets); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrRefused, err)
	}
	if c := j.policy.Expired(j.started); c.Verdict == evidence.Refuse {
		return nil, fmt.Errorf("%w: %s", ErrRefused, c.Why)
	}
	cfg, err := goenv.Capture(ctx, goenv.Options{Dir: opts.Dir, Env: opts.Env, Go: opts.Go})
	if err != nil {
		return nil, err
	}
	j.module = cfg.Module
	j.base, err = cfg.Prepare(ctx, goenv.Request{
		Go: j.policy.Toolchain.Go, CGO: j.policy.CGO, Tags: j.policy.BuildTags(), AddTags: opts.Tags, LDFlags: j.policy.LinkerFlags(),
	})
	if err != nil {
		return nil, refused(err)
	}
	if j.store = opts.Store; j.store == nil {
		if j.store, err = store.Open(filepath.Join(j.module, store.DirName)); err != nil {
			return nil, err
		}
	}
	if j.output, err = filepath.Abs(cmp.Or(opts.Output, filepath.Join(j.module, "dist"))); err != nil {
		return nil, err
	}
	for _, b := range j.policy.Plan() {
		t, err := newTarget(j.base, b)
		if err != nil {
			return nil, refused(err)
		}
		j.plan = append(j.plan, t)
	}
	j.total = len(j.plan)
	return j, nil
}

// refused marks an error that is a refusal.
func refused(err error) error {
	if _, ok := errors.AsType[*goenv.RefusedError](err); ok {
		return fmt.Errorf("%w: %w", ErrRefused, err)
	}
	return err
}

// run does everything that takes long. What needs no artifact (digests of the
// source and of the toolchain) is found out while the compiler runs.
func (j *job) run(ctx context.Context) (evidence.Report, string, error) {
	var rep evidence.Report
	if err := j.findPackages(ctx); err != nil {
		return rep, "", err
	}
	if err := os.MkdirAll(j.output, 0o777); err != nil {
		return rep, "", fmt.Errorf("output: %w", err)
	}
	var err error
	if j.work, err = os.MkdirTemp(j.output, tmpPrefix); err != nil {
		return rep, "", fmt.Errorf("output: %w", err)
	}
	// A build that fails ends the digests, and the other way round.
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	side := make(chan sideResult, 1)
	go func() {
		r := j.digests(ctx)
		if r.err != nil {
			cancel(r.err)
		}
		side <- r
	}()
	if err := j.buildAll(ctx, cancel); err != nil {
		<-side
		return rep, "", err
	}
	s := <-side
	if s.err != nil {
		return rep, "", s.err
	}
	rep = j.report(s)
	if err := checkSums(rep.Statement.Dependencies, s.cached); err != nil {
		return evidence.Report{}, "", err
	}
	path, err := j.publish(ctx, &rep)
	return rep, path, err
}

type sideResult struct {
	source    evidence.Source
	replaced  map[string]string // digests of directories, by module path
	cached    map[string]string // digests of modules in the cache, by path@version
	toolchain string
	err       error
}

func (j *job) digests(ctx context.Context) sideResult {
	var r sideResult
	in, err := j.listInputs(ctx)
	if err != nil {
		return sideResult{err: err}
	}
	if r.source, r.err = describeSource(ctx, j.module, j.isOutput(), in.embedded); r.err != nil {
		return r
	}
	if r.replaced, r.err = in.digests(ctx); r.err != nil {
		return r
	}
	if r.cached, r.err = in.sums(ctx); r.err != nil {
		return r
	}
	r.toolchain, r.err = j.base.Toolchain.Digest(ctx)
	return r
}

// report puts together what the parts have found.
func (j *job) report(s sideResult) evidence.Report {
	st := evidence.Statement{
		Source:       s.source,
		Toolchain:    evidence.Toolchain{Go: j.base.Toolchain.Version, Digest: s.toolchain, Origin: j.base.Toolchain.Origin},
		Policy:       j.policy.Ref(j.module),
		Config:       slices.Clone(j.base.Settings),
		Findings:     append([]evidence.Finding{}, j.opts.Findings...),
		Artifacts:    []evidence.Artifact{},
		Dependencies: []evidence.Dependency{},
		Sandbox: evidence.Sandbox{
			Level:    "environment",
			Controls: []string{"environment cleared", "go env file off", "workspace off"},
			Why:      "files, network and processes are not contained",
		},
	}
	evidence.SortFindings(st.Findings)
	vet := evidence.Setting{Name: policy.SettingVet, Value: policy.NotVetted, Origin: goenv.OriginMoho}
	if j.opts.Vetted {
		vet.Value = policy.Vetted
	}
	st.Config = append(st.Config, vet)
	rep := evidence.Report{Schema: evidence.SchemaReport}
	rep.Run = evidence.Run{Started: j.started, Host: fmt.Sprintf("%s/%s, %d CPUs", runtime.GOOS, runtime.GOARCH, runtime.NumCPU())}
	rep.Run.Commands = append(rep.Run.Commands, evidence.Command{
		Argv: []string{"go", "env", "-json"}, Env: []string{}, Warnings: j.base.Notes,
	})
	for _, t := range j.plan {
		st.Config = append(st.Config, t.settings...)
		st.Source.Packages = slices.Concat(st.Source.Packages, t.packages, t.libraries)
		st.Artifacts = append(st.Artifacts, t.artifacts...)
		st.Dependencies = append(st.Dependencies, t.deps...)
		rep.Run.Commands = append(rep.Run.Commands, t.command)
	}
	slices.SortFunc(st.Config, func(a, b evidence.Setting) int {
		return cmp.Or(cmp.Compare(a.Target, b.Target), cmp.Compare(a.Name, b.Name))
	})
	slices.Sort(st.Source.Packages)
	st.Source.Packages = append([]string{}, slices.Compact(st.Source.Packages)...) // a list in JSON, also when empty
	slices.SortFunc(st.Artifacts, func(a, b evidence.Artifact) int {
		return cmp.Or(cmp.Compare(a.Target, b.Target), cmp.Compare(a.Package, b.Package))
	})
	finish(j, &st)
	sumReplaced(st.Dependencies, s.replaced)
	rep.Statement = st
	return rep
}

func (j *job) progress(phase string, done bool) {
	if done {
		j.done++
	}
	if j.opts.Progress != nil {
		j.opts.Progress(phase, j.done, j.total)
	}
}

// clean removes the working directory.
func (j *job) clean() {
	if j.work != "" {
		os.RemoveAll(j.work)
	}
}
