package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"moho/build"
	"moho/evidence"
	"moho/goenv"
	"moho/internal/cli"
	"moho/policy"
	"moho/policy/target"
	"moho/vet"
)

const buildLong = `Build builds commands for all targets of the policy, governed: with an
effective configuration that moho captured first and that nothing in the
environment can change unseen. Every artifact is inspected, put into the store
and described in build-report.json.

Without moho.yaml beside go.mod a built-in policy applies: the host's target,
no cgo, -trimpath. Two builds of the same source give the same bytes.`

const buildExample = `    $ moho build -o dist ./...
    linux/amd64  crashy  3.5 MB  sha256 c9b73711b8ce…  static exe
    report  dist/build-report.json`

// buildFlags are the flags of build and check.
type buildFlags struct {
	packageFlags
	policy string
	output string
}

func (b *buildFlags) add(cmd *cobra.Command) {
	b.packageFlags.add(cmd)
	cmd.Flags().StringVar(&b.policy, "policy", "", "policy file (default moho.yaml beside go.mod, else built in)")
	cmd.Flags().StringVarP(&b.output, "output", "o", "", "directory for artifacts and build-report.json (default dist beside go.mod)")
}

func newBuild(a *app) *cobra.Command {
	var bf buildFlags
	cmd := &cobra.Command{
		Use:     "build [packages]",
		Short:   "build for all targets: governed, reproducible, recorded",
		Long:    buildLong,
		Example: buildExample,
		RunE: func(cmd *cobra.Command, patterns []string) error {
			pol, err := loadPolicy(bf.policy, bf.targets)
			if err != nil {
				return err
			}
			rep, file, err := a.build(cmd.Context(), pol, bf, patterns, nil)
			if err != nil {
				return explainBuild(err, pol)
			}
			if a.ui.JSON {
				err = cli.JSON(a.ui.Out, rep)
			} else {
				a.printArtifacts(rep)
				a.ui.Printf("report  %s\n", cli.Escape(relative(file)))
			}
			return errors.Join(err, cli.Exit(artifactsCode(rep)))
		},
	}
	bf.add(cmd)
	return cmd
}

// loadPolicy reads the named policy, or the one that governs this directory, for
// the given targets only, if there are any.
func loadPolicy(file string, targets []string) (*policy.Policy, error) {
	for _, t := range targets {
		if _, err := target.Parse(t); err != nil {
			return nil, cli.Usagef("--targets %s: %w", t, err)
		}
	}
	pol := policy.Default()
	if file == "" {
		file, _ = policy.Find(workDir())
	}
	if file != "" {
		var err error
		if pol, err = policy.Load(file); err != nil {
			return nil, err
		}
	}
	pol, err := pol.Select(targets)
	if err != nil {
		return nil, &cli.ExitError{Code: cli.Findings, Err: err}
	}
	return pol, nil
}

// refusal gives what policy or moho refuses to build the exit code for that.
func refusal(err error) error {
	_, config := errors.AsType[*goenv.RefusedError](err)
	if config || errors.Is(err, build.ErrRefused) {
		return &cli.ExitError{Code: cli.Findings, Err: err}
	}
	return err
}

// build runs the build with progress and returns the report and its path.
// vetted is nil when nobody looked at the source.
func (a *app) build(ctx context.Context, pol *policy.Policy, bf buildFlags, patterns []string, vetted *vet.Result) (evidence.Report, string, error) {
	st, err := a.writeStore(workDir())
	if err != nil {
		return evidence.Report{}, "", err
	}
	p := a.ui.Progress()
	defer p.Stop()
	if len(patterns) == 0 {
		patterns = []string{"./..."}
	}
	o := build.Options{
		Dir:      workDir(),
		Patterns: patterns,
		Policy:   pol,
		Tags:     bf.tags,
		Output:   bf.output,
		Store:    st,
		Progress: func(phase string, done, total int) {
			p.Phase("%s", phase)
			p.Set(int64(done), int64(total))
		},
	}
	if vetted != nil {
		// With gaps some of the source was not looked at.
		o.Vetted, o.Findings, o.Libraries = len(vetted.Gaps) == 0, vetted.Findings, true
	}
	rep, file, err := build.Run(ctx, o)
	return rep, file, refusal(err)
}

// artifactsCode is Findings when a check of the build itself refused something.
func artifactsCode(rep evidence.Report) int {
	for _, art := range rep.Statement.Artifacts {
		for _, c := range art.Checks {
			if c.Verdict == evidence.Refuse {
				return cli.Findings
			}
		}
	}
	return cli.OK
}

func (a *app) printArtifacts(rep evidence.Report) {
	t := cli.NewTable(
		cli.Column{}, cli.Column{}, cli.Column{Right: true}, cli.Column{}, cli.Column{Fit: cli.Wrap},
	)
	for _, art := range rep.Statement.Artifacts {
		t.Row(art.Target, art.Name, megabytes(art.Size), "sha256 "+short(art.SHA256), describe(art.Binary))
	}
	a.ui.Table(t)
	for _, art := range rep.Statement.Artifacts {
		for _, c := range art.Checks {
			if c.Verdict == evidence.Refuse {
				a.ui.Printf("%s %s %s: %s\n", a.ui.Bad("refuse"), art.Target, c.ID, cli.Escape(c.Why))
			}
		}
	}
}

// describe says in a few words what kind of file an artifact is.
func describe(b evidence.BinaryInfo) string {
	words := []string{b.Link, b.BuildMode}
	if b.Interpreter != "" {
		words = append(words, "interpreter "+b.Interpreter)
	}
	if len(b.Needed) > 0 {
		words = append(words, "needs "+strings.Join(b.Needed, " "))
	}
	return strings.Join(words, " ")
}

func short(digest string) string {
	if len(digest) > 12 {
		return digest[:12] + "…"
	}
	return digest
}

func megabytes(n int64) string { return fmt.Sprintf("%.1f MB", float64(n)/1e6) }

// relative returns a path as one would type it here, if that is shorter.
func relative(path string) string {
	rel, err := filepath.Rel(workDir(), path)
	if err != nil || len(rel) > len(path) {
		return path
	}
	return rel
}
