package postmortem

import (
	"context"

	"moho/core"
	"moho/gostate/heap"
	"moho/gostate/where"
	"moho/gotab"
)

// SchemaAddress is the schema of an [Address].
const SchemaAddress = "moho/address/v1"

// An Address is what there is at an address, as moho/address/v1.
type Address struct {
	Schema  string          `json:"schema"`
	Address string          `json:"address"`
	Region  where.Kind      `json:"region"`
	Held    bool            `json:"held"`
	Mapping *AddressMapping `json:"mapping"`
	Text    *AddressText    `json:"text,omitempty"`
	Symbol  *AddressSymbol  `json:"symbol,omitempty"`
	Section string          `json:"section,omitempty"`
	Is      string          `json:"is,omitempty"`
	Span    *AddressSpan    `json:"span"`
	Object  *AddressObject  `json:"object"`
	Owner   *AddressOwner   `json:"owner"`
	Refs    []AddressRef    `json:"refs,omitzero"` // nil = not asked for
}

// An AddressRef is a word that points to the address, or into its object.
type AddressRef struct {
	Address string `json:"address"`
	Value   string `json:"value"`
	Is      string `json:"is"` // what the word is in
}

// An AddressMapping is the piece of the address space that an address is in.
type AddressMapping struct {
	Start string `json:"start"`
	End   string `json:"end"`
	Perms string `json:"perms"`
	File  string `json:"file,omitempty"`
	Off   int64  `json:"offset"` // of the address in the file
}

// An AddressText is a place in machine code. Inlined are the calls in the
// function that the instruction is in, innermost first.
type AddressText struct {
	Func    string        `json:"func"`
	Off     uint64        `json:"offset"`
	File    string        `json:"file"`
	Line    int           `json:"line"`
	Inlined []AddressCall `json:"inlined"`
}

// An AddressCall is a call that was inlined, and the position in it.
type AddressCall struct {
	Func string `json:"func"`
	File string `json:"file"`
	Line int    `json:"line"`
}

// An AddressSymbol is a variable or constant of the program.
type AddressSymbol struct {
	Name string `json:"name"`
	Off  uint64 `json:"offset"`
}

// An AddressSpan is a run of pages of the Go heap.
type AddressSpan struct {
	Start     string `json:"start"`
	End       string `json:"end"`
	Class     int    `json:"class"` // 0: one large object, or a stack
	ElemSize  uint64 `json:"elemSize"`
	State     string `json:"state"`
	NoScan    bool   `json:"noscan"`
	Elems     int    `json:"elems"`
	Allocated int    `json:"allocated"`
	Sweep     string `json:"sweep"`
	Cached    bool   `json:"cached"`
}

// An AddressObject is the slot of a span that an address is in.
type AddressObject struct {
	Base      string           `json:"base"`
	Off       uint64           `json:"offset"`
	Index     int              `json:"index"`
	Size      uint64           `json:"size"`
	Allocated bool             `json:"allocated"`
	State     string           `json:"state"`
	Tiny      bool             `json:"tiny"`
	Header    uint64           `json:"header"`
	Type      *string          `json:"type"` // null = unknown
	TypeFrom  string           `json:"typeFrom,omitempty"`
	TypeWhy   string           `json:"typeWhy,omitempty"`
	Most      uint64           `json:"most,omitempty"` // how many of the type fit
	Specials  []AddressSpecial `json:"specials"`
}

// An AddressSpecial is a record of the runtime's about an object.
type AddressSpecial struct {
	Kind  heap.Kind     `json:"kind"`
	Off   uint64        `json:"offset"`
	Func  string        `json:"func,omitempty"`
	Stack []AddressCall `json:"stack,omitempty"` // where it was allocated, innermost first
}

// An AddressOwner says whose stack an address is in. Kind is goroutine, g0,
// gsignal, free (on the list of stacks to be used again) or unknown.
type AddressOwner struct {
	Kind      string        `json:"kind"`
	Goroutine *uint64       `json:"goroutine"`
	Thread    int           `json:"thread,omitempty"`
	Start     string        `json:"start,omitempty"`
	End       string        `json:"end,omitempty"`
	Live      *bool         `json:"live"` // at or above the stack pointer; null = unknown
	Frame     *AddressFrame `json:"frame"`
}

// An AddressFrame is the frame that an address is in.
type AddressFrame struct {
	Func string `json:"func"`
	File string `json:"file"`
	Line int    `json:"line"`
	SP   string `json:"sp"`
	Off  uint64 `json:"offset"` // from SP
	Slot string `json:"slot,omitempty"`
	Var  string `json:"variable,omitempty"`
}

// Heap returns the Go heap of the case, nil if there is none to be found: then
// there is a gap that says why.
func (c *Case) Heap() *heap.Heap {
	if c.World == nil || c.heapTried {
		return c.heap
	}
	c.heapTried = true
	h, err := heap.Open(c.World)
	if err != nil {
		c.gap("heap", "", err.Error())
		return nil
	}
	c.Gaps = append(c.Gaps, h.Gaps()...)
	c.heap = h
	return h
}

// Where returns what says of the case's addresses what they are.
func (c *Case) Where() *where.Map {
	if c.places == nil {
		c.places = where.New(c.Process, c.World, c.Heap())
	}
	return c.places
}

