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
	a.printMismatches("mismatch", r.Mismatches)
	a.printMismatches("doubt", r.Doubts)
	// What has no code, as C functions among Go's have none in the table, is
	// counted: a name says nothing more.
	var skipped []spflow.Skip
	for _, s := range r.Skipped {
		if s.Insts > 0 {
			skipped = append(skipped, s)
		}
	}
	if len(skipped) > 0 {
		t := cli.NewTable(cli.Column{Title: "not proved", Fit: cli.Clip}, cli.Column{Title: "checked", Right: true}, cli.Column{Title: "why", Fit: cli.Wrap})
		for _, s := range skipped[:min(len(skipped), manyRows)] {
			t.Row(s.Name, fmt.Sprintf("%d of %d", s.Checked, s.Insts), s.Why)
		}
		a.ui.Table(t)
		a.more(len(skipped))
		a.ui.Printf("\n")
	}
	if r.Checked == 0 {
		return
	}
	a.ui.Printf("%s instructions of %s\n", thousands(uint64(r.Instructions)), plural(r.Functions, "function"))
	a.ui.Printf("%s reached from an entry, %s assumed, %s compared\n",
		thousands(uint64(r.Reached)), thousands(uint64(r.Assumed)), thousands(uint64(r.Checked)))
	verdict := a.ui.Good("proved")
	if len(r.Mismatches) > 0 {
		verdict = a.ui.Bad("refuted")
	}
	a.ui.Printf("%s: SP of %s agrees with the table at every instruction\n", verdict, plural(r.Verified, "function"))
	a.ui.Printf("%s, %s", many(len(r.Mismatches), "mismatch", "mismatches"), many(len(skipped), "function not proved", "functions not proved"))
	if n := len(r.Skipped) - len(skipped); n > 0 {
		a.ui.Printf(", %s without code", thousands(uint64(n)))
	}
	a.ui.Printf("\n")
}

// printMismatches lists where table and code differ. A doubt is such a place
// that no program reaches by itself: behind a breakpoint, say.
func (a *app) printMismatches(title string, list []spflow.Mismatch) {
	if len(list) == 0 {
		return
	}
	t := cli.NewTable(cli.Column{Title: title, Fit: cli.Clip}, cli.Column{Title: "at", Right: true}, cli.Column{Title: "table", Right: true},
		cli.Column{Title: "code", Right: true}, cli.Column{Title: "rule"}, cli.Column{Title: "instructions", Right: true})
	for _, m := range list[:min(len(list), manyRows)] {
		t.Row(m.Name, fmt.Sprintf("+%#x", m.Off), fmt.Sprint(m.Table), fmt.Sprint(m.Flow), string(m.Rule), fmt.Sprint(m.Insts))
	}
	a.ui.Table(t)
	a.more(len(list))
	a.ui.Printf("\n")
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
