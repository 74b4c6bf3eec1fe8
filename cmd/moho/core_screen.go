package main

import (
	"fmt"
	"slices"
	"strings"

	"moho/arch"
	"moho/core/live"
	"moho/evidence"
	"moho/internal/cli"
	"moho/postmortem"
)

// maxFar is how many findings that are on no stack the first screen lists.
const maxFar = 5

// maxCycles is how many cycles of goroutines that wait for each other it lists.
const maxCycles = 2

// maxNotRun is how many deferred calls that never ran it lists.
const maxNotRun = 6

// firstScreen prints what a person on call needs first: what happened, to whom,
// what everybody else was doing, and what to type next.
func (a *app) firstScreen(c *postmortem.Case, cf coreFlags) error {
	s := c.Summarize()
	s.Next = a.next(c, s)
	if a.ui.JSON {
		return cli.JSON(a.ui.Out, s)
	}
	v := view{app: a, c: c, all: cf.all}
	v.head(s)
	v.crashed(s)
	v.cycles(s)
	v.held(s)
	if s.Goroutines != nil {
		v.groups(s)
	}
	v.notRun(s)
	v.findings(s)
	v.next(s)
	return nil
}

// crashed prints the goroutine that ended the process. Where somebody else did,
// the thread that happened to take the signal tells nothing.
func (v view) crashed(s *postmortem.Summary) {
	g := s.Crash.Goroutine
	if g == nil || !v.all && s.Blameless() {
		return
	}
	title := v.title(g)
	if g.ID == 0 && g.Printed == nil { // of a deadlock, of a signal that nobody handles
		title = v.ui.Bold(fmt.Sprintf("thread %d, on the runtime's own stack", g.Thread))
	}
	v.ui.Printf("\n%s: %s\n", title, v.ui.Bad("crashed"))
	v.frames(g, s.Crash.FaultFrame)
	if v.c.World == nil || g.ID == 0 {
		return
	}
	d := v.c.Deferred(g)
	if !v.all {
		d.Panics = distinct(d.Panics)
		fatal := s.Cause.Kind == postmortem.CausePanic // all have run then but those in which it panicked again
		d.Defers = slices.DeleteFunc(d.Defers, func(d postmortem.Defer) bool { return fatal || strings.HasPrefix(d.In, "runtime.") })
	}
	if len(d.Panics)+len(d.Defers) == 0 {
		return
	}
	v.ui.Printf("  %s\n", v.ui.Bold("its deferred calls"))
	v.deferred(g, &d)
}

// distinct returns the panics that are worth listing beside the reason: none
// where there is only one, and one that was thrown again counts once.
func distinct(list []postmortem.Panic) []postmortem.Panic {
	list = slices.CompactFunc(list, func(a, b postmortem.Panic) bool { return a.Value == b.Value && a.Type == b.Type })
	if len(list) == 1 && list[0].State != "goexit" {
		return nil
	}
	return list
}

// thrown is the value that panic was called with, where its text does not show
// what it was: a structure, or a type of the program's own.
func (v view) thrown(s *postmortem.Summary) string {
	g := s.Crash.Goroutine
	if v.c.World == nil || g == nil || g.ID == 0 || s.Cause.Kind != postmortem.CausePanic {
		return ""
	}
	d := v.c.Deferred(g)
	if len(d.Panics) == 0 || d.Panics[0].Type == "string" || strings.HasPrefix(strings.TrimLeft(d.Panics[0].Type, "*"), "runtime.") {
		return ""
	}
	if strings.Contains(s.Reason, d.Panics[0].Value) {
		return ""
	}
	return d.Panics[0].Value
}

// cycles prints goroutines that wait for each other.
func (v view) cycles(s *postmortem.Summary) {
	if s.Waits == nil {
		if v.c.World != nil {
			v.ui.Printf("\n%s\n", v.ui.Dim("(so many goroutines: moho core waits and moho core defers look at each of them)"))
		}
		return
	}
	l := newWaitList(v, s.Waits)
	all := s.Waits.Cycles()
	for i, cy := range all {
		if i == maxCycles && !v.all {
			v.ui.Printf("  … %s\n", count(len(all)-i, "more cycle"))
			break
		}
		l.cycle(cy)
	}
}

