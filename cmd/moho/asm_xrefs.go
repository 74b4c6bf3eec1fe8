package main

import (
	"context"
	"fmt"

	"moho/asm"
	"moho/gotab"
	"moho/internal/cli"
)

type xrefsReport struct {
	Schema    string     `json:"schema"`
	File      string     `json:"file"`
	Functions []xrefItem `json:"functions"`
}

type xrefItem struct {
	Name  string `json:"name"`
	Entry string `json:"entry"`
	Refs  []xref `json:"refs"`
}

type xref struct {
	Kind string `json:"kind"`
	From string `json:"from"`
	Func string `json:"func"` // that the place is in; "" for data
	Off  uint64 `json:"off"`  // of the place from that function's entry
	File string `json:"file"`
	Line int    `json:"line"`
	Via  string `json:"via"` // the data in between, if a symbol names it
}

// xrefs prints who refers to the functions that a pattern means.
func (a *app) xrefs(ctx context.Context, p *asm.Program, pattern string) error {
	fns, err := find(p, pattern)
	if err != nil {
		return err
	}
	progress := a.ui.Progress()
	defer progress.Stop()
	rep := xrefsReport{Schema: "moho/xrefs/v1", File: p.File.Name(), Functions: []xrefItem{}}
	for i, fn := range fns {
		progress.Phase("look for references to %s", fn.Name())
		progress.Set(int64(i), int64(len(fns)))
		refs, err := p.Refs(ctx, fn)
		if err != nil {
			return fmt.Errorf("%s: %w", p.File.Name(), err)
		}
		it := xrefItem{Name: fn.Name(), Entry: fmt.Sprintf("%#x", uint64(fn.Entry())), Refs: []xref{}}
		for _, r := range refs {
			x := xref{Kind: string(r.Kind), From: fmt.Sprintf("%#x", r.From), Via: r.Via}
			if r.In != (gotab.Func{}) {
				x.Func, x.Off = r.In.Name(), r.From-uint64(r.In.Entry())
				x.File, x.Line, _ = r.In.FileLine(gotab.PC(r.From))
			}
			it.Refs = append(it.Refs, x)
		}
		rep.Functions = append(rep.Functions, it)
	}
	progress.Stop()
	if a.ui.JSON {
		return cli.JSON(a.ui.Out, rep)
	}
	for i, it := range rep.Functions {
		if i > 0 {
			a.ui.Printf("\n")
		}
		a.printXrefs(it)
	}
	return nil
}

func (a *app) printXrefs(it xrefItem) {
	a.ui.Printf("%s at %s\n", a.ui.Bold(cli.Escape(it.Name)), it.Entry)
	if len(it.Refs) == 0 {
		a.ui.Printf("  nothing refers to it directly: it is the entry, or reached through type tables only\n")
		return
	}
	t := cli.NewTable(cli.Column{}, cli.Column{}, cli.Column{Fit: cli.Clip}, cli.Column{Fit: cli.ClipTop}, cli.Column{Fit: cli.Clip})
	counts := map[string]int{}
	for _, r := range it.Refs {
		counts[r.Kind]++
		if counts[r.Kind] > manyRows {
			continue
		}
		where, pos := "", ""
		if r.Func != "" {
			where, pos = fmt.Sprintf("%s+%#x", gotab.PrintName(r.Func), r.Off), position(r.File, r.Line)
		}
		via := r.Via
		if via != "" && r.Func != "" {
			via = "of " + via
		}
		t.Row("  "+r.Kind, r.From, where, pos, via)
	}
	a.ui.Table(t)
	for kind, n := range counts {
		if n > manyRows {
			a.ui.Printf("  … and %d more of kind %s: --json lists them\n", n-manyRows, kind)
		}
	}
}
