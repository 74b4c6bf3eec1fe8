package main

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"moho/arch"
	"moho/core/live"
	"moho/evidence"
	"moho/gostate"
	"moho/internal/cli"
	"moho/postmortem"
)

// maxGroups is how many groups of goroutines the first screen lists.
const maxGroups = 20

// maxFar is how many findings that are on no stack it lists.
const maxFar = 5

// firstScreen prints what a person on call needs first.
func (a *app) firstScreen(c *postmortem.Case, cf coreFlags) error {
	s := c.Summarize()
	if a.ui.JSON {
		return cli.JSON(a.ui.Out, s)
	}
	v := view{app: a, c: c, all: cf.all}
	v.head(s)
	if g := s.Crash.Goroutine; g != nil {
		title := v.title(g)
		if g.ID == 0 { // of a deadlock, of a signal that nobody handles
			title = v.ui.Bold(fmt.Sprintf("thread %d, on the runtime's own stack", g.Thread))
		}
		a.ui.Printf("\n%s: %s\n", title, a.ui.Bad("crashed"))
		v.frames(g)
	}
	if s.Goroutines != nil {
		v.groups(s)
	}
	v.findings(s)
	return nil
}

// view prints parts of one core.
type view struct {
	*app
	c   *postmortem.Case
	all bool // the runtime's frames and goroutines too
}

func (v view) head(s *postmortem.Summary) {
	t := cli.NewTable(cli.Column{}, cli.Column{Fit: cli.Wrap})
	pid := ""
	if s.Target.PID != 0 {
		pid = fmt.Sprintf("pid %d", s.Target.PID)
	}
	words := []string{s.Target.Command, pid, s.Target.Go, s.Target.Arch, s.Target.Kind}
	t.Row("process", strings.Join(slices.DeleteFunc(words, func(w string) bool { return w == "" }), ", "))
	switch {
	case s.Signal != nil:
		t.Row("killed by", s.Signal.Name)
	case v.c.Live != nil:
		t.Row("state", snapshot(v.c.Live))
	case s.Reason == "" && s.Target.Arch == arch.WASM.Name:
		t.Row("ended by", v.unended(s))
	case s.Reason == "" && v.c.Text != nil:
		t.Row("killed by", "nothing that the text tells of")
	case s.Reason == "":
		t.Row("killed by", "unknown: the core names no signal, as when it is made of a living process")
	}
	for i, line := range strings.Split(s.Reason, "\n") {
		if line != "" {
			t.Row([]string{"reason", ""}[min(i, 1)], strings.ReplaceAll(line, "\t", "    "))
		}
	}
	if id := s.Target.BuildID; !id.IsZero() {
		t.Row("Build ID", id.String())
	}
	if s.Target.Exe != "" {
		t.Row("executable", fmt.Sprintf("%s (%s)", relative(s.Target.Exe), exeFrom(s.Target.ExeFrom, v.c.ExeFound())))
	}
	switch {
	case s.Report != nil:
		t.Row("report", relative(s.Report.Path))
	case s.Target.Exe != "":
		t.Row("report", "none in the store, so no findings are known")
	}
	v.ui.Table(t)
}

// unended says of an instance that no goroutine was ending it, if all are known.
func (v view) unended(s *postmortem.Summary) string {
	for i := range s.Groups {
		if g := s.Groups[i].Group.First; g.Status == "running" && len(g.Frames) == 0 {
			return "unknown: where the running goroutine was is not known"
		}
	}
	return "nothing: no goroutine was ending the program"
}

// snapshot says what a look at a living process cost it.
func snapshot(l *live.Snapshot) string {
	return fmt.Sprintf("running; it was stopped for %.2g s, %s, %s of memory copied",
		l.Pause.Seconds(), count(l.Threads, "thread"), bytesOf(l.Copied))
}

