package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"moho/evidence"
	"moho/internal/cli"
	"moho/vet"
	"moho/vet/prove"
)

// proveFlags are those of moho vet --prove.
type proveFlags struct {
	on      bool
	run     string
	timeout time.Duration
	args    string
	keep    string
}

func (p *proveFlags) add(cmd *cobra.Command) {
	f := cmd.Flags()
	f.BoolVar(&p.on, "prove", false, "run the tests and commands on a runtime that judges unsafe code")
	f.StringVar(&p.run, "run", "", "with --prove: only tests that match this `REGEXP`")
	f.DurationVar(&p.timeout, "timeout", prove.DefaultTimeout, "with --prove: for one run of one program")
	f.StringVar(&p.args, "exec", "", "with --prove: `ARGS` for commands, which are run when they have no tests")
	f.StringVar(&p.keep, "keep", "", "with --prove: leave binaries and reports in this `DIR`")
}

// goTestFlags spells -run as this command line has it: fingers know it from go test.
func goTestFlags(args []string) []string {
	if len(args) == 0 || args[0] != "vet" {
		return args
	}
	args = slices.Clone(args)
	for i, a := range args {
		if a == "-run" || strings.HasPrefix(a, "-run=") {
			args[i] = "-" + a
		}
	}
	return args
}

// check refuses flags that say nothing without --prove.
func (p *proveFlags) check(cmd *cobra.Command) error {
	if p.on {
		return nil
	}
	for _, name := range []string{"run", "timeout", "exec", "keep"} {
		if cmd.Flags().Changed(name) {
			return fmt.Errorf("--%s needs --prove", name)
		}
	}
	return nil
}

// prove runs the programs and returns vet's result with what they have shown.
func (a *app) prove(ctx context.Context, o vet.Options, p proveFlags, res vet.Result) (vet.Result, error) {
	bar := a.ui.Progress()
	defer bar.Stop()
	phase := ""
	got, err := prove.Run(ctx, prove.Options{
		Dir: o.Dir, Patterns: o.Patterns, Tags: o.Tags, Findings: res.Findings, Sources: res.Sources,
		RunTests: p.run, Args: strings.Fields(p.args), Timeout: p.timeout, Keep: p.keep,
		Progress: func(what string, done, total int64) {
			if what != phase {
				phase = what
				bar.Phase("prove: %s", what)
			}
			bar.Set(done, total)
		},
	})
	if err != nil && !errors.Is(err, prove.ErrInternal) {
		return res, fmt.Errorf("prove: %w", err)
	}
	if !a.ui.Quiet {
		ran, states := 0, map[evidence.ProofState]int{}
		for _, p := range got.Programs {
			if p.Runs > 0 {
				ran++
			}
		}
		for _, f := range got.Findings {
			states[f.Proof.State]++
		}
		fmt.Fprintf(a.ui.Err, "%s ran with %s; %s violated\n", count(ran, "program"), got.Go, count(states[evidence.Violated], "finding"))
	}
	res.Findings = got.Findings
	res.Gaps = append(res.Gaps, got.Gaps...)
	return res, err
}

// printProof writes what running has shown about a finding.
func (a *app) printProof(f evidence.Finding) {
	p := f.Proof
	if p.Evidence == "" {
		return
	}
	a.paragraph("   ", fmt.Sprintf("%s: %s", p.State, p.Evidence))
	a.printSteps(p.Story)
}

func (a *app) printSteps(steps []evidence.Step) {
	t := cli.NewTable(cli.Column{}, cli.Column{}, cli.Column{Fit: cli.Wrap})
	for _, s := range steps {
		t.Row("     ", s.Pos.String(), s.Text)
	}
	a.ui.Table(t)
}
