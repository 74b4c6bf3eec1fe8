package postmortem

import (
	"strconv"
	"strings"

	"moho/evidence"
	"moho/gostate"
	"moho/gostate/value"
)

// SchemaDefers is the kind that lists deferred calls and panics.
const SchemaDefers = "moho/defers/v1"

// A Defer is a deferred call in JSON. Frame is null when it is not known whose
// it is, Statement when nothing tells the line.
type Defer struct {
	Func      string `json:"func"` // "" is a nil function
	Wraps     string `json:"wraps,omitempty"`
	File      string `json:"file"`
	Line      int    `json:"line"`
	Kind      string `json:"kind"`
	State     string `json:"state"`
	Abandoned bool   `json:"abandoned,omitempty"`
	Frame     *int   `json:"frame"`
	In        string `json:"in"`
	Statement *int   `json:"statement"`
	Closure   string `json:"closure,omitempty"`
}

// A Panic is a panic in flight, or a runtime.Goexit, in JSON. Text is what a
// crash prints for it, or the text of the error where that can be read; Value is
// the value that panic was called with.
type Panic struct {
	Type  string `json:"type"`
	Value string `json:"value"`
	Text  string `json:"text"`
	State string `json:"state"`
	Frame *int   `json:"frame"`
}

// A Deferred is what a goroutine still has to run, and the panics that make it.
// It is an item of moho/defers/v1.
type Deferred struct {
	Goroutine  uint64  `json:"goroutine"`
	Status     string  `json:"status"`
	WaitReason string  `json:"waitReason"`
	Defers     []Defer `json:"defers"`
	Panics     []Panic `json:"panics"`
	Incomplete string  `json:"incomplete,omitempty"` // why something may be missing
}

// Empty reports whether there is nothing to tell.
func (d *Deferred) Empty() bool { return len(d.Defers) == 0 && len(d.Panics) == 0 }

// DefersHeader is the first line of moho/defers/v1. Count is how many
// goroutines there are; those without a deferred call or a panic are not listed.
type DefersHeader struct {
	Schema string `json:"schema"`
	Target Target `json:"target"`
	Count  int    `json:"count"`
}

// Deferred returns the deferred calls and panics of g. It needs the memory of
// the process: c.World must not be nil.
func (c *Case) Deferred(g *gostate.Goroutine) Deferred {
	d := Deferred{Goroutine: g.ID, Status: g.Status, WaitReason: g.WaitReason}
	var why string
	d.Defers, d.Incomplete = c.defers(g)
	if d.Panics, why = c.panics(g); d.Incomplete == "" {
		d.Incomplete = why
	}
	return d
}

func (c *Case) defers(g *gostate.Goroutine) ([]Defer, string) {
	list, why := c.World.Defers(g)
	out := make([]Defer, len(list))
	for i := range list {
		d := &list[i]
		out[i] = Defer{
			Func: d.Func, Wraps: d.Wraps, File: d.File, Line: d.Line, Kind: string(d.Kind), State: d.State(),
			Abandoned: d.Abandoned, Frame: index(d.Frame), In: d.In,
		}
		if d.Kind == gostate.UnknownKind {
			out[i].Kind = "unknown"
		}
		if d.Statement != 0 {
			out[i].Statement = &d.Statement
		}
		if d.Closure != 0 {
			out[i].Closure = string(appendHex(nil, d.Closure))
		}
	}
	return out, why
}

// panicValue is how much of a panic's value is read: as much as fits a line.
var panicValue = value.Options{Depth: 2, Elements: 8, Text: 200, Nodes: 64}

// maxPanicText bounds the value of a panic in characters; what is longer can be
// read by its address.
const maxPanicText = 1000

func (c *Case) panics(g *gostate.Goroutine) ([]Panic, string) {
	list, why := c.World.Panics(g)
	out := make([]Panic, len(list))
	for i := range list {
		p := &list[i]
		out[i] = Panic{Type: p.TypeName, Text: p.Text, State: p.State(), Frame: index(p.Frame)}
		if p.Goexit {
			continue
		}
		at := p.Arg
		if p.Thrown != 0 {
			at = p.Thrown
		}
		v := c.values().Interface(at, false, panicValue)
		out[i].Value = v.Short(maxPanicText)
		if len(v.Children) == 1 {
			out[i].Type = v.Children[0].Type
		}
		if text, ok := v.ErrorText(); ok && p.Thrown == 0 {
			out[i].Text = text
		}
	}
	return out, why
}

// values returns what reads Go values from the memory of the case.
func (c *Case) values() *value.Reader {
	if c.reader == nil {
		c.reader = value.NewReader(c.World)
	}
	return c.reader
}

// index returns i, or nil for -1, which is unknown.
func index(i int) *int {
	if i < 0 {
		return nil
	}
	return &i
}

// DeferLinks returns the findings about the statement of a deferred call.
func (c *Case) DeferLinks(g *gostate.Goroutine, d *Defer) []evidence.Link {
	if d.Frame == nil || d.Statement == nil {
		return nil
	}
	fr := g.Frames[*d.Frame]
	fr.Line = *d.Statement
	return c.links.link(c.links.matches(&fr), evidence.OnThisStack)
}

// Name returns what a deferred call calls, for people: what is wrapped rather
// than the compiler's closure around it.
func (d *Defer) Name() string {
	switch {
	case d.Wraps != "":
		return d.Wraps
	case d.Func == "":
		return "nil"
	}
	return d.Func
}

// Place returns where the defer statement is, as file:line, or "".
func (d *Defer) Place(g *gostate.Goroutine) string {
	if d.Frame == nil || d.Statement == nil {
		return ""
	}
	return g.Frames[*d.Frame].File + ":" + strconv.Itoa(*d.Statement)
}

// Line returns the panic on one line, for people.
func (p *Panic) Line() string {
	if p.State == "goexit" {
		return "runtime.Goexit"
	}
	s := p.Value
	switch {
	case p.Text == "" || strings.Contains(s, p.Text) || strings.Contains(p.Text, " 0x"):
	default:
		s += ": " + p.Text
	}
	return s
}

// appendDeferred appends the fields that --with defers and --with panics ask for.
func (e *Encoder) appendDeferred(b []byte, g *gostate.Goroutine, with With) []byte {
	if e.c.World == nil {
		return b
	}
	if with.Defers {
		list, why := e.c.defers(g)
		b = appendJSON(append(b, `,"defers":`...), list)
		if why != "" {
			b = appendString(append(b, `,"defersIncomplete":`...), why)
		}
	}
	if with.Panics {
		list, _ := e.c.panics(g)
		b = appendJSON(append(b, `,"panics":`...), list)
	}
	return b
}
