package postmortem

import (
	"encoding/json"
	"fmt"
	"strconv"

	"moho/core"
	"moho/evidence"
	"moho/gostate"
	"moho/gostate/value"
)

// Schemas of the kinds that this package writes.
const (
	SchemaCore       = "moho/core/v1"
	SchemaGoroutines = "moho/goroutines/v1"
	SchemaThreads    = "moho/threads/v1"
)

// A Target is what was opened, in JSON.
type Target struct {
	Kind      string           `json:"kind"`
	Arch      string           `json:"arch"`
	Go        string           `json:"go,omitempty"`
	BuildID   evidence.BuildID `json:"buildID"`
	Exe       string           `json:"exe,omitempty"`
	ExeFrom   ExeFrom          `json:"exeFrom,omitempty"`
	ExeSHA256 string           `json:"exeSHA256,omitempty"`
	PID       int              `json:"pid"`
	Command   string           `json:"command,omitempty"`
	Pause     *float64         `json:"pause,omitempty"` // seconds that a living process stood still
}

// Target describes the core and its executable.
func (c *Case) Target() Target {
	t := Target{BuildID: c.BuildID(), Exe: c.ExePath, ExeFrom: c.ExeFrom, ExeSHA256: c.ExeSHA256}
	if p := c.Process; p != nil {
		t.Kind, t.Arch, t.PID, t.Command = p.Kind(), p.Arch().Name, p.PID(), p.Command()
	}
	if c.Live != nil {
		pause := c.Live.Pause.Seconds()
		t.Pause = &pause
	}
	if c.Text != nil {
		t.Kind, t.Arch = c.Text.Kind(), c.Text.Arch()
	}
	if source := c.Source(); source != nil {
		t.Go = source.Version()
	}
	return t
}

// A GoroutinesHeader is the first line of moho/goroutines/v1. Count includes
// dead goroutines only if they are listed.
type GoroutinesHeader struct {
	Schema string `json:"schema"`
	Target Target `json:"target"`
	Count  int    `json:"count"`

	Mapping *Mapping `json:"mapping,omitempty"` // of unified frames
}

// With says what an item of moho/goroutines/v1 holds beyond what it always does.
type With struct {
	Stacks     bool          // frames, and why they end
	Defers     bool          // deferred calls
	Panics     bool          // panics in flight
	Regs       bool          // registers, where they are from or why they are lost
	Vars       bool          // arguments and variables of frames, of which it has Stacks too
	Ancestors  bool          // who created the creators
	SystemVars bool          // those of the runtime's own frames too
	Values     value.Options // how much of each variable

	Unified bool // frames with what they have on every architecture
}

// ParseWith reads the words of --with.
func ParseWith(words []string) (w With, err error) {
	for _, word := range words {
		switch word {
		case "stacks":
			w.Stacks = true
		case "regs":
			w.Regs = true
		case "ancestors":
			w.Ancestors = true
		case "defers":
			w.Defers = true
		case "panics":
			w.Panics = true
		case "vars":
			w.Vars, w.Stacks = true, true
		default:
			return With{}, fmt.Errorf("--with %s: stacks, vars, regs, ancestors, defers and panics can be asked for", word)
		}
	}
	return w, nil
}

// An Encoder writes goroutines as JSON, each on one line. Frames repeat from
// goroutine to goroutine, so what does not depend on the stack is rendered once.
type Encoder struct {
	c       *Case
	frames  map[frameID][]byte
	buf     []byte
	unified []gostate.Unified // of the frames of the goroutine at hand, if asked for
}

// frameID is what the rendering of a frame depends on, its SP apart.
type frameID struct {
	pc     int32
	inline int16
	fault  bool
	maybe  bool
}

// NewEncoder returns an encoder for the goroutines of c.
func NewEncoder(c *Case) *Encoder {
	return &Encoder{c: c, frames: map[frameID][]byte{}}
}

