package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"moho/gostate/heap"
	"moho/gostate/waits"
	"moho/internal/cli"
	"moho/postmortem"
)

const waitsLong = `Waits says what every goroutine waits for, grouped by object: the longest queues first.
A channel is shown with its buffer and its waiters on both sides, a lock with what its
words say, and with who holds it, as far as there is evidence:

    strong   a deferred call that is still to come unlocks this very lock, or the
             function that waits for it proves who has it
    weak     a goroutine has a pointer to it on its stack, and no more is known

Goroutines that wait for each other are shown first, then those that can never go
on: what they wait for cannot be reached from any goroutine that still runs.

--json prints one object (moho/waits/v1): objects, edges, cycles, leaked.`

const waitsExample = `    $ moho core waits core.1234
    $ moho core waits core.1234 --goroutine 22`

func newCoreWaits(a *app, cf *coreFlags) *cobra.Command {
	var goroutine uint64
	var object string
	var most int
	cmd := &cobra.Command{
		Use:     "waits TARGET [EXE]",
		Short:   "what does everybody wait for, who holds it, who is stuck for good?",
		Long:    waitsLong,
		Example: waitsExample,
		Args:    args(cobra.RangeArgs(1, 2)),
		RunE: func(cmd *cobra.Command, args []string) error {
			f := postmortem.WaitFilter{Goroutine: goroutine, System: cf.all}
			if object != "" {
				at, err := parseAddr(object)
				if err == nil && at == 0 {
					err = fmt.Errorf("nobody waits for anything at 0x0")
				}
				if err != nil {
					return usage(cmd, err)
				}
				f.Object = at
			}
			return a.withCase(cmd.Context(), args, func(c *postmortem.Case) error {
				return a.waits(cmd.Context(), c, f, most, cf.all)
			})
		},
	}
	cmd.Flags().Uint64Var(&goroutine, "goroutine", 0, "only what the goroutine with this `id` waits for")
	cmd.Flags().StringVar(&object, "object", "", "only the object at this `address`")
	cmd.Flags().IntVar(&most, "max", 20, "how many objects to list; 0 for all")
	return cmd
}

// waits prints what the goroutines of c wait for.
func (a *app) waits(ctx context.Context, c *postmortem.Case, f postmortem.WaitFilter, most int, all bool) error {
	if c.World == nil {
		return nil // the gap says why
	}
	an := waits.Analyze(c.World, waits.Options{})
	if err := an.FindLeaks(ctx, heap.MarkOptions{}); err != nil {
		return err
	}
	c.Gaps = append(c.Gaps, an.Gaps()...)
	l := newWaitList(view{app: a, c: c, all: all}, an)
	l.f = f
	if f.Goroutine != 0 && len(an.Of(f.Goroutine)) == 0 {
		return l.runs(f.Goroutine)
	}
	if f.Object != 0 {
		if _, ok := an.ObjectAt(f.Object); !ok {
			return cli.WithHints(fmt.Errorf("%s: nobody waits for anything at %#x", c.Path, uint64(f.Object)),
				"moho core waits "+named(c)+" lists what is waited for", fmt.Sprintf("moho core addr %s %#x says what is there", named(c), uint64(f.Object)))
		}
	}
	if a.ui.JSON {
		return c.WriteWaits(a.ui.Out, an, f)
	}
	if f.Goroutine == 0 && f.Object == 0 {
		l.head()
		l.cycles()
		l.leaks()
	}
	if f.Goroutine != 0 {
		l.title(f.Goroutine)
	}
	l.objects(most)
	if f.Goroutine != 0 {
		l.cyclesOf(f.Goroutine)
		l.leakOf(f.Goroutine)
	}
	return nil
}

// waitList is one run of core waits.
type waitList struct {
	view
	an     *waits.Analysis
	f      postmortem.WaitFilter
	caller *waits.Caller
}

func newWaitList(v view, an *waits.Analysis) waitList {
	return waitList{view: v, an: an, caller: an.Caller()}
}

// runs says of a goroutine that waits for nothing what it does instead.
func (l waitList) runs(id uint64) error {
	g, ok := l.c.World.Goroutine(id)
	if !ok {
		return cli.WithHints(fmt.Errorf("%s: no goroutine %d", l.c.Path, id), "moho core goroutines "+named(l.c)+" lists them")
	}
	if l.ui.JSON {
		return l.c.WriteWaits(l.ui.Out, l.an, l.f)
	}
	l.ui.Printf("goroutine %d waits for nothing: it is %s\n", id, cli.Escape(state(g)))
	return nil
}

// head prints how many wait.
func (l waitList) head() {
	goroutines, objects := 0, 0
	last := uint64(0)
	seen := make([]bool, l.an.NumObjects())
	for e := range l.an.Edges() {
		if e.System && !l.all {
			continue
		}
		if e.Goroutine != last { // those of one goroutine stand together
			goroutines++
		}
		last = e.Goroutine
		if !seen[e.Object] {
			objects++
		}
		seen[e.Object] = true
	}
	l.ui.Printf("%s of %d wait for %s\n", l.ui.Bold(count(goroutines, "goroutine")), l.c.World.NumG(), count(objects, "object"))
}

// title prints who waits, where, and how.
func (l waitList) title(id uint64) {
	g, ok := l.c.World.Goroutine(id)
	if !ok {
		return
	}
	list := l.an.Of(id)
	s, _ := l.an.Site(list[0])
	l.ui.Printf("%s  %s  %s\n", l.view.title(g), cli.Escape(s.Func), l.ui.Dim(cli.Escape(l.at(s))))
	if list[0].Select {
		l.ui.Printf("    in a select, with %s\n", count(len(list), "case"))
	}
	if cr := g.CreatedBy; cr.Func != "" {
		l.ui.Printf("    %s\n", cli.Escape(createdBy(cr)))
	}
}