func exeFrom(f postmortem.ExeFrom, found bool) string {
	switch f {
	case postmortem.ByBuildID:
		return "found by Build ID, digest verified"
	case postmortem.ByPath:
		return "given, Build ID agrees"
	case postmortem.Contents:
		if found {
			return "found in the store, contents agree"
		}
		return "given, contents agree"
	case postmortem.Running:
		return "what the process runs"
	}
	return "given, unchecked"
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

// frames prints a stack, innermost first, findings marked.
func (v view) frames(g *gostate.Goroutine) {
	t := cli.NewTable(cli.Column{}, cli.Column{Fit: cli.Clip}, cli.Column{Fit: cli.ClipTop, Min: min(40, v.ui.Width()*2/5)}, cli.Column{})
	hidden := 0
	var rows [][]string
	flush := func() {
		for _, row := range fold(rows) {
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
		rows = append(rows, []string{"  ", fr.Func, v.position(fr), mark(links)})
	}
	flush()
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

// fold replaces what repeats in a stack of a recursion by how often it does:
// calls of one function, or of up to maxCycle that call each other.
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
		for (times+1)*n <= len(rows) && slices.EqualFunc(rows[:n], rows[times*n:(times+1)*n], slices.Equal) {
			times++
		}
		if times > 3 {
			return n, times
		}
	}
	return 1, 1
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

// file shortens the path of a file of the main module to be relative to it.
func (v view) file(name string) string {
	if v.c.Report != nil {
		if rel, ok := strings.CutPrefix(name, v.c.Report.Report.Statement.Source.Module+"/"); ok {
			return rel
		}
	}
	if path.IsAbs(name) && len(name) > 40 {
		return "…/" + path.Join(path.Base(path.Dir(name)), path.Base(name))
	}
	return name
}

func (v view) groups(s *postmortem.Summary) {
	shown, system, rest := 0, 0, 0
	t := cli.NewTable(
		cli.Column{}, cli.Column{Right: true}, cli.Column{}, cli.Column{Fit: cli.Clip, Min: 20}, cli.Column{Fit: cli.ClipTop, Min: 12},
		cli.Column{Fit: cli.Clip},
	)
	for i := range s.Groups {
		gr := s.Groups[i].Group
		g := gr.First
		if g.System && !v.all {
			system += gr.Count
			continue
		}
		if shown++; shown > maxGroups {
			rest++
			continue
		}
		fn, pos := "", ""
		if fr := v.top(g); fr != nil {
			fn, pos = fr.Func, v.position(fr)
		} else if g.Truncated != "" {
			fn = g.Truncated
		}
		t.Row("  ", fmt.Sprint(gr.Count), state(g), fn, pos, groupIDs(gr))
	}
	v.ui.Printf("\n%s, %s\n", v.ui.Bold(count(*s.Goroutines, "goroutine")), count(len(s.Groups), "distinct stack"))
	v.ui.Table(t)
	if rest > 0 {
		v.ui.Printf("    … %s; moho core goroutines %s lists all\n", count(rest, "more stack"), cli.Escape(v.c.Path))
	}
	if g := s.Crash.Goroutine; g != nil && g.ID == 0 {
		v.ui.Printf("    %s\n", v.ui.Dim("(moho core goroutines --with stacks prints their calls)"))
	}
	if system > 0 {
		v.ui.Printf("    %s\n", v.ui.Dim(fmt.Sprintf("(%s of the runtime hidden; --all shows them)", count(system, "goroutine"))))
	}
}

// top returns the innermost frame that says what a goroutine is about: one of
// the program or its modules; failing that, of the standard library outside the
// runtime; failing that, any.
func (v view) top(g *gostate.Goroutine) *gostate.Frame {
	var best *gostate.Frame
	for i := range g.Frames {
		fr := &g.Frames[i]
		switch {
		case !fr.System && v.c.OfModule(fr.Func):
			return fr
		case best == nil || best.System && !fr.System:
			best = fr
		}
	}
	return best
}

func groupIDs(gr *gostate.Group) string {
	if len(gr.IDs) == 0 {
		return labels(gr.First)
	}
	var ids []string
	for _, id := range gr.IDs[:min(3, len(gr.IDs))] {
		ids = append(ids, fmt.Sprint(id))
	}
	s := strings.Join(ids, " ")
	if gr.Count > len(ids) {
		s += " …"
	}
	return "goroutine " + s
}

func (v view) findings(s *postmortem.Summary) {
	if len(s.Findings) == 0 {
		return
	}
	v.ui.Printf("\n%s\n", v.ui.Bold(count(len(s.Findings), "finding")+" about this program"))
	far := 0
	for _, l := range s.Findings {
		how := string(l.Grade)
		if l.Grade == evidence.InThisBinary {
			if far++; far > maxFar && !v.all {
				continue
			}
			v.ui.Printf("  %s  %s  %s: %s\n", cli.Escape(l.Pos.String()), v.severity(l.Severity), l.Rule, how)
			continue
		}
		if l.Match == evidence.MatchFunction {
			how += ", another line of the function"
		}
		v.ui.Printf("  %s  %s  %s: %s\n", cli.Escape(l.Pos.String()), v.severity(l.Severity), l.Rule, v.ui.Bold(how))
		v.paragraph("     ", l.Message)
	}
	if far > maxFar && !v.all {
		v.ui.Printf("  … %s in this binary only; --all lists them\n", count(far-maxFar, "more finding"))
	}
	v.ui.Printf("  %s\n", v.ui.Dim("moho help rule "+s.Findings[0].Rule+" explains the rule"))
}
