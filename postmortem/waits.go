package postmortem

import (
	"bufio"
	"io"

	"moho/core"
	"moho/gostate/waits"
	"moho/internal/cli"
)

// SchemaWaits is the schema of what [WriteWaits] writes.
const SchemaWaits = "moho/waits/v1"

type waitObject struct {
	Object    string       `json:"object"`
	Kind      string       `json:"kind"`
	Label     string       `json:"label,omitempty"`
	Name      string       `json:"name,omitempty"`
	Waiters   int          `json:"waiters"`
	Text      string       `json:"text"`
	State     string       `json:"state"`
	Channel   *waitChan    `json:"channel,omitempty"`
	Lock      *waitLock    `json:"lock,omitempty"`
	WaitGroup *waitGroup   `json:"waitGroup,omitempty"`
	FD        *int         `json:"fd,omitempty"`
	Holders   []waitHolder `json:"holders"`
	Places    []waitPlace  `json:"places"`
}

type waitChan struct {
	Type      string `json:"type"`
	ElemSize  int    `json:"elemSize"`
	Len       uint64 `json:"len"`
	Cap       uint64 `json:"cap"`
	Closed    bool   `json:"closed"`
	Receivers int    `json:"receivers"`
	Senders   int    `json:"senders"`
}

type waitLock struct {
	Locked   bool `json:"locked"`
	Woken    bool `json:"woken"`
	Starving bool `json:"starving"`
	Waiters  int  `json:"waiters"`
	Readers  *int `json:"readers,omitempty"`
	Leaving  *int `json:"leaving,omitempty"`
	Pending  bool `json:"writer,omitempty"`
}

type waitGroup struct {
	Counter int `json:"counter"`
	Waiters int `json:"waiters"`
}

type waitHolder struct {
	Goroutine uint64 `json:"goroutine"`
	Grade     string `json:"grade"`
	Evidence  string `json:"evidence"`
	Func      string `json:"func"`
	File      string `json:"file"`
	Line      int    `json:"line"`
}

type waitPlace struct {
	Op         string   `json:"op"`
	Func       string   `json:"func"`
	File       string   `json:"file"`
	Line       int      `json:"line"`
	Count      int      `json:"count"`
	Goroutines []uint64 `json:"goroutines"` // the first few
}

type waitEdge struct {
	Goroutine uint64  `json:"goroutine"`
	Object    string  `json:"object"`
	Kind      string  `json:"kind"`
	Op        string  `json:"op"`
	Select    bool    `json:"select,omitempty"`
	Holder    *uint64 `json:"holder"` // null = unknown, or there is none
	Grade     string  `json:"grade,omitempty"`
	Evidence  string  `json:"evidence"`
}

type waitCycle struct {
	Grade string     `json:"grade"`
	Links []waitEdge `json:"links"`
}

type waitLeak struct {
	Goroutine uint64 `json:"goroutine"`
	Object    string `json:"object"`
	Kind      string `json:"kind"`
	Op        string `json:"op"`
	Func      string `json:"func"`
	File      string `json:"file"`
	Line      int    `json:"line"`
}

// A WaitFilter leaves out what is not about a goroutine or an object. The zero
// value leaves out nothing.
type WaitFilter struct {
	Goroutine uint64
	Object    core.Addr
	System    bool // also the runtime's own goroutines
}

// Edge reports whether the filter wants e.
func (f WaitFilter) Edge(e waits.Edge) bool {
	return (f.Goroutine == 0 || e.Goroutine == f.Goroutine) && (f.Object == 0 || e.Addr == f.Object) && (!e.System || f.System)
}

