package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"moho/gostate"
)

// printedTitle is the first line of a goroutine that a text tells of.
func printedTitle(g *gostate.Goroutine, p *gostate.Printed) string {
	switch {
	case p.Counted:
		s := count(p.Count, "goroutine")
		if l := labels(g); l != "" {
			s += " {" + l + "}"
		}
		return s
	case p.Headless:
		return "goroutine ? [its first line is not in the text]"
	}
	s := state(g)
	if p.Waited >= time.Minute {
		s += ", " + count(int(p.Waited.Minutes()), "minute")
	}
	for _, note := range p.Notes {
		s += ", " + note
	}
	s = fmt.Sprintf("goroutine %d [%s]", g.ID, s)
	if l := labels(g); l != "" {
		s += " {" + l + "}"
	}
	return s
}

// labels are the pprof labels of a goroutine that a text tells of.
func labels(g *gostate.Goroutine) string {
	if g.Printed == nil {
		return ""
	}
	var list []string
	for _, k := range slices.Sorted(maps.Keys(g.Printed.Labels)) {
		list = append(list, k+": "+g.Printed.Labels[k])
	}
	return strings.Join(list, ", ")
}
