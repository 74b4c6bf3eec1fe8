package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"moho/evidence"
	"moho/internal/cli"
	"moho/vet"
)

const vetLong = `Vet reports where unsafe code breaks Go's rules for unsafe.Pointer, and
where assembly for amd64 and arm64 breaks those of Go's calling conventions:
arguments, frames, SP, registers, stack that nobody has checked.

It exits 1 when it reports something. moho help rule NAME explains a rule;
moho help rules lists them. A finding is silenced where it stands by

    //moho:ignore RULE why it is fine here

on its line or the line above; the reason is required.

The same binary serves go vet: go vet -vettool=$(which moho) ./...`

const vetExample = `    $ moho vet ./...
    packet.go:54:20: high: view-overrun
         (*[1 << 30]byte)(unsafe.Pointer(&p.body))[:] in checksum reaches …
           server.go:86:38  main.packet p, 512 bytes from the pointer to its end
           server.go:88:32  passed to checksum
           packet.go:54:20  the view is made
    1 finding in 1 package`

// packageFlags are the flags of every verb that takes packages.
type packageFlags struct {
	tags    []string
	targets []string
}

func (p *packageFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringSliceVar(&p.tags, "tags", nil, "build tags, separated by commas")
	cmd.Flags().StringSliceVar(&p.targets, "targets", nil, "GOOS/GOARCH pairs, separated by commas (default: the policy's)")
}

func newVet(a *app) *cobra.Command {
	var pf packageFlags
	var tests bool
	cmd := &cobra.Command{
		Use:     "vet [packages]",
		Short:   "report unsafe code and assembly that break the rules",
		Long:    vetLong,
		Example: vetExample,
		RunE: func(cmd *cobra.Command, patterns []string) error {
			res, err := a.vet(cmd.Context(), vet.Options{
				Dir: ".", Patterns: patterns, Tags: pf.tags, Targets: pf.targets, Tests: tests,
			})
			// What does not compile leaves a partial answer, which is shown.
			if _, partial := errors.AsType[*vet.LoadError](err); err != nil && !partial {
				return err
			}
			if a.ui.JSON {
				err = errors.Join(err, cli.JSON(a.ui.Out, res.Document()))
			} else {
				a.printFindings(res.Findings)
				a.printVetSummary(res)
			}
			if err != nil {
				return &cli.ExitError{Code: cli.Incomplete, Err: err}
			}
			return cli.Exit(vetCode(res))
		},
	}
	pf.add(cmd)
	cmd.Flags().BoolVar(&tests, "tests", true, "analyse test files too")
	return cmd
}

// vet runs the suite with progress. The default package pattern is ./...
func (a *app) vet(ctx context.Context, o vet.Options) (vet.Result, error) {
	if len(o.Patterns) == 0 {
		o.Patterns = []string{"./..."}
	}
	p := a.ui.Progress()
	defer p.Stop()
	p.Phase("vet %s", strings.Join(o.Patterns, " "))
	o.Progress, o.Cache = p.Set, vet.CacheDir()
	return vet.Run(ctx, o)
}

func vetCode(res vet.Result) int {
	code := cli.OK
	if len(res.Findings) > 0 {
		code = cli.Findings
	}
	if len(res.Gaps) > 0 {
		code = cli.Worse(code, cli.Incomplete)
	}
	return code
}

// printFindings writes findings as editors parse them: file:line:col first, in
// paths that can be clicked when the file is there.
func (a *app) printFindings(fs []evidence.Finding) {
	for _, f := range fs {
		a.ui.Printf("%s: %s: %s%s\n", a.ui.Bold(cli.Escape(f.Pos.String())),
			a.severity(f.Severity), f.Rule, onlyTargets(f.Targets))
		a.paragraph("   ", f.Message)
		t := cli.NewTable(cli.Column{}, cli.Column{}, cli.Column{Fit: cli.Wrap})
		for _, s := range f.Flow {
			t.Row("     ", s.Pos.String(), s.Text)
		}
		a.ui.Table(t)
	}
}

// paragraph prints text that breaks at words, indented.
func (a *app) paragraph(indent, text string) {
	t := cli.NewTable(cli.Column{}, cli.Column{Fit: cli.Wrap})
	t.Row(indent, text)
	a.ui.Table(t)
}

func (a *app) severity(s evidence.Severity) string {
	if s.Rank() >= evidence.High.Rank() {
		return a.ui.Bad(string(s))
	}
	return a.ui.Odd(string(s))
}

// onlyTargets says where a finding was seen if that was not the host alone.
func onlyTargets(targets []string) string {
	if len(targets) < 2 {
		return ""
	}
	return " [" + strings.Join(targets, " ") + "]"
}

func (a *app) printVetSummary(res vet.Result) {
	for _, g := range res.Gaps {
		a.ui.Warnf("%s", g)
	}
	if !a.ui.Quiet && res.Packages > 0 {
		fmt.Fprintf(a.ui.Err, "%s in %s\n", count(len(res.Findings), "finding"), count(res.Packages, "package"))
	}
}

// workDir is the directory that relative paths are read from.
func workDir() string {
	dir, err := os.Getwd()
	if err != nil {
		return "."
	}
	return dir
}
