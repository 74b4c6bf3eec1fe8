package main

import (
	"context"
	"errors"
	"fmt"

	"moho/asm"
	"moho/asm/spflow"
	"moho/internal/cli"
)

type spcheckReport struct {
	Schema string `json:"schema"`
	File   string `json:"file"`
	Arch   string `json:"arch"`
	Go     string `json:"go"`
	spflow.Report
}

// verifySP proves the table of SP of every function from its code.
func (a *app) verifySP(ctx context.Context, p *asm.Program) error {
	progress := a.ui.Progress()
	defer progress.Stop()
	progress.Phase("follow SP through the code of %s", p.File.Name())
	r, err := spflow.VerifyAll(ctx, p, spflow.Options{Progress: progress.Set})
	if err != nil {
		return err
	}
	progress.Stop()
	if a.ui.JSON {
		rep := spcheckReport{"moho/spcheck/v1", p.File.Name(), p.Arch().Name, p.GoVersion(), r}
		if err := cli.JSON(a.ui.Out, rep); err != nil {
			return err
		}
	} else {
		a.printSPCheck(p, r)
	}
	switch {
	case r.Checked == 0:
		why := "no instruction could be followed"
		if len(r.Skipped) > 0 {
			why = r.Skipped[0].Why
		}
		return errors.New(p.File.Name() + ": " + why)
	case len(r.Mismatches) > 0:
		return cli.Exit(cli.Findings)
	}
	return nil
}

// manyRows is how many rows of one sort are printed; --json has all.
const manyRows = 40

func (a *app) printSPCheck(p *asm.Program, r spflow.Report) {
	if len(r.Mismatches) > 0 {
		t := cli.NewTable(cli.Column{Title: "mismatch", Fit: cli.Clip}, cli.Column{Title: "at", Right: true}, cli.Column{Title: "table", Right: true},
			cli.Column{Title: "code", Right: true}, cli.Column{Title: "rule"}, cli.Column{Title: "instructions", Right: true})
		for i, m := range r.Mismatches {
			if i == manyRows {
				break
			}
			t.Row(m.Name, fmt.Sprintf("+%#x", m.Off), fmt.Sprint(m.Table), fmt.Sprint(m.Flow), string(m.Rule), fmt.Sprint(m.Insts))
		}
		a.ui.Table(t)
		a.more(len(r.Mismatches))
		a.ui.Printf("\n")
	}
	if len(r.Skipped) > 0 {
		t := cli.NewTable(cli.Column{Title: "not proved", Fit: cli.Clip}, cli.Column{Title: "checked", Right: true}, cli.Column{Title: "why", Fit: cli.Wrap})
		for i, s := range r.Skipped {
			if i == manyRows {
				break
			}
			t.Row(s.Name, fmt.Sprintf("%d of %d", s.Checked, s.Insts), s.Why)
		}
		a.ui.Table(t)
		a.more(len(r.Skipped))
		a.ui.Printf("\n")
	}
	if r.Checked == 0 {
		return
	}
	a.ui.Printf("%s instructions of %s: %s reached from an entry, %s assumed, %s compared\n",
		thousands(uint64(r.Instructions)), plural(r.Functions, "function"), thousands(uint64(r.Reached)),
		thousands(uint64(r.Assumed)), thousands(uint64(r.Checked)))
	verdict := a.ui.Good("proved")
	if len(r.Mismatches) > 0 {
		verdict = a.ui.Bad("refuted")
	}
	a.ui.Printf("%s: SP of %s agrees with the table at every instruction; %s, %s\n", verdict,
		plural(r.Verified, "function"), many(len(r.Mismatches), "mismatch", "mismatches"), many(len(r.Skipped), "function not proved", "functions not proved"))
}

func (a *app) more(n int) {
	if n > manyRows {
		a.ui.Printf("… and %d more: --json lists them\n", n-manyRows)
	}
}

func many(n int, one, more string) string {
	if n == 1 {
		return "1 " + one
	}
	return thousands(uint64(n)) + " " + more
}
