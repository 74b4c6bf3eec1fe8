package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"moho/asm/xcheck"
	"moho/internal/cli"
)

const xcheckLong = `Xcheck compares what a binary says about its functions in several places: the
pclntab, which the runtime reads and stripping keeps, the symbol table, DWARF, and
the unwind table of PE files. Where they agree about addresses, sizes and names a
listing can be believed. --external asks readelf, objdump and go tool nm too, as
far as they are installed.

Differences that are how the tools are meant to work are explained, each by its
reason. Any other is a finding: exit 1. A stripped binary, which has nothing to
compare with, and one with a table that can't be read exit 3.`

const xcheckExample = `    $ moho xcheck app
    pclntab  1,976 functions
    symtab   1,978 functions
    dwarf    1,974 functions
    …
    agree: every difference is explained`

type xcheckReport struct {
	Schema      string              `json:"schema"`
	File        string              `json:"file"`
	Sources     map[string]*int     `json:"sources"`
	Absent      map[string]string   `json:"absent"`
	Broken      map[string]string   `json:"broken"`
	Agree       bool                `json:"agree"`
	Differences []xcheckDifference  `json:"differences"`
	Groups      []xcheckDiffSummary `json:"groups"`
}

type xcheckDifference struct {
	Source    string `json:"source"`
	Kind      string `json:"kind"`
	Addr      string `json:"addr"`
	Name      string `json:"name"`
	Explained bool   `json:"explained"`
	Why       string `json:"why"`
}

type xcheckDiffSummary struct {
	Source    string `json:"source"`
	Kind      string `json:"kind"`
	Explained bool   `json:"explained"`
	Why       string `json:"why"`
	Count     int    `json:"count"`
	First     string `json:"first"`
}

func newXcheck(a *app) *cobra.Command {
	var o xcheck.Options
	var goarch string
	cmd := &cobra.Command{
		Use:     "xcheck BINARY",
		Short:   "do the pclntab, the symbol table and DWARF tell the same functions?",
		Long:    xcheckLong,
		Example: xcheckExample,
		Args:    args(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			p, err := openProgram(args[0], goarch)
			if err != nil {
				return err
			}
			defer p.Close()
			progress := a.ui.Progress()
			defer progress.Stop()
			progress.Phase("compare the tables of %s", args[0])
			o.Context = cmd.Context()
			r, err := xcheck.Run(p.File, p.Table, o)
			if err != nil {
				return fmt.Errorf("%s: %w", args[0], err)
			}
			progress.Stop()
			return a.xcheck(args[0], r)
		},
	}
	archFlag(cmd.Flags(), &goarch)
	cmd.Flags().BoolVar(&o.External, "external", false, "also ask readelf, objdump and go tool nm")
	return cmd
}

func (a *app) xcheck(path string, r xcheck.Report) error {
	if a.ui.JSON {
		if err := cli.JSON(a.ui.Out, xcheckJSON(path, r)); err != nil {
			return err
		}
	} else {
		a.printXcheck(r)
	}
	switch {
	case r.Broken() > 0:
		var why []string
		for _, s := range r.Sources {
			if s.Broken {
				why = append(why, fmt.Sprintf("%s: %s", s.Source, s.Why))
			}
		}
		return cli.WithHints(errors.New(path+": not everything could be read"), why...)
	case r.Compared == 0:
		var why []string
		for _, s := range r.Sources {
			if !s.Asked {
				why = append(why, fmt.Sprintf("%s: %s", s.Source, s.Why))
			}
		}
		return cli.WithHints(errors.New(path+": nothing to compare the pclntab with"), why...)
	case !r.Agree:
		return cli.Exit(cli.Findings)
	}
	return nil
}

func xcheckJSON(path string, r xcheck.Report) xcheckReport {
	out := xcheckReport{
		Schema: "moho/xcheck/v1", File: path, Agree: r.Agree, Sources: map[string]*int{}, Absent: map[string]string{}, Broken: map[string]string{},
		Differences: []xcheckDifference{}, Groups: []xcheckDiffSummary{},
	}
	for _, s := range r.Sources {
		name := strings.ReplaceAll(string(s.Source), " ", "-")
		out.Sources[name] = nil
		if s.Asked {
			out.Sources[name] = &s.Count
		}
		switch {
		case s.Broken:
			out.Broken[name] = s.Why
		case !s.Asked:
			out.Absent[name] = s.Why
		}
	}
	for _, d := range r.Differences {
		out.Differences = append(out.Differences, xcheckDifference{
			string(d.Source), d.Kind, fmt.Sprintf("%#x", uint64(d.Addr)), d.Name, d.Explained, d.Why,
		})
	}
	for _, g := range r.Groups {
		out.Groups = append(out.Groups, xcheckDiffSummary{string(g.Source), g.Kind, g.Explained, g.Why, g.Count, g.First})
	}
	return out
}

func (a *app) printXcheck(r xcheck.Report) {
	t := cli.NewTable(cli.Column{}, cli.Column{Right: true}, cli.Column{Fit: cli.Wrap})
	for _, s := range r.Sources {
		if s.Asked {
			t.Row(string(s.Source), thousands(uint64(s.Count)), "functions")
		} else {
			t.Row(string(s.Source), "-", s.Why)
		}
	}
	a.ui.Table(t)
	if len(r.Groups) > 0 {
		a.ui.Printf("\n")
	}
	d := cli.NewTable(cli.Column{}, cli.Column{}, cli.Column{Right: true}, cli.Column{Fit: cli.Wrap})
	for _, g := range r.Groups {
		if !g.Explained {
			continue
		}
		d.Row(string(g.Source), g.Kind, thousands(uint64(g.Count)), g.Why+" ("+g.First+")")
	}
	a.ui.Table(d)
	if n := r.Failures(); n > 0 {
		a.ui.Printf("\n%s\n", a.ui.Bad(plural(n, "difference")+" without an explanation:"))
		f := cli.NewTable(cli.Column{}, cli.Column{}, cli.Column{}, cli.Column{Fit: cli.Clip}, cli.Column{Fit: cli.Wrap})
		for _, x := range r.Differences {
			if !x.Explained {
				f.Row(string(x.Source), x.Kind, fmt.Sprintf("%#x", uint64(x.Addr)), x.Name, x.Why)
			}
		}
		a.ui.Table(f)
		return
	}
	if r.Agree {
		a.ui.Printf("\n%s: every difference is explained\n", a.ui.Good("agree"))
	}
}
