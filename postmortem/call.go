package postmortem

import (
	"fmt"
	"reflect"
	"strings"

	"moho/gostate"
	"moho/gostate/value"
	"moho/gostate/vars"
)

// argValue is how much of an argument is read: what fits a few words.
var argValue = value.Options{Depth: 1, Elements: 4, Text: 40, Nodes: 24}

// maxArgValue bounds an argument on one line, in characters.
const maxArgValue = 48

// Call returns frame i of g as a call: with the names and values of its
// arguments where DWARF knows them, else with the words that a traceback prints.
// Those of a text are as they were printed.
func (c *Case) Call(g *gostate.Goroutine, i int) string {
	fr := &g.Frames[i]
	if g.Printed != nil {
		if i < len(g.Printed.Args) && g.Printed.Args[i] != "" {
			return fr.Func + "(" + g.Printed.Args[i] + ")"
		}
		return fr.Func
	}
	if c.World == nil || fr.Foreign || fr.Maybe { // of a guess nothing more is guessed
		return fr.Func
	}
	if named, ok := c.named(g, i); ok {
		return fr.Func + "(" + named + ")"
	}
	return fr.Func + "(" + c.variables().Args(g, i) + ")"
}

// named returns the arguments of a call by name; not ok without DWARF, or where
// that knows none of their values.
func (c *Case) named(g *gostate.Goroutine, i int) (string, bool) {
	if g.Frames[i].System {
		return "", false // as tracebacks show them: nobody reads the runtime's by name
	}
	list, err := c.variables().Vars(g, i, argValue)
	if err != nil {
		return "", false
	}
	var words []string
	known := false
	for k := range list {
		v := &list[k]
		switch {
		case v.Kind != vars.Arg || v.Name == "_":
		case v.From == vars.Nowhere:
			words = append(words, v.Name+"=?")
		default:
			words = append(words, v.Name+"="+brief(&v.Value))
			known = true
		}
	}
	return strings.Join(words, ", "), known || len(words) == 0
}

// brief is a value in a word or two: pointers are not followed, of what has many
// elements there is the number.
func brief(v *value.Value) string {
	switch v.Kind {
	case reflect.Pointer, reflect.UnsafePointer, reflect.Chan, reflect.Func:
		if v.Nil {
			return "nil"
		}
		if v.Kind == reflect.Func && v.Text != "" {
			return v.Text
		}
		return hexOf(v.Pointer)
	case reflect.Slice, reflect.Map:
		if v.Nil {
			return "nil"
		}
		return fmt.Sprintf("%s(len %d)", v.Type, v.Len)
	}
	return v.Short(maxArgValue)
}