// WriteWaits writes a as moho/waits/v1, an edge on each line, with invisible characters
// escaped. Nothing of it is kept, so memory does not grow with the number of goroutines.
func (c *Case) WriteWaits(w io.Writer, a *waits.Analysis, f WaitFilter) error {
	out := bufio.NewWriterSize(w, 64<<10)
	put := func(v any) { out.Write(cli.AppendVisible(nil, appendJSON(nil, v))) }
	item := func(v any, first *bool) {
		if !*first {
			out.WriteByte(',')
		}
		*first = false
		out.WriteString("\n")
		put(v)
	}
	out.WriteString(`{"schema":"` + SchemaWaits + `","target":`)
	put(c.Target())
	out.WriteString(`,"objects":[`)
	wanted := map[int]bool{}
	for e := range a.Edges() {
		if f.Edge(e) {
			wanted[e.Object] = true
		}
	}
	first := true
	for o := range a.Objects() {
		if wanted[o.Index] {
			item(jsonObject(a, o), &first)
		}
	}
	out.WriteString("],\n\"edges\":[")
	first = true
	for e := range a.Edges() {
		if f.Edge(e) {
			item(jsonEdge(a, e), &first)
		}
	}
	out.WriteString("],\n\"cycles\":[")
	first = true
	for _, cy := range a.Cycles() {
		item(jsonCycle(a, cy), &first)
	}
	out.WriteString("],\n\"leaked\":[")
	first = true
	for e := range a.Leaked() {
		if !f.Edge(e) {
			continue
		}
		s, _ := a.Site(e)
		item(waitLeak{e.Goroutine, string(appendHex(nil, e.Addr)), e.Kind.String(), e.Op.String(), s.Func, s.File, s.Line}, &first)
	}
	leaks := a.Leaks()
	out.WriteString("],\n\"leaksKnown\":")
	put(leaks.Known)
	out.WriteString(`,"leaksWhy":`)
	put(leaks.Why)
	out.WriteString(`,"complete":`)
	put(len(c.Gaps) == 0)
	out.WriteString(`,"gaps":`)
	if len(c.Gaps) == 0 {
		out.WriteString("[]")
	} else {
		put(c.Gaps)
	}
	out.WriteString("}\n")
	return out.Flush()
}

func jsonCycle(a *waits.Analysis, cy waits.Cycle) waitCycle {
	j := waitCycle{Grade: cy.Grade.String(), Links: []waitEdge{}}
	for _, l := range cy.Links {
		e := jsonEdge(a, l.Edge)
		e.setHolder(l.Holder)
		j.Links = append(j.Links, e)
	}
	return j
}

func jsonEdge(a *waits.Analysis, e waits.Edge) waitEdge {
	j := waitEdge{Goroutine: e.Goroutine, Object: string(appendHex(nil, e.Addr)), Kind: e.Kind.String(), Op: e.Op.String(), Select: e.Select}
	if h := a.Holders(e.Object); len(h) > 0 {
		j.setHolder(h[0])
	}
	return j
}

func (j *waitEdge) setHolder(h waits.Holder) {
	id := h.Goroutine
	j.Holder, j.Grade, j.Evidence = &id, h.Grade.String(), h.Why
}

func jsonObject(a *waits.Analysis, o *waits.Object) waitObject {
	j := waitObject{
		Object: string(appendHex(nil, o.Addr)), Kind: o.Kind.String(), Label: o.Label, Name: o.Name, Waiters: o.Waiters,
		Text: o.Describe(), State: o.State(a.Now()), Holders: []waitHolder{}, Places: []waitPlace{},
	}
	if ch := o.Chan; ch != nil {
		j.Channel = &waitChan{ch.Type, int(ch.ElemSize), ch.Len, ch.Cap, ch.Closed, ch.Receivers, ch.Senders}
	}
	if l := o.Lock; l != nil {
		j.Lock = &waitLock{Locked: l.Locked, Woken: l.Woken, Starving: l.Starving, Waiters: l.Waiters}
		if o.Kind == waits.RWMutex {
			j.Lock.Readers, j.Lock.Leaving, j.Lock.Pending = &l.Readers, &l.Leaving, l.Pending
		}
	}
	if g := o.Group; g != nil {
		j.WaitGroup = &waitGroup{g.Counter, g.Waiters}
	}
	if o.FD != nil {
		j.FD = &o.FD.FD
	}
	for _, h := range o.Holders {
		j.Holders = append(j.Holders, waitHolder{h.Goroutine, h.Grade.String(), h.Why, h.Func, h.File, h.Line})
	}
	for _, p := range a.Places(o.Index) {
		j.Places = append(j.Places, waitPlace{p.Op.String(), p.Site.Func, p.Site.File, p.Site.Line, p.Count, p.IDs})
	}
	return j
}
