package main

import (
	"fmt"

	"moho/gostate/waits"
	"moho/internal/cli"
	"moho/postmortem"
)

// maxHeld is how many locks that are held by somebody who waits the first screen lists.
const maxHeld = 3

// held prints locks that goroutines queue for while who holds them waits for
// something else: no cycle, and yet what most often stops a server. Where a
// goroutine is to blame for the end such queues are the load of the moment.
func (v view) held(s *postmortem.Summary) {
	if s.Waits == nil || !s.Blameless() {
		return
	}
	l := newWaitList(v, s.Waits)
	shown, rest := 0, 0
	inCycle := cyclic(s.Waits)
	for i, n := range s.Waits.Queues() {
		hs := s.Waits.Holders(i)
		if inCycle[i] || l.ofSystem(i) || len(hs) == 0 || hs[0].Grade != waits.Strong || len(s.Waits.Next(hs[0])) == 0 {
			continue
		}
		o := s.Waits.Object(i)
		if !o.Kind.Lock() {
			continue
		}
		if shown == maxHeld && !v.all {
			rest++
			continue
		}
		shown++
		what := cli.Escape(o.Describe())
		if path, _, ok := l.caller.Name(i); ok {
			what += ", which is " + cli.Escape(path)
		}
		v.ui.Printf("\n%s for %s\n", v.ui.Bad(count(n, "goroutine")+waitVerb(n)), what)
		l.wrapped("    ", fmt.Sprintf("held by goroutine %d: %s", hs[0].Goroutine, hs[0].Why))
		l.wrapped("    ", "it waits itself for "+l.own(hs[0]))
	}
	if rest > 0 {
		v.ui.Printf("  … %s\n", count(rest, "more such lock"))
	}
}

// cyclic returns the objects that goroutines wait for in a circle.
func cyclic(an *waits.Analysis) map[int]bool {
	in := map[int]bool{}
	for _, cy := range an.Cycles() {
		for _, link := range cy.Links {
			in[link.Edge.Object] = true
		}
	}
	return in
}

// own names what the holder of a lock waits for itself, and where.
func (l waitList) own(h waits.Holder) string {
	list := l.an.Next(h)
	what := l.an.Object(list[0].Object).Describe()
	if len(list) > 1 {
		what += fmt.Sprintf(", or %s of a select", count(len(list)-1, "more case"))
	}
	if s, ok := l.an.Site(list[0]); ok && s.Func != "" {
		what += fmt.Sprintf(", in %s, %s", shortFunc(s.Func), l.at(s))
	}
	return what
}

// wrapped prints text in as many lines as it needs, all with the indent.
func (v view) wrapped(indent, text string) {
	for _, line := range cli.Reflow(cli.Escape(text), v.ui.Width()-len(indent)) {
		v.ui.Printf("%s%s\n", indent, line)
	}
}
