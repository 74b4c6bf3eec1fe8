package main

import (
	"context"
	"errors"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"moho/evidence"
	"moho/goenv"
	"moho/internal/cli"
	"moho/policy"
	"moho/vet"
)

const checkLong = `Check answers whether a module is fit to ship. It is vet, build and verify in one:
findings in the source, a governed build for every target of the policy, and
the gate's verdict on each artifact, in one report.

Findings do not stop the build: the artifacts are stored together with them,
so that a core of one can name the finding that explains it. Check then exits
1; whether an artifact may ship in spite of a finding is the policy's decision.`

const checkExample = `    $ moho check ./...
    packet.go:54:20: high: view-overrun
         (*[1 << 30]byte)(unsafe.Pointer(&p.body))[:] in checksum reaches …
    linux/amd64  crashy  3.5 MB  sha256 c9b73711b8ce…  static exe
    pass  dist/linux_amd64/crashy
    report  dist/build-report.json  (1 finding)`

func newCheck(a *app) *cobra.Command {
	var bf buildFlags
	cmd := &cobra.Command{
		Use:     "check [packages]",
		Short:   "is this module fit to ship? vet + build + verify (the main job)",
		Long:    checkLong,
		Example: checkExample,
		RunE: func(cmd *cobra.Command, patterns []string) error {
			pol, err := loadPolicy(bf.policy, bf.targets)
			if err != nil {
				return err
			}
			return explainBuild(a.check(cmd.Context(), pol, bf, patterns), pol)
		},
	}
	bf.add(cmd)
	return cmd
}

// checkReport is the report of the build with the gate's verdicts beside it.
type checkReport struct {
	evidence.Report
	Verdicts []evidence.VerdictReport `json:"verdicts"`
}

func (a *app) check(ctx context.Context, pol *policy.Policy, bf buildFlags, patterns []string) error {
	o, err := governedVet(ctx, pol, bf)
	if err != nil {
		return err
	}
	o.Patterns = patterns
	vetted, err := a.vet(ctx, o)
	if !a.ui.JSON {
		a.printFindings(vetted.Findings, vetted.Sources, false)
	}
	if err != nil {
		return err
	}
	rep, file, err := a.build(ctx, pol, bf, patterns, &vetted)
	if err != nil {
		return &cli.ExitError{Code: cli.Worse(vetCode(vetted), cli.CodeOf(err)), Err: err}
	}

	out := checkReport{Report: rep, Verdicts: []evidence.VerdictReport{}}
	code := cli.Worse(vetCode(vetted), artifactsCode(rep))
	var failed []error
	for _, art := range rep.Statement.Artifacts {
		v, err := a.verify(ctx, pol, filepath.Join(filepath.Dir(file), strings.ReplaceAll(art.Target, "/", "_"), art.Name))
		if err != nil {
			failed = append(failed, err)
			continue
		}
		out.Verdicts = append(out.Verdicts, v)
		code = cli.Worse(code, verdictCode(v))
	}
	if a.ui.JSON {
		failed = append(failed, cli.JSON(a.ui.Out, out))
	} else {
		a.printCheck(out, relative(file))
	}
	for _, g := range vetted.Gaps {
		a.ui.Warnf("%s", g)
	}
	if err := errors.Join(failed...); err != nil {
		return &cli.ExitError{Code: cli.Worse(code, cli.CodeOf(err)), Err: err}
	}
	return cli.Exit(code)
}

func (a *app) printCheck(out checkReport, file string) {
	a.printArtifacts(out.Report)
	for _, v := range out.Verdicts {
		a.ui.Printf("%s  %s\n", a.verdict(v.Verdict), cli.Escape(relative(v.Artifact)))
		for _, c := range v.Checks {
			if c.Verdict == evidence.Refuse {
				a.ui.Printf("    %s: %s\n", c.ID, cli.Escape(c.Why))
			}
		}
	}
	if len(out.Verdicts) == 0 {
		a.ui.Printf("compiles; there is no command to build\n")
	}
	n := len(out.Statement.Findings)
	a.ui.Printf("report  %s  (%s)\n", cli.Escape(file), count(n, "finding"))
}

// governedVet returns options under which vet sees the very files that build
// will compile, with the same flags, so that the build finds them compiled.
func governedVet(ctx context.Context, pol *policy.Policy, bf buildFlags) (vet.Options, error) {
	cfg, err := goenv.Capture(ctx, goenv.Options{Dir: workDir()})
	if err != nil {
		return vet.Options{}, err
	}
	base, err := cfg.Prepare(ctx, goenv.Request{
		Go: pol.Toolchain.Go, CGO: pol.CGO, Tags: pol.BuildTags(), AddTags: bf.tags, LDFlags: pol.LinkerFlags(),
	})
	if err != nil {
		return vet.Options{}, refusal(err)
	}
	// What a command imports from its module is built with it, whatever the
	// patterns name.
	o := vet.Options{Dir: workDir(), Deps: true}
	for _, want := range pol.Plan() {
		o.Targets = append(o.Targets, want.Target.String())
		if o.Env == nil {
			if o.Env, _, err = base.Target(want.Target, want.Level); err != nil {
				return vet.Options{}, refusal(err)
			}
		}
	}
	if base.Tags != "" {
		o.Tags = strings.Split(base.Tags, ",")
	}
	return o, nil
}
