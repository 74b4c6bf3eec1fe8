package main

import (
	"bufio"
	"strings"

	"github.com/spf13/cobra"

	"moho/gostate"
	"moho/gostate/value"
	"moho/internal/cli"
	"moho/postmortem"
)

// addValueFlags adds the flags that say how much of a variable is shown.
func addValueFlags(cmd *cobra.Command, o *value.Options) {
	cmd.Flags().IntVar(&o.Depth, "depth", 2, "of variables: follow so many pointers, one after the other")
	cmd.Flags().IntVar(&o.Elements, "elements", 64, "of variables: show so many elements of a slice, map or channel")
	cmd.Flags().IntVar(&o.Text, "text", 256, "of variables: show so many bytes of a string")
}

// maxValueNodes bounds the parts of one variable that are read.
const maxValueNodes = 256

// exactly returns o as a person means it, to whom 0 is none and not the default.
func exactly(o value.Options) value.Options {
	o.Nodes = max(maxValueNodes, o.Elements)
	for _, n := range []*int{&o.Depth, &o.Elements, &o.Text} {
		if *n == 0 {
			*n = -1
		}
	}
	return o
}

// frameWithVars writes a frame, whose text is given, as a traceback does: with
// its arguments, and then with its variables, a line each.
func (t tracer) frameWithVars(w *bufio.Writer, g *gostate.Goroutine, i int, text string) {
	call, rest, _ := strings.Cut(text, "\n")
	if !g.Frames[i].Foreign {
		call += "(" + cli.Escape(t.c.Args(g, i)) + ")"
	}
	w.WriteString(wrapCall(call, t.ui.Width()) + "\n" + rest)
	args, locals := t.c.Variables(g, i, t.with.Values)
	for _, list := range [][]postmortem.Variable{args, locals} {
		for k := range list {
			// A result without a name is of interest once there is one.
			if v := &list[k]; v.Name != "" && (v.From != "" || v.Name[0] != '~') {
				w.WriteString("\t    " + t.variable(&list[k]) + "\n")
			}
		}
	}
}

// variable is a variable on one line, as a declaration: arg s string = "text".
// The type is left out where the value begins with it.
func (t tracer) variable(v *postmortem.Variable) string {
	var b strings.Builder
	b.WriteString(map[string]string{"arg": "arg ", "result": "res "}[v.Role])
	if b.Len() == 0 {
		b.WriteString("var ")
	}
	b.WriteString(v.Name)
	if !selfTyped(v) {
		b.WriteString(" " + v.Type)
	}
	end := ""
	if v.Shadowed {
		end += " (shadowed)"
	}
	if v.From == "" {
		b.WriteString(": " + v.Why)
	} else {
		b.WriteString(" = " + v.Value)
	}
	const indent = 8 + 4
	return clip(cli.Escape(b.String()), t.ui.Width()-indent-len(end)) + end
}

// selfTyped reports whether the value begins with its type, as composites and
// nil do.
func selfTyped(v *postmortem.Variable) bool {
	rest, ok := strings.CutPrefix(strings.TrimLeft(v.Value, "(&*"), strings.TrimLeft(v.Type, "*"))
	return ok && rest != "" && strings.ContainsRune("{()", rune(rest[0]))
}

// wrapCall breaks a call with many arguments into lines of n characters.
func wrapCall(s string, n int) string {
	var b strings.Builder
	for len(s) > n {
		i := strings.LastIndex(s[:n], ", ")
		if i < len("    ")+1 {
			break
		}
		b.WriteString(s[:i+1] + "\n")
		s = "    " + s[i+2:]
	}
	return b.String() + s
}

// clip cuts s to n characters.
func clip(s string, n int) string {
	runes := []rune(s)
	if len(runes) <= n || n < 1 {
		return s
	}
	return string(runes[:n-1]) + "…"
}
