package main

import (
	"bufio"
	"fmt"
	"strings"
	"time"

	"moho/gostate"
	"moho/internal/cli"
)

// details writes what memory says of a goroutine beyond its frames.
func (t tracer) details(w *bufio.Writer, g *gostate.Goroutine) {
	world := t.c.World
	if world == nil || g.Printed != nil {
		return
	}
	for _, line := range details(world, g) {
		fmt.Fprintf(w, "\t%s\n", cli.Escape(line))
	}
	if !t.with.Ancestors {
		return
	}
	for i, c := range world.Ancestors(g) {
		if i == 0 {
			continue // it is there already
		}
		alive := ""
		if !world.Alive(c.GoID) {
			alive = ", which has ended"
		}
		fmt.Fprintf(w, "\twhich was created by %s in goroutine %d%s, %s:%d\n", cli.Escape(c.Func), c.GoID, alive, cli.Escape(t.file(c.File)), c.Line)
	}
}

// details are the lines about a goroutine that are worth one.
func details(w *gostate.World, g *gostate.Goroutine) []string {
	var lines []string
	if latest := w.LatestStamp(); g.WaitSince > 0 && latest-g.WaitSince >= int64(time.Second) {
		lines = append(lines, "has waited for about "+time.Duration(latest-g.WaitSince).Round(time.Second).String())
	}
	if labels := w.Labels(g); len(labels) > 0 {
		var s []string
		for _, l := range labels {
			s = append(s, fmt.Sprintf("%s=%q", l.Key, l.Value))
		}
		lines = append(lines, "labels "+strings.Join(s, " "))
	}
	r, ok := w.Room(g)
	if !ok {
		return lines
	}
	if r.Near(g.Stack) {
		lines = append(lines, fmt.Sprintf("near overflow: %s of its stack are used, %s to go if the limit is the default of 1 GB", sizeOf(g.Stack.Used), sizeOf(uint64(r.Headroom))))
	}
	if r.Guard > r.Free {
		lines = append(lines, fmt.Sprintf("uses %d of the %d bytes that are kept for functions that do not check the stack", r.Guard-r.Free, r.Guard))
	}
	return lines
}