// Goroutine returns g as an item of moho/goroutines/v1. The result is valid
// until the next call.
func (e *Encoder) Goroutine(g *gostate.Goroutine, with With) []byte {
	b := e.buf[:0]
	e.unified = e.unified[:0]
	if with.Unified && e.c.World != nil {
		e.unified = e.c.World.Unify(e.unified, g)
	}
	b = append(b, `{"id":`...)
	b = appendKnown(b, strconv.AppendUint(nil, g.ID, 10), g.ID != 0 || g.Printed == nil)
	b = append(b, `,"status":`...)
	b = appendKnown(b, appendString(nil, g.Status), g.Status != "")
	b = append(b, `,"waitReason":`...)
	b = appendKnown(b, appendString(nil, g.WaitReason), g.Status != "")
	b = append(b, `,"system":`...)
	b = strconv.AppendBool(b, g.System)
	b = append(b, `,"thread":`...)
	b = appendKnown(b, strconv.AppendInt(nil, int64(g.Thread), 10), g.Printed == nil)
	if g.Locked {
		b = append(b, `,"locked":true`...)
	}
	b = append(b, `,"createdBy":`...)
	b = e.appendCreator(b, g)
	b = e.appendPrinted(b, g)
	b = append(b, `,"stack":{"size":`...)
	b = appendKnown(b, strconv.AppendUint(nil, g.Stack.Size, 10), g.Printed == nil)
	b = append(b, `,"used":`...)
	if g.RegsFrom == "" {
		b = append(b, "null"...)
	} else {
		b = strconv.AppendUint(b, g.Stack.Used, 10)
	}
	b = e.appendRoom(b, g)
	b = append(b, '}')
	b = e.appendDetail(b, g, with)
	if with.Stacks {
		b = append(b, `,"frames":[`...)
		for i := range g.Frames {
			if i > 0 {
				b = append(b, ',')
			}
			b = e.appendFrame(b, g, i)
			if with.Vars && (with.SystemVars || !g.Frames[i].System) {
				b = e.appendVars(b[:len(b)-1], g, i, with.Values)
			}
		}
		b = append(b, `],"truncated":`...)
		b = appendString(b, g.Truncated)
		b = appendDamage(b, g)
	}
	b = e.appendDeferred(b, g, with)
	if with.Regs {
		b = e.appendRegs(b, g)
	}
	e.buf = append(b, '}')
	return e.buf
}

func (e *Encoder) appendCreator(b []byte, g *gostate.Goroutine) []byte {
	cr := &g.CreatedBy
	if cr.PC == 0 && cr.Func == "" {
		return append(b, "null"...)
	}
	b = append(b, `{"goroutine":`...)
	b = strconv.AppendUint(b, cr.GoID, 10)
	b = append(b, `,"func":`...)
	b = appendString(b, cr.Func)
	b = append(b, `,"file":`...)
	b = appendString(b, cr.File)
	b = append(b, `,"line":`...)
	b = strconv.AppendInt(b, int64(cr.Line), 10)
	if links := e.c.CreatorLinks(g); len(links) > 0 {
		b = append(b, `,"findings":`...)
		b = appendJSON(b, links)
	}
	return append(b, '}')
}

func (e *Encoder) appendFrame(b []byte, g *gostate.Goroutine, i int) []byte {
	fr := &g.Frames[i]
	id := frameID{fr.PCIndex, fr.Inline, e.c.faulting(g, i), fr.Maybe}
	fixed, ok := e.frames[id]
	if !ok || fr.PCIndex < 0 {
		fixed = e.renderFrame(g, i)
		if fr.PCIndex >= 0 {
			e.frames[id] = fixed
		}
	}
	b = append(b, fixed...)
	b = appendAddr(b, fr.SP)
	if i < len(e.unified) {
		b = e.appendUnified(b, &e.unified[i])
	}
	return append(b, '}')
}

// renderFrame renders a frame up to its SP.
func (e *Encoder) renderFrame(g *gostate.Goroutine, i int) []byte {
	fr := &g.Frames[i]
	b := append([]byte(nil), `{"func":`...)
	b = appendString(b, fr.Func)
	b = append(b, `,"file":`...)
	b = appendString(b, fr.File)
	b = append(b, `,"line":`...)
	b = strconv.AppendInt(b, int64(fr.Line), 10)
	b = append(b, `,"pc":`...)
	b = appendAddr(b, fr.PC)
	b = append(b, `,"inlined":`...)
	b = strconv.AppendBool(b, fr.Inlined)
	for _, flag := range []struct {
		set  bool
		name string
	}{{e.c.faulting(g, i), "fault"}, {fr.System, "system"}, {fr.Foreign, "foreign"}, {fr.Maybe, "maybe"}} {
		if flag.set {
			b = append(b, `,"`+flag.name+`":true`...)
		}
	}
	if links := e.c.Links(g, i); len(links) > 0 {
		b = append(b, `,"findings":`...)
		b = appendJSON(b, links)
	}
	return append(b, `,"sp":`...)
}

// appendAddr appends an address, which is null where it is 0: not known.
func appendAddr(b []byte, a core.Addr) []byte {
	if a == 0 {
		return append(b, "null"...)
	}
	return append(appendHex(append(b, '"'), a), '"')
}

func appendHex(b []byte, a core.Addr) []byte {
	return strconv.AppendUint(append(b, "0x"...), uint64(a), 16)
}

// appendString appends s as a JSON string. Most strings need no escapes.
func appendString(b []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < 0x20 || c >= 0x7f || c == '"' || c == '\\' {
			return appendJSON(b, s)
		}
	}
	b = append(b, '"')
	b = append(b, s...)
	return append(b, '"')
}

func appendJSON(b []byte, v any) []byte {
	text, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("postmortem: marshal %T: %v", v, err)) // plain structs of strings and numbers
	}
	return append(b, text...)
}
