package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"moho/gostate"
	"moho/internal/cli"
	"moho/postmortem"
)

// maxNext is how many commands the first screen suggests.
const maxNext = 5

// next suggests commands that show more of what the first screen is about, ready
// to be typed: with this target and these ids. Only what this moho has is
// suggested.
func (a *app) next(c *postmortem.Case, s *postmortem.Summary) []postmortem.Next {
	n := suggestions{cmd: newCore(a), c: c, list: []postmortem.Next{}}
	g := s.Crash.Goroutine
	blame := !s.Blameless()
	switch {
	case s.Goroutines == nil: // the gap says what is missing
	case blame && g.ID != 0 && c.World != nil:
		n.add("goroutines", fmt.Sprintf("--id %d --with %s", g.ID, n.words("stacks", "vars", "regs", "defers", "panics")), "all of it")
	case blame && c.World != nil:
		n.add("threads", "", "every thread")
	case blame:
		n.add("goroutines", fmt.Sprintf("--id %d --with stacks", g.ID), "the whole stack")
	}
	if c.World == nil {
		if s.Goroutines != nil {
			n.largest(s)
			n.add("goroutines", "--with stacks", "every stack")
		}
		return n.list
	}
	if i := faulted(g); blame && i >= 0 {
		n.add("disasm", fmt.Sprintf("%#x", uint64(g.Frames[i].PC)), "the instruction")
		n.add("regs", fmt.Sprintf("--goroutine %d --frame %d", g.ID, i), "its registers")
	}
	if len(s.Cycles) > 0 || !blame || s.Waits == nil {
		n.add("waits", "", "who waits for whom, who is leaked")
	}
	n.largest(s)
	if len(s.NotRun) > 0 || s.Waits == nil {
		n.add("defers", "", "all deferred calls")
	}
	n.add("goroutines", "--with stacks", "every stack")
	return n.list
}

// suggestions collects commands.
type suggestions struct {
	cmd  *cobra.Command
	c    *postmortem.Case
	list []postmortem.Next
}

// add suggests a subcommand, if there is one of that name.
func (n *suggestions) add(sub, flags, why string) {
	if len(n.list) == maxNext || n.c.Path == "-" { // which cannot be read again
		return
	}
	for _, cmd := range n.cmd.Commands() {
		if cmd.Name() != sub {
			continue
		}
		words := []string{"moho core", sub, named(n.c)}
		if flags != "" {
			words = append(words, flags)
		}
		n.list = append(n.list, postmortem.Next{Command: strings.Join(words, " "), Why: why})
	}
}

// words are those of what that --with takes.
func (n *suggestions) words(what ...string) string {
	var have []string
	if n.c.World == nil {
		return "stacks" // a text has no more
	}
	for _, w := range what {
		if _, err := postmortem.ParseWith([]string{w}); err == nil {
			have = append(have, w)
		}
	}
	return strings.Join(have, ",")
}

// largest suggests to look at one of the largest group of goroutines.
func (n *suggestions) largest(s *postmortem.Summary) {
	for i := range s.Groups {
		gr := s.Groups[i].Group
		if gr.System || len(gr.IDs) == 0 || gr.IDs[0] == 0 {
			continue
		}
		if gr.Count > 1 {
			n.add("goroutines", fmt.Sprintf("--id %d --with %s", gr.IDs[0], n.words("stacks", "vars")),
				fmt.Sprintf("one of the %d", gr.Count))
		}
		return
	}
}

// faulted returns the number of the frame whose instruction raised a signal, or
// -1. The innermost frame of a goroutine that crashed is one of the runtime, which
// was ending the process: its registers are of no use.
func faulted(g *gostate.Goroutine) int {
	if g == nil {
		return -1
	}
	return slices.IndexFunc(g.Frames, func(fr gostate.Frame) bool { return fr.Fault })
}

// named is the target as it was given, and the executable if that was.
func named(c *postmortem.Case) string {
	if exe := c.ExeArg(); exe != "" {
		return shellQuote(c.Path) + " " + shellQuote(exe)
	}
	return shellQuote(c.Path)
}

// shellQuote writes a word as a shell reads it.
func shellQuote(s string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_./:=@+,", r) || r > 127
	}
	if s != "" && strings.TrimFunc(s, plain) == "" {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// next prints what to type next.
func (v view) next(s *postmortem.Summary) {
	if len(s.Next) == 0 {
		return
	}
	v.ui.Printf("\n%s\n", v.ui.Bold("next"))
	for _, n := range s.Next {
		line := "    " + cli.Escape(n.Command)
		if len(line)+4+len(n.Why) <= v.ui.Width() { // commands are there to be copied whole
			line += "  " + v.ui.Dim("# "+cli.Escape(n.Why))
		}
		v.ui.Printf("%s\n", line)
	}
}
