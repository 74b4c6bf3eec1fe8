package main

import (
	"fmt"
	"slices"
	"strings"

	"moho/gostate"
	"moho/internal/cli"
	"moho/postmortem"
)

// maxGroups is how many groups of goroutines the first screen lists.
const maxGroups = 10

// groups prints where all goroutines are, the largest groups first.
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
		if shown++; shown > maxGroups && !v.all {
			rest++
			continue
		}
		fn, pos := "", ""
		if fr := v.top(g); fr != nil {
			fn, pos = shortFunc(fr.Func), v.position(fr)
		} else if g.Truncated != "" {
			fn = g.Truncated
		}
		t.Row("  ", fmt.Sprint(gr.Count), state(g)+waitTime(gr), fn, pos, groupIDs(gr))
	}
	v.ui.Printf("\n%s, %s\n", v.ui.Bold(count(*s.Goroutines, "goroutine")), count(len(s.Groups), "distinct stack"))
	v.ui.Table(t)
	v.damaged(s)
	if rest > 0 {
		v.ui.Printf("    … %s\n", count(rest, "more stack"))
	}
	if system > 0 {
		v.ui.Printf("    %s\n", v.ui.Dim(fmt.Sprintf("(%s of the runtime hidden; --all shows them)", count(system, "goroutine"))))
	}
	if s.Blameless() && shown <= maxStacks {
		v.stacks(s)
	}
}

// maxDamaged is how many damaged stacks are told of beside that of the crashed
// goroutine.
const maxDamaged = 3

// damaged says of other goroutines than the crashed one that their stacks are.
func (v view) damaged(s *postmortem.Summary) {
	told := 0
	for i := range s.Groups {
		g := s.Groups[i].Group.First
		if crashed := s.Crash.Goroutine; g.Damage == nil || crashed != nil && crashed.Addr == g.Addr {
			continue
		}
		if told++; told > maxDamaged && !v.all {
			continue
		}
		for k, line := range broken(g, v.ui.Width()-8) {
			if k == 0 {
				v.ui.Printf("    %s:\n", v.title(g))
			}
			v.ui.Printf("        %s\n", line)
		}
	}
}

// maxStacks is how many groups have their calls listed too, where no goroutine
// is to blame: then these are all that there is to see.
const maxStacks = 3

// stacks prints the calls of one goroutine of every group.
func (v view) stacks(s *postmortem.Summary) {
	for i := range s.Groups {
		if g := s.Groups[i].Group.First; !g.System {
			v.ui.Printf("\n%s\n", v.title(g))
			v.frames(g, -1)
		}
	}
}

// longFunc is from how many characters on a function's name loses the beginning of
// its import path in a table: what it is called stands at the end.
const longFunc = 32

// shortFunc returns the name of a function without the directories of its import
// path, if it is long: …/fileutil.purge, …/raft/v3.(*node).run.
func shortFunc(fn string) string {
	if len(fn) <= longFunc {
		return fn
	}
	head, _, _ := strings.Cut(fn, "[") // type arguments have paths too
	i := strings.LastIndexByte(head, '/')
	if i < 0 {
		return fn
	}
	if last := head[i+1:]; len(last) > 1 && last[0] == 'v' && last[1] >= '0' && last[1] <= '9' { // a major version
		if k := strings.LastIndexByte(head[:i], '/'); k >= 0 {
			i = k
		}
	}
	return "…" + fn[i:]
}

// waitTime says how long the goroutines of a group have waited, from a minute on.
func waitTime(gr *gostate.Group) string {
	least, most := int(gr.MinWait.Minutes()), int(gr.MaxWait.Minutes())
	switch {
	case most == 0:
		return ""
	case gr.Count == 1 || least == most:
		return ", " + count(most, "minute")
	}
	return fmt.Sprintf(", %d to %s", least, count(most, "minute"))
}

// top returns the frame that says what a goroutine is about: the innermost one of
// the program or its modules; failing that, of what the standard library exports
// above its plumbing; failing that, the outermost above the plumbing, which names
// the loop that the goroutine was started for; failing that, any.
func (v view) top(g *gostate.Goroutine) *gostate.Frame {
	i := v.telling(len(g.Frames), func(i int) (string, bool) { return g.Frames[i].Func, g.Frames[i].System })
	if i < 0 {
		return nil
	}
	return &g.Frames[i]
}

// telling returns which of n calls says what a goroutine is about, or -1 for none.
func (v view) telling(n int, call func(int) (fn string, system bool)) int {
	best, most := -1, 0
	for i := range n {
		fn, system := call(i)
		rank := 1
		switch {
		case system:
		case v.c.OfModule(fn):
			return i
		case isPlumbing(fn):
			rank = 2
		case public(fn):
			rank = 4
		default:
			rank = 3
		}
		if rank > most || rank == 3 && most == 3 {
			best, most = i, rank
		}
	}
	return best
}

// plumbing are packages whose functions say that a goroutine waits and not for what.
var plumbing = []string{"internal/", "runtime.", "runtime/", "sync.", "syscall.", "time.", "context.", "vendor/"}

func isPlumbing(fn string) bool {
	return slices.ContainsFunc(plumbing, func(p string) bool { return strings.HasPrefix(fn, p) })
}

// public reports whether a function of the standard library tells a reader
// something: it is exported, and not of the plumbing.
func public(fn string) bool {
	if isPlumbing(fn) {
		return false
	}
	_, name, _ := strings.Cut(fn[strings.LastIndexByte(fn, '/')+1:], ".")
	for _, word := range strings.Split(name, ".") {
		word = strings.TrimLeft(word, "(*")
		if word == "" || word[0] < 'A' || word[0] > 'Z' {
			return false
		}
	}
	return true
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
