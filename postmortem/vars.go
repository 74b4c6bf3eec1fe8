package postmortem

import (
	"errors"
	"fmt"

	"moho/core"
	"moho/debuginfo"
	"moho/gostate"
	"moho/gostate/value"
	"moho/gostate/vars"
)

// A Variable is an argument or a variable of a frame in JSON.
//
// Value is all of it on one line, as far as it was asked for; Tree is the same
// with its parts, for what has any. From says where it was: memory, heap (the
// variable escapes), registers, pieces, constant, spilled (in the place that the
// calling convention gives an argument; DWARF has none), tables (an argument of
// which there is no name). Without one, Why says what became of it.
type Variable struct {
	Name     string       `json:"name"` // "" where there are no names
	Role     string       `json:"role"` // arg, result, local
	Type     string       `json:"type"`
	Kind     string       `json:"kind"`
	Value    string       `json:"value"`
	Addr     string       `json:"addr,omitempty"`
	From     string       `json:"from"`
	Why      string       `json:"why,omitempty"`
	Line     int          `json:"line,omitempty"`
	Shadowed bool         `json:"shadowed,omitempty"`
	Stale    bool         `json:"stale,omitempty"`
	Tree     *value.Value `json:"tree,omitempty"`
}

// maxValueText bounds Variable.Value, in characters.
const maxValueText = 4 << 10

// Args returns the arguments of frame i of g as a traceback prints them between
// the parentheses, "" where they are not known.
func (c *Case) Args(g *gostate.Goroutine, i int) string {
	switch {
	case g.Printed != nil && i < len(g.Printed.Args):
		if g.Frames[i].Inlined {
			return "..."
		}
		return g.Printed.Args[i]
	case c.World == nil || g.Printed != nil:
		return ""
	}
	return c.variables().Args(g, i)
}

// Variables returns the arguments of frame i of g, and its results and local
// variables. Where names are not to be had, arguments have none, and a note (of
// a program without DWARF) or a gap says so once.
func (c *Case) Variables(g *gostate.Goroutine, i int, o value.Options) (args, locals []Variable) {
	args, locals = []Variable{}, []Variable{}
	if c.World == nil || g.Printed != nil {
		return args, locals
	}
	list, err := c.variables().Vars(g, i, o)
	if gap, ok := c.variables().Gap(); ok && !c.namesGap {
		c.namesGap = true
		if errors.Is(err, debuginfo.ErrNone) { // nothing that could have been read is missing
			c.Notes = append(c.Notes, gap)
		} else {
			c.Gaps = append(c.Gaps, gap)
		}
	}
	if err != nil {
		words, _ := c.variables().Words(&g.Frames[i])
		for _, w := range words {
			v := Variable{Role: string(vars.Arg), Kind: "invalid", Value: w.Text, From: "tables", Stale: w.Stale}
			if w.Addr != 0 {
				v.Addr = hexOf(w.Addr)
			}
			args = append(args, v)
		}
		return args, locals
	}
	for k := range list {
		v := variable(&list[k])
		if list[k].Kind == vars.Arg {
			args = append(args, v)
		} else {
			locals = append(locals, v)
		}
	}
	return args, locals
}

func variable(v *vars.Var) Variable {
	out := Variable{
		Name: v.Name, Role: string(v.Kind), Type: v.Type, Kind: v.Value.Kind.String(),
		From: string(v.From), Why: v.Why, Line: v.Line, Shadowed: v.Shadowed,
	}
	if v.From == vars.Nowhere {
		return out
	}
	out.Value = v.Value.Short(maxValueText)
	if v.Value.Addr != 0 {
		out.Addr = hexOf(v.Value.Addr)
	}
	if len(v.Value.Children) > 0 {
		out.Tree = &v.Value
	}
	return out
}

func hexOf(a core.Addr) string { return fmt.Sprintf("%#x", uint64(a)) }

func (c *Case) variables() *vars.Reader {
	if c.vars == nil {
		c.vars = vars.NewReader(c.World)
	}
	return c.vars
}

// appendVars appends what --with vars adds to a frame.
func (e *Encoder) appendVars(b []byte, g *gostate.Goroutine, i int, o value.Options) []byte {
	args, locals := e.c.Variables(g, i, o)
	b = append(b, `,"arguments":`...)
	b = appendString(b, e.c.Args(g, i))
	b = append(b, `,"args":`...)
	b = appendJSON(b, args)
	b = append(b, `,"locals":`...)
	b = appendJSON(b, locals)
	return append(b, '}')
}
