package main

import (
	"bufio"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"moho/gostate"
	"moho/gostate/value"
	"moho/internal/cli"
	"moho/postmortem"
	"moho/traceback"
)

const goroutinesLong = `Goroutines lists every goroutine of a target; with --with stacks its calls too, in
the form of a traceback. The runtime's own are left out unless --all is given.
--with vars adds arguments as tracebacks print them, and where there is DWARF the
variables by name: "optimized out" is what the compiler keeps nowhere, and of
registers only those of the frame where the goroutine was stopped are left.
--unified adds to each call what a frame has on every architecture, and a legend
that says what that is called there.
--json prints all of them as JSON lines (moho/goroutines/v1), streamed.`

const goroutinesExample = `    $ moho core goroutines core.1234 --with stacks --id 22`

func newCoreGoroutines(a *app, cf *coreFlags) *cobra.Command {
	var with []string
	var ids []uint
	var values value.Options
	var unified bool
	cmd := &cobra.Command{
		Use:     "goroutines TARGET [EXE]",
		Short:   "list goroutines, with --with stacks their calls",
		Long:    goroutinesLong,
		Example: goroutinesExample,
		Args:    args(cobra.RangeArgs(1, 2)),
		RunE: func(cmd *cobra.Command, args []string) error {
			wants, err := postmortem.ParseWith(with)
			if err != nil {
				return usage(cmd, err)
			}
			wants.Values, wants.SystemVars = exactly(values), cf.all
			if unified {
				wants.Stacks, wants.Unified = true, true
			}
			return a.withTarget(cmd.Context(), args, func(c *postmortem.Case) error {
				c.Ask(wants)
				list := goroutineList{view{a, c, cf.all}, wants, ids}
				if err := list.known(); err != nil {
					return err
				}
				switch {
				case a.ui.JSON:
					return list.json()
				case c.Source() == nil:
					return nil // the gap says why
				case len(with) > 0, unified:
					return list.tracebacks()
				}
				list.table()
				return nil
			})
		},
	}
	cmd.Flags().StringSliceVar(&with, "with", nil, "what to add to each goroutine: stacks, vars, regs, ancestors, defers, panics")
	addValueFlags(cmd, &values)
	cmd.Flags().BoolVar(&unified, "unified", false, "stacks with CFA, return PC and FP of every frame, named alike on every architecture")
	cmd.Flags().UintSliceVar(&ids, "id", nil, "only the goroutines with these `ids`, separated by commas")
	cmd.Flags().Lookup("id").DefValue = "" // not "[]"
	return cmd
}

// goroutineList is one run of core goroutines.
type goroutineList struct {
	view
	with postmortem.With
	ids  []uint
}

func (l goroutineList) wants(g *gostate.Goroutine) bool {
	if len(l.ids) > 0 {
		return slices.Contains(l.ids, uint(g.ID))
	}
	return !g.System || l.all || l.ui.JSON
}

// known returns an error for ids that no goroutine has: an empty list would
// read as an answer.
func (l goroutineList) known() error {
	source := l.c.Source()
	if source == nil || len(l.ids) == 0 {
		return nil
	}
	missing := slices.Clone(l.ids)
	for g := range source.Goroutines() {
		missing = slices.DeleteFunc(missing, func(id uint) bool { return id == uint(g.ID) })
	}
	if len(missing) == 0 {
		return nil
	}
	return cli.WithHints(fmt.Errorf("%s: no goroutine %d", l.c.Path, missing[0]),
		"moho core goroutines "+named(l.c)+" lists them")
}

func (l goroutineList) json() error {
	out := cli.NewLines(l.ui.Out)
	head := postmortem.GoroutinesHeader{Schema: postmortem.SchemaGoroutines, Target: l.c.Target()}
	source := l.c.Source()
	if source == nil {
		out.Header(head)
		return out.End(false, l.c.Gaps)
	}
	head.Count = source.NumG()
	if l.with.Unified && l.c.World != nil {
		head.Mapping = postmortem.NewMapping(l.c.Process.Arch())
	}
	out.Header(head)
	enc := postmortem.NewEncoder(l.c)
	for g := range source.Goroutines() {
		if l.wants(g) {
			if err := out.Raw(enc.Goroutine(g, l.with)); err != nil {
				return err
			}
		}
	}
	return out.End(len(l.c.Gaps) == 0, l.c.Gaps)
}

// tracebacks prints goroutines in the form in which Go programs print them.
func (l goroutineList) tracebacks() error {
	out := bufio.NewWriterSize(l.ui.Out, 64<<10)
	if l.with.Unified && l.c.World != nil {
		l.legend()
	}
	tr := tracer{l.view, l.with, map[frameID]string{}}
	for g := range l.c.Source().Goroutines() {
		if l.wants(g) {
			tr.print(out, g)
		}
	}
	return out.Flush()
}

