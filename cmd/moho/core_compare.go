package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"moho/internal/cli"
	"moho/postmortem"
)

// maxChanges is how many groups of each kind of change are listed.
const maxChanges = 20

const compareLong = `Compare puts the goroutines of two targets beside each other, in groups of those
that are at the same calls: two moments of one program (what grows is what leaks), or
one program on two architectures. Targets of any kind can be compared with any other:
a core with a traceback, a process with a profile.

Calls are recognised by function, file and line, never by address; where the lines
differ, as in two builds, by functions alone (≈ marks those).

It exits 1 when the goroutines differ, 0 when they do not.`

const compareExample = `    $ moho core compare before.core after.core
    …
    grown, the most first
        +4400  18 → 4418  chan receive  main.worker  pool.go:31  waits 3m → 45m`

func newCoreCompare(a *app, cf *coreFlags) *cobra.Command {
	var exeA, exeB string
	cmd := &cobra.Command{
		Use:     "compare A B",
		Short:   "compare the goroutines of two targets: what grows, what is new",
		Long:    compareLong,
		Example: compareExample,
		Args:    args(cobra.ExactArgs(2)),
		RunE: func(cmd *cobra.Command, args []string) error {
			if args[0] == "-" && args[1] == "-" {
				return usage(cmd, cli.Usagef("only one of the two can be the standard input"))
			}
			return a.compare(cmd.Context(), [2][]string{{args[0], exeA}, {args[1], exeB}}, cf.all)
		},
	}
	cmd.Flags().StringVar(&exeA, "exe-a", "", "executable of A, where it is not found by itself")
	cmd.Flags().StringVar(&exeB, "exe-b", "", "executable of B")
	return cmd
}

func (a *app) compare(ctx context.Context, targets [2][]string, all bool) error {
	p := a.ui.Progress()
	defer p.Stop()
	var cases [2]*postmortem.Case
	for i, t := range targets {
		if t[1] == "" {
			t = t[:1]
		}
		c, err := a.openCase(ctx, p, t, postmortem.Options{})
		if err != nil {
			return err
		}
		defer c.Close()
		cases[i] = c
	}
	p.Phase("compare")
	r := postmortem.Compare(cases[0], cases[1], all)
	if a.ui.JSON {
		if err := cli.JSON(a.ui.Out, r); err != nil {
			return err
		}
	} else {
		a.printComparison(r, cases)
	}
	p.Stop()
	var partial error
	for _, c := range cases {
		if err := a.tellGaps(c); err != nil {
			partial = err
		}
	}
	if partial != nil {
		return partial
	}
	if r.Differs {
		return cli.Exit(cli.Findings)
	}
	return nil
}

func (a *app) printComparison(r *postmortem.Comparison, cases [2]*postmortem.Case) {
	t := cli.NewTable(cli.Column{}, cli.Column{Fit: cli.ClipTop}, cli.Column{Fit: cli.Wrap})
	for i, s := range []postmortem.Side{r.A, r.B} {
		words := []string{s.Target.Command, s.Target.Go, s.Target.Arch, s.Target.Kind}
		t.Row([]string{"A", "B"}[i], relative(s.Path), strings.Join(slices.DeleteFunc(words, func(w string) bool { return w == "" }), ", "))
	}
	a.ui.Table(t)
	program := r.Program + ": " + r.Why
	if r.Program == "other" {
		program = "NOT ONE PROGRAM: " + r.Why
	}
	t = cli.NewTable(cli.Column{}, cli.Column{Fit: cli.Wrap})
	t.Row("program", program)
	a.ui.Table(t)
	if !r.Known() {
		return
	}
	a.ui.Printf("\n%s → %s", a.ui.Bold(fmt.Sprint(*r.A.Goroutines)), a.ui.Bold(count(*r.B.Goroutines, "goroutine")))
	if r.A.OldestWait != nil || r.B.OldestWait != nil {
		a.ui.Printf(", the oldest wait %s", waited(r.A.OldestWait, r.B.OldestWait))
	}
	a.ui.Printf("\n")
	for _, part := range []struct{ change, title string }{
		{"grown", "grown, the most first"},
		{"new", "new"},
		{"shrunk", "shrunk"},
		{"gone", "gone"},
		{"state", "in another state"},
	} {
		a.printChanges(r, cases, part.change, part.title)
	}
	a.ui.Printf("\n%s the same in %s\n", count(r.Same.Goroutines, "goroutine"), count(r.Same.Groups, "group"))
}

