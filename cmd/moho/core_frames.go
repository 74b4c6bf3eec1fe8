package main

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"moho/evidence"
	"moho/gostate"
	"moho/internal/cli"
	"moho/postmortem"
)

// view prints parts of one core.
type view struct {
	*app
	c   *postmortem.Case
	all bool // the runtime's frames and goroutines too
}

// title is a goroutine's first line, as tracebacks write it.
func (v view) title(g *gostate.Goroutine) string {
	s := fmt.Sprintf("goroutine %d [%s]", g.ID, state(g))
	if p := g.Printed; p != nil {
		s = printedTitle(g, p)
	}
	if g.Thread != 0 {
		s += fmt.Sprintf(", thread %d", g.Thread)
	}
	return v.ui.Bold(cli.Escape(s))
}

// state is a goroutine's wait reason, or its status where there is none.
func state(g *gostate.Goroutine) string {
	s := g.Status
	if g.WaitReason != "" {
		s = g.WaitReason
	}
	if g.Scan {
		s += ", scan"
	}
	if g.Locked {
		s += ", locked to thread"
	}
	return s
}

// maxFrames is how many frames of one stack the first screen lists, calls that
// repeat counted once.
const maxFrames = 16

// frames prints a stack as calls, innermost first, with an arrow at frame fault
// and with findings marked.
func (v view) frames(g *gostate.Goroutine, fault int) {
	t := cli.NewTable(cli.Column{}, cli.Column{Fit: cli.Clip}, cli.Column{Fit: cli.ClipTop, Min: min(36, v.ui.Width()*2/5)}, cli.Column{})
	hidden, listed := 0, 0
	var rows [][]string
	flush := func() {
		for _, row := range fold(rows) {
			if listed++; listed > maxFrames && !v.all && row[0] != arrow {
				continue
			}
			if len(row) > 4 {
				row = []string{row[0], row[4], row[2], row[3]}
			}
			t.Row(row...)
		}
		rows = nil
	}
	for i := range g.Frames {
		if g.Elided > 0 && i == g.ElidedAt {
			flush()
			t.Row("  ", fmt.Sprintf("… %s left out", count(g.Elided, "frame")))
		}
		fr := &g.Frames[i]
		if fr.Maybe && (i == 0 || !g.Frames[i-1].Maybe) {
			flush()
			t.Row("  ", "… guesses from here on:")
		}
		links := v.c.Links(g, i)
		if fr.System && !v.all && len(links) == 0 {
			hidden++
			continue
		}
		at := "  "
		if i == fault {
			at = arrow
		}
		rows = append(rows, []string{at, fr.Func, v.position(fr), mark(links), v.c.Call(g, i)})
	}
	flush()
	if n := listed - maxFrames; n > 0 && !v.all {
		t.Row("  ", fmt.Sprintf("… %s", count(n, "more call")))
	}
	if cr := g.CreatedBy; cr.Func != "" {
		t.Row("  ", createdBy(cr), fmt.Sprintf("%s:%d", v.file(cr.File), cr.Line), mark(v.c.CreatorLinks(g)))
	}
	v.ui.Table(t)
	for _, line := range broken(g, v.ui.Width()-4) {
		v.ui.Printf("    %s\n", line)
	}
	if hidden > 0 {
		v.ui.Printf("    %s\n", v.ui.Dim(fmt.Sprintf("(%s of the runtime hidden; --all shows them)", count(hidden, "frame"))))
	}
}

// arrow points at the frame to look at.
const arrow = " ▶"

// fold replaces what repeats in a stack of a recursion by how often it does:
// calls of one function, or of up to maxCycle that call each other. Only the first
// four cells are compared: a row may have more, which need not be the same.
func fold(rows [][]string) (out [][]string) {
	for len(rows) > 0 {
		n, times := cycle(rows)
		out = append(out, rows[:n]...)
		switch {
		case n == 1 && times > 1:
			out = append(out, []string{"  ", fmt.Sprintf("… %d more like it", times-1)})
		case times > 1:
			out = append(out, []string{"  ", fmt.Sprintf("… these %d calls, %s", n, count(times-1, "more time"))})
		}
		rows = rows[n*times:]
	}
	return out
}

const maxCycle = 8

// cycle returns with how many rows a repetition begins, and how often they
// stand there one after the other; 1, 1 if it would not save lines.
func cycle(rows [][]string) (n, times int) {
	for n := 1; n <= min(maxCycle, len(rows)/2); n++ {
		times := 1
		for (times+1)*n <= len(rows) && slices.EqualFunc(rows[:n], rows[times*n:(times+1)*n], sameRow) {
			times++
		}
		if times > 3 {
			return n, times
		}
	}
	return 1, 1
}

func sameRow(a, b []string) bool {
	return slices.Equal(a[:min(4, len(a))], b[:min(4, len(b))])
}

func createdBy(cr gostate.Creator) string {
	by := "created by " + cr.Func
	if cr.GoID != 0 {
		by += fmt.Sprintf(" in goroutine %d", cr.GoID)
	}
	return by
}

// mark points at what a frame has to do with a finding.
func mark(links []evidence.Link) string {
	var marks []string
	for _, l := range links {
		if l.Match == evidence.MatchFunction && l.Grade != evidence.FaultingFrame {
			continue // another line of the function; the list below has it
		}
		marks = append(marks, l.Rule+", "+string(l.Grade))
	}
	if len(marks) == 0 {
		return ""
	}
	return "◀ " + strings.Join(marks, "; ")
}

func (v view) position(fr *gostate.Frame) string {
	if fr.Line == 0 {
		return v.file(fr.File)
	}
	return fmt.Sprintf("%s:%d", v.file(fr.File), fr.Line)
}

// file shortens the path of a file: those of the main module and of the
// toolchain are relative to them.
func (v view) file(name string) string {
	name = v.c.ShortFile(name)
	if path.IsAbs(name) && len(name) > 40 {
		return "…/" + path.Join(path.Base(path.Dir(name)), path.Base(name))
	}
	return name
}