// table prints goroutines a line each.
func (l goroutineList) table() {
	columns := []cli.Column{
		{Title: "id", Right: true},
		{Title: "state"},
		{Title: "at", Fit: cli.Clip},
		{Title: "position", Fit: cli.ClipTop},
		{Title: "created by", Fit: cli.Clip},
	}
	counted := l.c.Text != nil && l.c.Text.Kind() == traceback.KindProfile
	if counted {
		columns[0].Title, columns[1].Title = "count", "labels"
	}
	t := cli.NewTable(columns...)
	for g := range l.c.Source().Goroutines() {
		if !l.wants(g) {
			continue
		}
		fn, pos := "", ""
		if fr := l.top(g); fr != nil {
			fn, pos = fr.Func, l.position(fr)
		}
		id, what := fmt.Sprint(g.ID), state(g)
		switch {
		case counted:
			id, what = fmt.Sprint(g.Printed.Count), labels(g)
		case g.Printed != nil && g.Printed.Headless:
			id = "?"
		}
		t.Row(id, what, fn, pos, g.CreatedBy.Func)
	}
	l.ui.Table(t)
}

// A tracer writes tracebacks. Frames repeat from goroutine to goroutine, so
// each is rendered once.
type tracer struct {
	view
	with   postmortem.With
	frames map[frameID]string
}

type frameID struct {
	pc      int32
	inline  int16
	faulted bool
}

func (t tracer) print(w *bufio.Writer, g *gostate.Goroutine) {
	w.WriteString(t.title(g))
	w.WriteString(":\n")
	t.calls(w, g)
	t.details(w, g)
	t.deferred(w, g)
	t.registers(w, g)
	w.WriteString("\n")
}

// registers writes those of a goroutine.
func (t tracer) registers(w *bufio.Writer, g *gostate.Goroutine) {
	if !t.with.Regs || t.c.World == nil {
		return
	}
	regs := t.c.World.Registers(g, gostate.Innermost)
	fmt.Fprintf(w, "\tregisters of frame %d, from %s\n", regs.Frame, regs.From)
	printRegisters(w, &regs, t.ui.Width()-7, "\t    ")
}

// calls writes the stack of a goroutine and who created it.
func (t tracer) calls(w *bufio.Writer, g *gostate.Goroutine) {
	if !t.with.Stacks {
		return
	}
	var unified []gostate.Unified
	if t.with.Unified && t.c.World != nil {
		unified = t.c.World.Unify(nil, g)
	}
	for i := range g.Frames {
		if g.Elided > 0 && i == g.ElidedAt {
			fmt.Fprintf(w, "\t… %s left out\n", count(g.Elided, "frame"))
		}
		fr := &g.Frames[i]
		if fr.Maybe && (i == 0 || !g.Frames[i-1].Maybe) {
			t.broken(w, g)
			fmt.Fprintf(w, "\t%s\n", guessed(g))
		}
		id := frameID{fr.PCIndex, fr.Inline, fr.Fault}
		text, ok := t.frames[id]
		switch {
		case g.Printed != nil: // its arguments are its own
			text = t.frame(g, i)
		case !ok || fr.PCIndex < 0:
			text = t.frame(g, i)
			t.frames[id] = text
		}
		if t.with.Vars && text != "" && g.Printed == nil { // a text has told its arguments, and nothing is known beyond
			t.frameWithVars(w, g, i, text)
		} else {
			w.WriteString(text)
		}
		if text != "" && !fr.Inlined && i < len(unified) {
			t.unified(w, fr, &unified[i])
		}
	}
	if cr := g.CreatedBy; cr.Func != "" {
		w.WriteString(t.creator(cr, mark(t.c.CreatorLinks(g))))
	}
	if n := len(g.Frames); n == 0 || !g.Frames[n-1].Maybe {
		t.broken(w, g)
	}
}

// broken says why a stack ends early, if it does.
func (t tracer) broken(w *bufio.Writer, g *gostate.Goroutine) {
	for _, line := range broken(g, t.ui.Width()-8) {
		fmt.Fprintf(w, "\t%s\n", line)
	}
}

func (t tracer) creator(cr gostate.Creator, mark string) string {
	return strings.TrimRight(fmt.Sprintf("%s\n\t%s:%d  %s", cli.Escape(createdBy(cr)), cli.Escape(t.file(cr.File)), cr.Line, mark), " ") + "\n"
}

func (t tracer) frame(g *gostate.Goroutine, i int) string {
	fr := &g.Frames[i]
	links := t.c.Links(g, i)
	if fr.System && !t.all && len(links) == 0 {
		return ""
	}
	name := fr.Func
	if p := g.Printed; p != nil && i < len(p.Args) && !p.Counted {
		name += "(" + p.Args[i] + ")"
	}
	return strings.TrimRight(fmt.Sprintf("%s\n\t%s  %s", cli.Escape(name), cli.Escape(t.position(fr)), mark(links)), " ") + "\n"
}