// Address describes a place as JSON.
func (c *Case) Address(pl *where.Place) Address {
	j := Address{
		Schema: SchemaAddress, Address: hexAddr(pl.Addr), Region: pl.Kind, Held: pl.Held,
		Section: pl.Section, Is: pl.Is, Span: jsonSpan(pl.Span), Object: c.jsonObject(pl), Owner: jsonOwner(pl),
	}
	if r := pl.Region; r != nil {
		j.Mapping = &AddressMapping{Start: hexAddr(r.Addr), End: hexAddr(r.End()), Perms: Perms(r), File: r.File}
		if r.File != "" {
			j.Mapping.Off = r.FileOff + int64(pl.Addr-r.Addr)
		}
	}
	if n := len(pl.Calls); n > 0 {
		f := pl.Calls[n-1]
		j.Text = &AddressText{Func: f.Func, Off: pl.FuncOff, File: f.File, Line: f.Line, Inlined: []AddressCall{}}
		for _, in := range pl.Calls[:n-1] {
			j.Text.Inlined = append(j.Text.Inlined, AddressCall{in.Func, in.File, in.Line})
		}
	}
	if pl.Symbol != "" {
		j.Symbol = &AddressSymbol{pl.Symbol, pl.SymbolOff}
	}
	return j
}

func hexAddr(a core.Addr) string { return string(appendHex(nil, a)) }

func jsonSpan(s *heap.Span) *AddressSpan {
	if s == nil {
		return nil
	}
	return &AddressSpan{
		Start: hexAddr(s.Start), End: hexAddr(s.End), Class: int(s.Class), ElemSize: s.ElemSize, State: s.State.String(),
		NoScan: s.NoScan, Elems: s.Elems, Allocated: s.Count, Sweep: s.Sweep.String(), Cached: s.Cached,
	}
}

func (c *Case) jsonObject(pl *where.Place) *AddressObject {
	o := pl.Object
	if o == nil {
		return nil
	}
	j := &AddressObject{
		Base: hexAddr(o.Base), Off: uint64(pl.Addr - o.Base), Index: o.Index, Size: o.Size, Allocated: o.State != heap.Free,
		State: o.State.String(), Tiny: o.Tiny, Header: o.Header, TypeFrom: pl.Type.From, TypeWhy: pl.Type.Why,
		Most: pl.Type.Max, Specials: []AddressSpecial{},
	}
	if pl.Type.Name != "" {
		j.Type = &pl.Type.Name
	}
	for _, s := range pl.Specials {
		j.Specials = append(j.Specials, AddressSpecial{s.Kind, s.Off, c.FuncValue(s.Fn), c.Calls(s.Stack)})
	}
	return j
}

func jsonOwner(pl *where.Place) *AddressOwner {
	if pl.Kind != where.Stack {
		return nil
	}
	o := pl.Owner
	if o == nil {
		return &AddressOwner{Kind: map[bool]string{true: "free", false: "unknown"}[pl.FreeStack]}
	}
	j := &AddressOwner{Kind: o.What, Thread: o.TID, Start: hexAddr(o.Lo), End: hexAddr(o.Hi)}
	if o.GoID != 0 {
		j.Goroutine = &o.GoID
	}
	if g := pl.Goroutine; g != nil {
		j.Thread = g.Thread
		if g.SP != 0 {
			live := pl.Addr >= g.SP
			j.Live = &live
		}
	}
	if f := pl.Frame; f != nil {
		j.Frame = &AddressFrame{Func: f.Func, File: f.File, Line: f.Line, SP: hexAddr(f.SP), Off: uint64(pl.Addr - f.SP), Slot: pl.Slot, Var: pl.Variable}
	}
	return j
}

// References returns the first most words that point to pl: into the object that
// it is in, or to the very address.
func (c *Case) References(ctx context.Context, pl *where.Place, most int, progress func(done, total int64)) []AddressRef {
	h := c.Heap()
	if h == nil {
		return nil
	}
	lo, hi := pl.Addr, pl.Addr+1
	if o := pl.Object; o != nil {
		lo, hi = o.Base, o.End()
	}
	var out []AddressRef
	for at := range h.References(ctx, lo, hi, heap.RefOptions{Progress: progress}) {
		x, err := c.Process.Word(at)
		if err != nil {
			continue
		}
		out = append(out, AddressRef{hexAddr(at), hexAddr(core.Addr(x)), c.holder(at)})
		if len(out) == most {
			break
		}
	}
	return out
}

// holder says what the word at a is in.
func (c *Case) holder(a core.Addr) string {
	pl := c.Where().Find(a)
	s := pl.Short()
	if pl.Variable != "" {
		s += ", variable " + pl.Variable
	}
	if s == "" {
		s = string(pl.Kind)
	}
	return s
}

// FuncValue names the function that the func value at p calls, "" if there is none.
func (c *Case) FuncValue(p core.Addr) string {
	if p == 0 || c.World == nil {
		return ""
	}
	code, err := c.Process.Word(p)
	if err != nil {
		return ""
	}
	f, _, ok := c.World.FuncAt(core.Addr(code))
	if !ok {
		return ""
	}
	return gotab.PrintName(f.Name())
}

// Calls resolves return addresses.
func (c *Case) Calls(stack []core.Addr) []AddressCall {
	var calls []AddressCall
	for _, pc := range stack {
		f, at, ok := c.World.FuncAt(pc - 1)
		if !ok {
			calls = append(calls, AddressCall{Func: hexAddr(pc)})
			continue
		}
		for _, in := range c.World.Table().Frames(nil, f, at) {
			calls = append(calls, AddressCall{gotab.PrintName(in.Func), in.File, in.Line})
		}
	}
	return calls
}