// notRun prints the deferred calls of the program that did not run before the
// process ended.
func (v view) notRun(s *postmortem.Summary) {
	total, listed, rest := 0, 0, 0
	t := cli.NewTable(cli.Column{}, cli.Column{Right: true}, cli.Column{Fit: cli.Clip, Min: 20}, cli.Column{Fit: cli.ClipTop, Min: 12}, cli.Column{Fit: cli.Clip})
	for i := range s.NotRun {
		n := &s.NotRun[i]
		total += n.Count
		if !v.all && (listed == maxNotRun || !v.c.OfModule(n.In)) {
			rest += n.Count
			continue
		}
		listed++
		at := "in " + n.In
		if n.Statement != nil {
			at = fmt.Sprintf("%s:%d", v.file(n.File), *n.Statement)
		}
		t.Row("  ", fmt.Sprint(n.Count), shortFunc(n.Name()), at, someIDs(n.Goroutines[:min(3, len(n.Goroutines))], n.Count))
	}
	if listed == 0 {
		return
	}
	v.ui.Printf("\n%s never ran\n", v.ui.Bold(count(total, "deferred call")))
	v.ui.Table(t)
	if rest > 0 {
		v.ui.Printf("    %s\n", v.ui.Dim(fmt.Sprintf("(%d more, of the standard library among them; --all shows them)", rest)))
	}
}

// head prints what happened.
func (v view) head(s *postmortem.Summary) {
	t := cli.NewTable(cli.Column{}, cli.Column{Fit: cli.Wrap})
	pid := ""
	if s.Target.PID != 0 {
		pid = fmt.Sprintf("pid %d", s.Target.PID)
	}
	words := []string{s.Target.Command, pid, s.Target.Go, s.Target.Arch, s.Target.Kind}
	t.Row("process", strings.Join(slices.DeleteFunc(words, func(w string) bool { return w == "" }), ", "))
	for i, line := range strings.Split(s.Reason, "\n") {
		if line != "" {
			t.Row([]string{"reason", ""}[min(i, 1)], strings.ReplaceAll(line, "\t", "    "))
		}
	}
	if value := v.thrown(s); value != "" {
		t.Row("value", cli.Clipped(value, 2*v.ui.Width(), cli.Clip))
	}
	if s.Cause.Meaning != "" {
		t.Row("that is", s.Cause.Meaning)
	}
	switch {
	case s.Signal != nil && strings.HasPrefix(s.Reason, s.Signal.Name):
	case s.Signal != nil:
		t.Row("killed by", s.Signal.Name+raised(s))
	case v.c.Live != nil:
		t.Row("state", snapshot(v.c.Live))
	case s.Reason == "" && s.Target.Arch == arch.WASM.Name:
		t.Row("ended by", v.unended(s))
	case s.Reason == "" && v.c.Text != nil:
		t.Row("killed by", "nothing that the text tells of")
	case s.Reason == "":
		t.Row("killed by", "unknown: the core names no signal, as when it is made of a living process")
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

// raised explains a signal that is not the reason: the runtime has one of its
// own to end with.
func raised(s *postmortem.Summary) string {
	if s.Signal.Name == "SIGABRT" && s.Reason != "" && !strings.HasPrefix(s.Reason, "SIGABRT") {
		return ", which the runtime raised once it had said so"
	}
	return ""
}

// snapshot says what a look at a living process cost it.
func snapshot(l *live.Snapshot) string {
	return fmt.Sprintf("running; it was stopped for %.2g s, %s, %s of memory copied",
		l.Pause.Seconds(), count(l.Threads, "thread"), sizeOf(l.Copied))
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
	v.ui.Printf("  %s\n", v.ui.Dim("moho help rule "+cli.Escape(s.Findings[0].Rule)+" explains the rule"))
}
