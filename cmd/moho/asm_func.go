package main

import (
	"bufio"
	"context"

	"moho/asm"
	"moho/asm/listing"
)

// asmFuncs prints the functions that a pattern names.
func (a *app) asmFuncs(ctx context.Context, p *asm.Program, af asmFlags) error {
	fns, err := find(p, af.fn)
	if err != nil {
		return err
	}
	if a.ui.JSON {
		out := bufio.NewWriterSize(a.ui.Out, 64<<10)
		sum, err := listing.WriteJSON(ctx, out, p, fns, listing.Options{Syntax: af.syntax})
		if err != nil {
			return err
		}
		if err := out.Flush(); err != nil {
			return err
		}
		return a.partial(sum.Gaps)
	}
	r, err := listing.NewReader(p, af.syntax, af.names(p))
	if err != nil {
		return err
	}
	out := listing.Printer{W: a.ui.Out, Arch: p.Arch(), Style: a.ui, Width: a.ui.Width(), Sources: listing.NewSources(sourceDirs(p, af.src))}
	prof, err := af.profileSamples(p)
	if err != nil {
		return err
	}
	if prof != nil {
		out.Samples, out.Total = prof.in, prof.total
	}
	for _, fn := range fns {
		f, err := r.Func(fn)
		if err != nil {
			return err
		}
		if err := out.Func(f); err != nil {
			return err
		}
	}
	if af.dwarf == "auto" && !af.names(p) && !a.ui.Quiet {
		a.ui.Hintf("names and types of what is in registers and slots: --dwarf on, which takes longer in a program of this size")
	}
	return nil
}
