package main

import (
	"context"
	"errors"
	"fmt"

	"moho/evidence"
	"moho/internal/cli"
	"moho/vet"
	"moho/vet/fix"
)

// fixDocument is what moho vet --fix --json prints: docs/schemas/vetfix.v1.json.
type fixDocument struct {
	Schema     string         `json:"schema"`
	Written    bool           `json:"written"`
	Fixed      []fixedItem    `json:"fixed"`
	Left       []leftItem     `json:"left"`
	Files      []string       `json:"files"`
	Diff       string         `json:"diff"`
	Rounds     int            `json:"rounds"`
	Gaps       []evidence.Gap `json:"gaps"`
	Packages   int            `json:"packages"`
	Targets    []string       `json:"targets"`
	Suppressed int            `json:"suppressed"`
}

type fixedItem struct {
	evidence.Finding
	Fix   string `json:"fix"`
	Round int    `json:"round"`
}

type leftItem struct {
	evidence.Finding
	Why string `json:"why"`
}

// fix is moho vet --fix; with diff it shows what it would write.
func (a *app) fix(ctx context.Context, o vet.Options, diff bool) error {
	if len(o.Patterns) == 0 {
		o.Patterns = []string{"./..."}
	}
	p := a.ui.Progress()
	p.Phase("vet and fix %s", o.Patterns[0])
	o.Progress = p.Set
	rep, err := fix.Run(ctx, o)
	p.Stop()
	if _, partial := errors.AsType[*vet.LoadError](err); err != nil && !partial {
		return err
	}
	if !diff {
		err = errors.Join(err, rep.Write())
	}
	switch {
	case a.ui.JSON:
		err = errors.Join(err, cli.JSON(a.ui.Out, fixReport(rep, !diff)))
	case diff:
		a.ui.Out.Write(rep.Diff())
		a.printFixes(rep, "would be fixed")
	default:
		a.printFixed(rep)
		a.printFindings(rep.Result.Findings, rep.Result.Sources, false)
		a.printFixes(rep, "fixed")
	}
	if err != nil {
		return &cli.ExitError{Code: cli.Incomplete, Err: err}
	}
	code := vetCode(rep.Result)
	if diff && len(rep.Fixed) > 0 {
		code = cli.Worse(code, cli.Findings)
	}
	return cli.Exit(code)
}

func fixReport(rep fix.Report, written bool) fixDocument {
	res := rep.Result.Document()
	d := fixDocument{
		Schema: "moho/vetfix/v1", Written: written, Fixed: []fixedItem{}, Left: []leftItem{}, Files: []string{},
		Diff: string(rep.Diff()), Rounds: rep.Rounds, Gaps: res.Gaps, Packages: res.Packages,
		Targets: res.Targets, Suppressed: res.Suppressed,
	}
	for _, f := range rep.Fixed {
		d.Fixed = append(d.Fixed, fixedItem{f.Finding, f.Message, f.Round})
	}
	for _, l := range rep.Left {
		d.Left = append(d.Left, leftItem{l.Finding, l.Why})
	}
	for _, f := range rep.Files {
		d.Files = append(d.Files, f.Name)
	}
	return d
}

func (a *app) printFixed(rep fix.Report) {
	for _, f := range rep.Fixed {
		a.ui.Printf("%s: %s: %s\n", a.ui.Bold(cli.Escape(f.Finding.Pos.String())), a.ui.Good("fixed"), f.Finding.Rule)
		a.paragraph("   ", f.Message)
	}
}

// printFixes sums up on standard error: how many, and what stands in the way of
// the rest, each reason once.
func (a *app) printFixes(rep fix.Report, what string) {
	for _, g := range rep.Result.Gaps {
		a.ui.Warnf("%s", g)
	}
	if a.ui.Quiet {
		return
	}
	fmt.Fprintf(a.ui.Err, "%s %s in %s, %s left\n", count(len(rep.Fixed), "finding"), what,
		count(len(rep.Files), "file"), count(len(rep.Left), "finding"))
	var order []string
	n := map[string]int{}
	for _, l := range rep.Left {
		if n[l.Why]++; n[l.Why] == 1 {
			order = append(order, l.Why)
		}
	}
	for _, why := range order {
		fmt.Fprintf(a.ui.Err, "  %d: %s\n", n[why], cli.Escape(why))
	}
}
