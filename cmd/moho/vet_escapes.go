package main

import (
	"context"
	"fmt"

	"moho/internal/cli"
	"moho/vet"
)

// escapes is moho vet --escapes: what became of one function's variables.
func (a *app) escapes(ctx context.Context, o vet.Options, name string) error {
	p := a.ui.Progress()
	p.Phase("compile the package of %s", name)
	r, err := vet.Escapes(ctx, o, name)
	p.Stop()
	if err != nil {
		return &cli.ExitError{Code: cli.Incomplete, Err: err}
	}
	if a.ui.JSON {
		return cli.JSON(a.ui.Out, r)
	}
	a.ui.Printf("%s  %s, %s, %s\n", a.ui.Bold(cli.Escape(r.Function)), cli.Escape(r.Pos.String()), r.Go, r.Target)
	for _, part := range []struct{ kind, title string }{
		{"moved", "Variables that the compiler moved to the heap"},
		{"escapes", "Values that it puts on the heap"},
		{"stays", "Values that lie on the stack"},
		{"leaks", "Parameters whose memory outlives the call"},
		{"zero-copy", "Conversions that copy nothing"},
	} {
		a.printDecisions(r, part.kind, part.title)
	}
	if len(r.Decisions) == 0 {
		a.ui.Printf("\nThe compiler had nothing to decide: no address of a variable is taken.\n")
	}
	a.printBeliefs(r)
	return nil
}

func (a *app) printDecisions(r vet.EscapeReport, kind, title string) {
	var list []vet.EscapeDecision
	for _, d := range r.Decisions {
		if d.Kind == kind {
			list = append(list, d)
		}
	}
	if len(list) == 0 {
		return
	}
	a.ui.Printf("\n%s\n", title)
	t := cli.NewTable(cli.Column{}, cli.Column{}, cli.Column{Fit: cli.Wrap})
	for _, d := range list {
		name := d.Name
		if d.To != "" {
			name += ", to " + d.To
		}
		t.Row("  ", fmt.Sprintf("%d:%d", d.Pos.Line, d.Pos.Col), name)
		for _, s := range d.Flow {
			t.Row("  ", fmt.Sprintf("  %d:%d", s.Pos.Line, s.Pos.Col), "  "+s.Why+": "+s.Source)
		}
	}
	a.ui.Table(t)
}

func (a *app) printBeliefs(r vet.EscapeReport) {
	if len(r.Beliefs) == 0 {
		return
	}
	a.ui.Printf("\nWhat is said of such code, and what the compiler did\n")
	for _, b := range r.Beliefs {
		verdict := "not here"
		if b.Holds {
			verdict = "true here"
		}
		t := cli.NewTable(cli.Column{}, cli.Column{}, cli.Column{Fit: cli.Wrap})
		t.Row("  ", fmt.Sprintf("%d:%d", b.Pos.Line, b.Pos.Col), b.Claim)
		t.Row("  ", "", verdict+": "+b.Really)
		a.ui.Table(t)
	}
}
