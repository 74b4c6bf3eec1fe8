package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"

	"github.com/spf13/cobra"

	"moho/evidence"
	"moho/internal/cli"
	"moho/vet"
	"moho/vet/prove"
)

const vetLong = `Vet reports where code breaks Go's rules for unsafe.Pointer, where it misuses
memory that is C's, mapped, or kept by a finalizer, what C may not have of Go's,
and where assembly for amd64 and arm64 breaks Go's calling conventions.

It exits 1 when it reports something. moho help rule NAME explains a rule;
moho help rules lists them; --explain does both on the spot. --fix carries out
what can be fixed for certain; --fix --diff only shows it.

A finding is silenced where it stands by

    //moho:ignore RULE why it is fine here

on its line or the line above; the reason is required. //nolint:moho works as
it does in golangci-lint. What a module has today can be kept aside in a file:

    moho vet --write-baseline moho-baseline.json ./...
    moho vet --baseline moho-baseline.json ./...      reports what is new
    moho vet --new-from main... ./...                 reports what a branch touched

Moved lines, renamed files and other layouts do not make a finding new.

With --escapes FUNC it reports nothing, but shows what the compiler moved to
the heap in one function, the way on which each address got away, and whether
what is often said of such code is true there.

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
	var vf vetFlags
	cmd := &cobra.Command{
		Use:     "vet [packages]",
		Short:   "report unsafe, cgo and assembly code that breaks the rules",
		Long:    vetLong,
		Example: vetExample,
		RunE: func(cmd *cobra.Command, patterns []string) error {
			if err := errors.Join(vf.check(), vf.prove.check(cmd)); err != nil {
				return usage(cmd, err)
			}
			targets, err := vetTargets(vf.targets)
			if err != nil {
				return err
			}
			o := vet.Options{Dir: ".", Patterns: patterns, Tags: vf.tags, Targets: targets, Tests: vf.tests}
			if len(o.Patterns) == 0 {
				o.Patterns = []string{"./..."}
			}
			a.ui.JSON = a.ui.JSON || vf.format == "json"
			if vf.escapes != "" {
				return a.escapes(cmd.Context(), o, vf.escapes)
			}
			if vf.fix {
				return a.fix(cmd.Context(), o, vf.diff)
			}
			return a.report(cmd.Context(), o, vf)
		},
	}
	vf.add(cmd)
	cmd.AddCommand(newVetLSP(a))
	return cmd
}

// report is moho vet without --fix.
func (a *app) report(ctx context.Context, o vet.Options, vf vetFlags) error {
	res, err := a.vet(ctx, o)
	// What does not compile leaves a partial answer, which is shown.
	if _, partial := errors.AsType[*vet.LoadError](err); err != nil && !partial {
		return err
	}
	if vf.prove.on {
		var failed error
		if res, failed = a.prove(ctx, o, vf.prove, res); failed != nil && !errors.Is(failed, prove.ErrInternal) {
			return failed
		}
		err = errors.Join(err, failed)
	}
	if vf.explain {
		res.Findings = vet.AskCompiler(ctx, o, res.Findings)
	}
	v, failed := a.narrow(ctx, res, err, o, vf)
	if failed != nil {
		return failed
	}
	err = errors.Join(err, a.writeSARIF(v, vf, err))
	switch {
	case vf.format == "sarif":
	case a.ui.JSON:
		err = errors.Join(err, cli.JSON(a.ui.Out, v.Document()))
	default:
		a.printFindings(v.Findings, v.Sources, vf.explain)
	}
	if !a.ui.JSON {
		a.printVetSummary(v)
	}
	if err != nil {
		return &cli.ExitError{Code: cli.Incomplete, Err: err}
	}
	code := vetCode(v.Result)
	if v.accepted && code == cli.Findings {
		code = cli.OK
	}
	return cli.Exit(code)
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

func (a *app) severity(s evidence.Severity) string {
	if s.Rank() >= evidence.High.Rank() {
		return a.ui.Bad(string(s))
	}
	return a.ui.Odd(string(s))
}

// onlyTargets says where a finding was seen if that was not the host alone.
func onlyTargets(targets []string) string {
	if len(targets) == 1 && targets[0] == runtime.GOOS+"/"+runtime.GOARCH {
		return ""
	}
	return " [" + strings.Join(targets, " ") + "]"
}

// printVetSummary says on standard error what was not printed, and why.
func (a *app) printVetSummary(v narrowed) {
	for _, g := range v.Gaps {
		a.ui.Warnf("%s", g)
	}
	if a.ui.Quiet || v.Packages == 0 {
		return
	}
	line := fmt.Sprintf("%s in %s", count(len(v.Findings), "finding"), count(v.Packages, "package"))
	for _, part := range []struct {
		n   int
		why string
	}{
		{len(v.Silenced), "silenced by comments"},
		{len(v.known), "in the baseline"},
		{v.untouched, "in code that was not changed"},
	} {
		if part.n > 0 {
			line += fmt.Sprintf("; %d %s", part.n, part.why)
		}
	}
	fmt.Fprintln(a.ui.Err, line)
	for _, note := range v.notes {
		fmt.Fprintln(a.ui.Err, note)
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
