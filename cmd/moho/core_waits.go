package main

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"moho/core"
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

// parseAddr reads an address in hexadecimal.
func parseAddr(s string) (core.Addr, error) {
	digits, ok := strings.CutPrefix(strings.ToLower(s), "0x")
	x, err := strconv.ParseUint(digits, 16, 64)
	if err != nil || !ok {
		return 0, fmt.Errorf("%q is no address: want 0x and hexadecimal digits", s)
	}
	return core.Addr(x), nil
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
				"moho core waits "+c.Path+" lists what is waited for", fmt.Sprintf("moho core addr %s %#x says what is there", c.Path, uint64(f.Object)))
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

// references prints who has a pointer to an object that was asked for, if it is
// nothing that somebody holds.
func (l waitList) references(o *waits.Object) {
	if l.f.Goroutine == 0 && l.f.Object == 0 || o.Kind.Lock() {
		return
	}
	list, more := l.an.References(o.Index)
	for _, h := range list {
		l.ui.Printf("    goroutine %d may act on it  %s\n        %s\n", h.Goroutine, l.ui.Dim("("+h.Grade.String()+")"), cli.Escape(h.Why))
		l.next(h)
	}
	if more > 0 {
		l.ui.Printf("    … and %s\n", count(more, "more goroutine"))
	}
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
		return cli.WithHints(fmt.Errorf("%s: no goroutine %d", l.c.Path, id), "moho core goroutines "+l.c.Path+" lists them")
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

// ofSystem reports whether only goroutines that are not shown wait for an object.
func (l waitList) ofSystem(object int) bool {
	if l.all {
		return false
	}
	for e := range l.an.Waiters(object) {
		if !e.System {
			return false
		}
	}
	return true
}

func (l waitList) cycles() {
	for _, cy := range l.an.Cycles() {
		l.cycle(cy)
	}
}

func (l waitList) cyclesOf(id uint64) {
	for _, cy := range l.an.Cycles() {
		for _, link := range cy.Links {
			if link.Edge.Goroutine == id {
				l.cycle(cy)
				break
			}
		}
	}
}

// cycle prints goroutines that wait for each other as a chain.
func (l waitList) cycle(cy waits.Cycle) {
	title := l.ui.Bad("deadlock")
	if cy.Grade != waits.Strong {
		title = l.ui.Odd("possible deadlock") + ", on weak evidence"
	}
	l.ui.Printf("\n%s: %s\n", title, count(len(cy.Links), "goroutine")+" that can't go on")
	for i, link := range cy.Links {
		o := l.an.Object(link.Edge.Object)
		s, _ := l.an.Site(link.Edge)
		by := fmt.Sprintf("goroutine %d", link.Holder.Goroutine)
		switch {
		case len(cy.Links) == 1:
			by = "itself"
		case i == len(cy.Links)-1:
			by += ", the first"
		}
		l.ui.Printf("  goroutine %d  %s  %s\n", link.Edge.Goroutine, cli.Escape(s.Func), l.ui.Dim(cli.Escape(l.at(s))))
		what := o.Describe()
		if path, _, ok := l.caller.Name(o.Index); ok {
			what += ", which is " + path
		}
		l.ui.Printf("    waits for %s\n", cli.Escape(what))
		l.ui.Printf("    held by %s: %s\n", by, cli.Escape(link.Holder.Why))
	}
}

func (l waitList) leaks() {
	leaks := l.an.Leaks()
	if !leaks.Known {
		if leaks.Why != "" {
			l.ui.Printf("\nleaked goroutines: %s\n", cli.Escape("unknown: "+leaks.Why))
		}
		return
	}
	if leaks.Count == 0 {
		return
	}
	l.ui.Printf("\n%s: nothing that can still run reaches what they wait for\n", l.ui.Bad(count(leaks.Count, "leaked goroutine")))
	type place struct {
		s    waits.Site
		what string
	}
	var order []place
	ids := map[place][]uint64{}
	for e := range l.an.Leaked() {
		s, _ := l.an.Site(e)
		p := place{s, strings.TrimSpace(e.Kind.String() + " " + e.Op.String())}
		if ids[p] == nil {
			order = append(order, p)
		}
		ids[p] = append(ids[p], e.Goroutine)
	}
	t := cli.NewTable(cli.Column{}, cli.Column{Right: true}, cli.Column{}, cli.Column{Fit: cli.Clip, Min: 20}, cli.Column{Fit: cli.ClipTop, Min: 12}, cli.Column{Fit: cli.Clip})
	for i, p := range order {
		if i == maxGroups && !l.all {
			t.Row("  ", "…", fmt.Sprintf("%d more places", len(order)-i))
			break
		}
		t.Row("  ", fmt.Sprint(len(ids[p])), p.what, p.s.Func, l.at(p.s), someIDs(ids[p], len(ids[p])))
	}
	l.ui.Table(t)
}

func (l waitList) leakOf(id uint64) {
	for e := range l.an.Leaked() {
		if e.Goroutine == id {
			l.ui.Printf("\n%s: nothing that can still run reaches what it waits for\n", l.ui.Bad("leaked"))
			return
		}
	}
}

// objects prints the objects, a block for each.
func (l waitList) objects(most int) {
	shown, rest, restWaiters := 0, 0, 0
	lone, of := l.an.Lone()
	told := make([]bool, len(lone))
	whole := l.f.Goroutine == 0 && l.f.Object == 0
	for i, waiters := range l.an.Queues() {
		if !l.wanted(i) {
			continue
		}
		if n := of[i]; n >= 0 && lone[n].Count > 1 && whole {
			if !told[n] && (most == 0 || shown < most) {
				shown++
				told[n] = true
				l.lone(&lone[n])
			}
			if told[n] {
				continue
			}
		}
		if most > 0 && shown >= most {
			rest++
			restWaiters += waiters
			continue
		}
		shown++
		l.object(l.an.Object(i))
	}
	if rest > 0 {
		l.ui.Printf("\n… %s with %s; --max 0 lists all\n", count(rest, "more object"), count(restWaiters, "waiter"))
	}
}

// lone prints objects that one goroutine each waits for at the same place.
func (l waitList) lone(x *waits.Lone) {
	what := fmt.Sprintf("wait, each for a %s of its own", x.Kind)
	if x.Kind == waits.Timer {
		what = "sleep"
	}
	l.ui.Printf("\n%s %s\n", l.ui.Bold(count(x.Count, "goroutine")), what)
	l.place(waits.Place{Site: x.Site, Op: x.Op, Count: x.Count, IDs: x.IDs})
}

func (l waitList) place(p waits.Place) {
	op := p.Op.String()
	if op != "" {
		op += " in "
	}
	l.ui.Printf("    %s%s  %s  %s\n", op, cli.Escape(p.Site.Func), l.ui.Dim(cli.Escape(l.at(p.Site))), someIDs(p.IDs, p.Count))
}

// wanted reports whether an object is to be listed.
func (l waitList) wanted(object int) bool {
	if l.f.Goroutine == 0 && l.f.Object == 0 {
		return !l.ofSystem(object)
	}
	for e := range l.an.Waiters(object) {
		if l.f.Object != 0 && e.Addr != l.f.Object {
			return false
		}
		if l.f.Goroutine == 0 || e.Goroutine == l.f.Goroutine {
			return true
		}
	}
	return false
}

func (l waitList) object(o *waits.Object) {
	l.ui.Printf("\n%s for %s\n", l.ui.Bold(count(o.Waiters, "goroutine")+waitVerb(o.Waiters)), cli.Escape(o.Describe()))
	if path, in, ok := l.caller.Name(o.Index); ok {
		l.ui.Printf("    it is %s in %s\n", l.ui.Bold(cli.Escape(path)), cli.Escape(in))
	}
	if s := o.State(l.an.Now()); s != "" {
		l.ui.Printf("    %s\n", cli.Escape(s))
	}
	if o.FD != nil && l.c.Process.Kind() == "live" {
		// What the process has open there now, after it has gone on.
		if file, err := os.Readlink(fmt.Sprintf("/proc/%d/fd/%d", l.c.Process.PID(), o.FD.FD)); err == nil {
			l.ui.Printf("    %s\n", cli.Escape(file))
		}
	}
	for i, p := range l.an.Places(o.Index) {
		if i == maxPlaces {
			l.ui.Printf("    … and at more places\n")
			break
		}
		l.place(p)
	}
	for i, h := range o.Holders {
		if i == maxPlaces {
			l.ui.Printf("    … and more that may hold it\n")
			break
		}
		word := "held by"
		if h.Grade != waits.Strong {
			word = "perhaps held by"
		}
		l.ui.Printf("    %s goroutine %d  %s\n        %s\n", word, h.Goroutine, l.ui.Dim("("+h.Grade.String()+")"), cli.Escape(h.Why))
		l.next(h)
	}
	l.references(o)
}

// next says what a holder waits for itself.
func (l waitList) next(h waits.Holder) {
	list := l.an.Next(h)
	if len(list) == 0 {
		l.ui.Printf("        it does not wait itself\n")
		return
	}
	what := cli.Escape(l.an.Object(list[0].Object).Describe())
	if len(list) > 1 {
		what += fmt.Sprintf(", or %d more cases of a select", len(list)-1)
	}
	if h.Stuck {
		what += "; " + l.ui.Bad("it can never go on")
	}
	l.ui.Printf("        it waits itself for %s\n", what)
}

// maxPlaces is how many places and holders of an object are listed.
const maxPlaces = 4

func waitVerb(n int) string {
	if n == 1 {
		return " waits"
	}
	return " wait"
}

func (l waitList) at(s waits.Site) string {
	if s.Func == "" {
		return ""
	}
	return fmt.Sprintf("%s:%d", l.file(s.File), s.Line)
}

// someIDs names the first few of n goroutines.
func someIDs(ids []uint64, n int) string {
	var words []string
	for _, id := range ids[:min(5, len(ids))] {
		words = append(words, fmt.Sprint(id))
	}
	s := "goroutine " + strings.Join(words, " ")
	if n > len(words) {
		s += " …"
	}
	return s
}