func (a *app) printChanges(r *postmortem.Comparison, cases [2]*postmortem.Case, change, title string) {
	var list []postmortem.Change
	for _, ch := range r.Groups {
		if ch.Change == change {
			list = append(list, ch)
		}
	}
	if len(list) == 0 {
		return
	}
	a.ui.Printf("\n%s\n", a.ui.Bold(title))
	t := cli.NewTable(cli.Column{}, cli.Column{Right: true}, cli.Column{}, cli.Column{Fit: cli.Clip, Min: 12},
		cli.Column{Fit: cli.Clip, Min: 16}, cli.Column{Fit: cli.ClipTop, Min: 12}, cli.Column{Fit: cli.Clip})
	for i, ch := range list {
		if i == maxChanges {
			break
		}
		c := cases[1]
		if change == "gone" {
			c = cases[0]
		}
		fn, pos := topCall(view{app: a, c: c}, ch)
		if ch.Match != "lines" {
			pos = "≈ " + pos
		}
		wait := waited(ch.A.OldestWait, ch.B.OldestWait)
		if wait != "" {
			wait = "waits " + wait
		}
		t.Row("  ", delta(ch.B.Count-ch.A.Count), fmt.Sprintf("%d → %d", ch.A.Count, ch.B.Count), states(ch), fn, pos, wait)
	}
	a.ui.Table(t)
	if n := len(list) - maxChanges; n > 0 {
		a.ui.Printf("    … %s; --json lists all\n", count(n, "more group"))
	}
}

func delta(n int) string {
	if n == 0 {
		return "="
	}
	return fmt.Sprintf("%+d", n)
}

// topCall is the call that says what a group is about, as in the other lists.
func topCall(v view, ch postmortem.Change) (fn, pos string) {
	if len(ch.Frames) == 0 {
		if ch.CreatedBy != nil {
			return "created by " + ch.CreatedBy.Func, fmt.Sprintf("%s:%d", v.file(ch.CreatedBy.File), ch.CreatedBy.Line)
		}
		return "the runtime", ""
	}
	best := ch.Frames[v.telling(len(ch.Frames), func(i int) (string, bool) { return ch.Frames[i].Func, false })]
	return best.Func, fmt.Sprintf("%s:%d", v.file(best.File), best.Line)
}

// states are the states that a group is in, and on which side where it matters.
func states(ch postmortem.Change) string {
	one := func(m map[string]int) string {
		keys := slices.SortedFunc(maps.Keys(m), func(x, y string) int {
			if m[x] != m[y] {
				return m[y] - m[x]
			}
			return strings.Compare(x, y)
		})
		return strings.Join(keys, ", ")
	}
	before, after := one(ch.A.States), one(ch.B.States)
	switch {
	case after == "" || before == after:
		return before
	case before == "":
		return after
	}
	return before + " → " + after
}

// waited is how long the oldest of a group waits, on both sides.
func waited(a, b *float64) string {
	one := func(s *float64) string {
		if s == nil {
			return "?"
		}
		return shortTime(time.Duration(*s * float64(time.Second)))
	}
	switch {
	case a == nil && b == nil:
		return ""
	case a == nil:
		return one(b)
	case b == nil:
		return one(a)
	}
	return one(a) + " → " + one(b)
}

// shortTime rounds a duration to what matters of it.
func shortTime(d time.Duration) string {
	switch {
	case d >= 48*time.Hour:
		return fmt.Sprintf("%dd", d/(24*time.Hour))
	case d >= 2*time.Hour:
		return fmt.Sprintf("%dh", d/time.Hour)
	case d >= 2*time.Minute:
		return fmt.Sprintf("%dm", d/time.Minute)
	}
	return d.Round(time.Second).String()
}
