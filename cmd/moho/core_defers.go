package main

import (
	"bufio"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"moho/gostate"
	"moho/internal/cli"
	"moho/postmortem"
)

const defersLong = `Defers lists the deferred calls that have not returned, in the order in which
they run, and the panics that are in flight, innermost first. It finds them wherever the
runtime keeps them: in records on the heap or the stack, in the bits and slots of
open-coded defers, in the lists of range-over-func loops. Symbols are not needed.

    running    the call has begun: its function is on the stack
    abandoned  it has begun and will not return, because a panic in it is being
               handled further out
    pending    it runs when its function returns or is unwound

--json prints JSON lines (moho/defers/v1), one item for each goroutine that has any.`

const defersExample = `    $ moho core defers core.1234 --goroutine 18
    goroutine 18 [chan receive]
        panic    &main.E{code:42}
        running  main.(*worker).run.func1  worker.go:61  open
        pending  sync.(*Mutex).Unlock      worker.go:57  open`

func newCoreDefers(a *app, cf *coreFlags) *cobra.Command {
	var ids []uint
	cmd := &cobra.Command{
		Use:     "defers TARGET [EXE]",
		Short:   "list deferred calls that have not run, and panics in flight",
		Long:    defersLong,
		Example: defersExample,
		Args:    args(cobra.RangeArgs(1, 2)),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.withCase(cmd.Context(), args, func(c *postmortem.Case) error {
				list := goroutineList{view: view{a, c, cf.all}, ids: ids}
				if err := list.known(); err != nil {
					return err
				}
				if a.ui.JSON {
					return list.defersJSON()
				}
				return list.defersText()
			})
		},
	}
	cmd.Flags().UintSliceVar(&ids, "goroutine", nil, "only the goroutines with these `ids`, separated by commas")
	cmd.Flags().Lookup("goroutine").DefValue = "" // not "[]"
	return cmd
}

func (l goroutineList) defersJSON() error {
	out := cli.NewLines(l.ui.Out)
	head := postmortem.DefersHeader{Schema: postmortem.SchemaDefers, Target: l.c.Target()}
	if l.c.World == nil {
		out.Header(head)
		return out.End(false, l.c.Gaps)
	}
	head.Count = l.c.World.NumG()
	out.Header(head)
	for g := range l.c.World.Goroutines() {
		if !l.wants(g) {
			continue
		}
		if d := l.c.Deferred(g); !d.Empty() {
			if err := out.Item(d); err != nil {
				return err
			}
		}
	}
	return out.End(len(l.c.Gaps) == 0, l.c.Gaps)
}

func (l goroutineList) defersText() error {
	if l.c.World == nil {
		return nil // the gap says why
	}
	none := 0
	for g := range l.c.World.Goroutines() {
		if !l.wants(g) {
			continue
		}
		d := l.c.Deferred(g)
		if d.Empty() && d.Incomplete == "" {
			none++
			continue
		}
		l.ui.Printf("%s\n", l.title(g))
		l.deferred(g, &d)
		l.ui.Printf("\n")
	}
	if none > 0 {
		l.ui.Printf("%s\n", l.ui.Dim(fmt.Sprintf("(%s with no deferred call)", count(none, "goroutine"))))
	}
	return nil
}

// deferred prints the panics and deferred calls of a goroutine.
func (v view) deferred(g *gostate.Goroutine, d *postmortem.Deferred) {
	v.panics(d)
	t := cli.NewTable(cli.Column{}, cli.Column{}, cli.Column{Fit: cli.Clip}, cli.Column{Fit: cli.ClipTop, Min: 24}, cli.Column{}, cli.Column{Fit: cli.Clip})
	var rows [][]string
	for i := range d.Defers {
		x := &d.Defers[i]
		rows = append(rows, []string{"  ", deferState(x), shortFunc(x.Name()), v.statement(g, x), x.Kind, mark(v.c.DeferLinks(g, x))})
	}
	for _, row := range fold(rows) {
		if len(row) == 2 { // how often the rows before it repeat
			row = []string{row[0], "", row[1]}
		}
		t.Row(row...)
	}
	v.ui.Table(t)
	if d.Incomplete != "" {
		v.ui.Printf("    %s\n", cli.Escape("there may be more: "+d.Incomplete))
	}
}

// panics prints the panics of a goroutine, innermost first.
func (v view) panics(d *postmortem.Deferred) {
	for i := range d.Panics {
		p := &d.Panics[i]
		line := "panic    " + p.Line()
		if p.State == "goexit" {
			line = "goexit   " + p.Line()
		} else if p.State != "panicking" {
			line += " [" + p.State + "]"
		}
		v.ui.Printf("    %s\n", cli.Clipped(cli.Escape(line), v.ui.Width()-4, cli.Clip))
	}
}

// deferState is the state of a deferred call in one word.
func deferState(d *postmortem.Defer) string {
	if d.Abandoned {
		return "abandoned"
	}
	return d.State
}

// statement is where a defer statement is: file and line, or whose it is.
func (v view) statement(g *gostate.Goroutine, d *postmortem.Defer) string {
	if place := d.Place(g); place != "" {
		return v.file(place)
	}
	if d.In != "" {
		return "in " + d.In
	}
	return "?"
}

// deferred writes the deferred calls and panics of a goroutine below its calls,
// as far as they were asked for.
func (t tracer) deferred(w *bufio.Writer, g *gostate.Goroutine) {
	if t.c.World == nil || !t.with.Defers && !t.with.Panics {
		return
	}
	d := t.c.Deferred(g)
	if t.with.Panics {
		for i := range d.Panics {
			fmt.Fprintf(w, "panic [%s]: %s\n", d.Panics[i].State, cli.Escape(d.Panics[i].Line()))
		}
	}
	if !t.with.Defers {
		return
	}
	for i := range d.Defers {
		x := &d.Defers[i]
		links := mark(t.c.DeferLinks(g, x))
		fmt.Fprintf(w, "defer [%s, %s]: %s\n\t%s\n", deferState(x), x.Kind, cli.Escape(x.Name()),
			cli.Escape(strings.TrimRight(t.statement(g, x)+"  "+links, " ")))
	}
	if d.Incomplete != "" {
		fmt.Fprintf(w, "\tthere may be more: %s\n", cli.Escape(d.Incomplete))
	}
}
