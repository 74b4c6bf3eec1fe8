package main

import (
	"fmt"

	"moho/asm"
	"moho/asm/listing"
	"moho/internal/cli"
)

type asmDiffReport struct {
	Schema    string        `json:"schema"`
	A         asm.Header    `json:"a"`
	B         asm.Header    `json:"b"`
	Same      bool          `json:"same"`
	Functions []asmDiffItem `json:"functions"`
}

type asmDiffItem struct {
	Name    string      `json:"name"`
	Same    bool        `json:"same"`
	A       asmDiffSide `json:"a"`
	B       asmDiffSide `json:"b"`
	Added   int         `json:"added"`
	Removed int         `json:"removed"`
}

type asmDiffSide struct {
	Entry        string `json:"entry"`
	Size         uint64 `json:"size"`
	Instructions int    `json:"instructions"`
	Frame        int32  `json:"frame"`
	Args         *int32 `json:"args"` // null = unknown
	StackCheck   string `json:"stackCheck"`
}

// asmAgainst compares functions of two builds.
func (a *app) asmAgainst(p *asm.Program, af asmFlags) error {
	q, err := openProgram(af.against, af.arch)
	if err != nil {
		return err
	}
	defer q.Close()
	if p.Arch() != q.Arch() {
		return cli.WithHints(cli.Usagef("--against compares builds for one architecture, not %s and %s", p.Arch().Name, q.Arch().Name),
			fmt.Sprintf("side by side: moho asm -f %s %s %s", af.fn, p.File.Name(), q.File.Name()))
	}
	pairs, err := pairUp(q, p, af.fn)
	if err != nil {
		return err
	}
	rq, err := listing.NewReader(q, af.syntax, false)
	if err != nil {
		return err
	}
	rp, err := listing.NewReader(p, af.syntax, false)
	if err != nil {
		return err
	}
	out := listing.Printer{W: a.ui.Out, Arch: p.Arch(), Style: a.ui, Width: a.ui.Width(), Sources: listing.NewSources(sourceDirs(p, af.src))}
	rep := asmDiffReport{
		Schema: "moho/asmdiff/v1", Same: true, Functions: []asmDiffItem{},
		A: q.Header("", len(pairs)), B: p.Header("", len(pairs)),
	}
	for _, x := range pairs {
		before, err := rq.Func(x[0])
		if err != nil {
			return err
		}
		now, err := rp.Func(x[1])
		if err != nil {
			return err
		}
		d := listing.Diff(before, now, p.HasSymbols() && q.HasSymbols())
		rep.Same = rep.Same && d.Same()
		if a.ui.JSON {
			rep.Functions = append(rep.Functions, asmDiffItem{d.Name, d.Same(), diffSide(before), diffSide(now), d.Added, d.Removed})
			continue
		}
		if err := out.Diff(&d, q, p); err != nil {
			return err
		}
	}
	if a.ui.JSON {
		if err := cli.JSON(a.ui.Out, rep); err != nil {
			return err
		}
	}
	if !rep.Same {
		return cli.Exit(cli.Findings)
	}
	return nil
}

func diffSide(f *listing.Func) asmDiffSide {
	s := asmDiffSide{
		Entry: fmt.Sprintf("%#x", uint64(f.Entry)), Size: f.Size, Instructions: len(f.Insts), Frame: f.Function.Frame,
		StackCheck: f.Check.String(),
	}
	if f.ArgsKnown {
		s.Args = &f.Args
	}
	return s
}
