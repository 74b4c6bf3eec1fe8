package main

import (
	"fmt"
	"strings"

	"moho/gostate/waits"
	"moho/internal/cli"
)

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
	l.ui.Printf("    %s\n", l.ui.Dim("(pointers in C's memory, in plugins or hidden in integers are not seen)"))
}

func (l waitList) leakOf(id uint64) {
	for e := range l.an.Leaked() {
		if e.Goroutine == id {
			l.ui.Printf("\n%s: nothing that can still run reaches what it waits for\n", l.ui.Bad("leaked"))
			return
		}
	}
}
