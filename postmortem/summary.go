package postmortem

import (
	"encoding/json"
	"fmt"

	"moho/evidence"
	"moho/gostate"
	"moho/gostate/waits"
)

// A Summary is the first screen: what killed the process, the goroutine that
// did it, everybody else grouped, and the findings that the stacks are about.
// It is the kind moho/core/v1.
type Summary struct {
	Schema     string          `json:"schema"`
	Target     Target          `json:"target"`
	Report     *ReportRef      `json:"report"`
	Signal     *Signal         `json:"signal"`
	Reason     string          `json:"reason"`
	Cause      Cause           `json:"cause"`
	Crashed    json.RawMessage `json:"crashed"`    // an item of moho/goroutines/v1, or null
	Threads    *int            `json:"threads"`    // null = unknown
	Goroutines *int            `json:"goroutines"` // null = unknown
	Groups     []Group         `json:"groups"`
	Cycles     []waitCycle     `json:"cycles"` // goroutines that wait for each other; null = not looked for
	NotRun     []NotRun        `json:"notRun"` // deferred calls, most first; null = not looked for, or none was to run
	Findings   []evidence.Link `json:"findings"`
	Next       []Next          `json:"next"` // commands that show more
	Complete   bool            `json:"complete"`
	Gaps       []evidence.Gap  `json:"gaps"`

	Crash gostate.Crash   `json:"-"` // what Crashed was made from; Goroutine nil if unknown
	Waits *waits.Analysis `json:"-"` // what Cycles was made from; nil if not looked for
}

// A Next is a command that shows more, and what.
type Next struct {
	Command string `json:"command"`
	Why     string `json:"why"`
}

// A ReportRef leads to the report about the executable.
type ReportRef struct {
	Path   string `json:"path"`
	SHA256 string `json:"sha256"`
	Target string `json:"target"`
}

// A Signal is what the kernel says ended the process.
type Signal struct {
	Number int    `json:"number"`
	Name   string `json:"name"`
	Code   int    `json:"code"`
	Addr   string `json:"addr,omitempty"`
}

// A Group is goroutines that are in the same state with the same stack.
type Group struct {
	Count      int             `json:"count"`
	Status     *string         `json:"status"` // null = the target does not say
	WaitReason string          `json:"waitReason"`
	System     bool            `json:"system"`
	IDs        []uint64        `json:"ids"` // the first few
	Frames     json.RawMessage `json:"frames"`
	CreatedBy  json.RawMessage `json:"createdBy"`

	Group *gostate.Group `json:"-"`
}

// Summarize reads every goroutine of the core once.
func (c *Case) Summarize() *Summary {
	s := &Summary{
		Schema: SchemaCore, Target: c.Target(),
		Crashed: json.RawMessage("null"), Groups: []Group{}, Findings: []evidence.Link{}, Next: []Next{}, Gaps: []evidence.Gap{},
	}
	if c.Process != nil {
		n := len(c.Process.Threads())
		s.Threads = &n
	}
	if sig, ok := c.signal(); ok {
		s.Signal = &Signal{Number: sig.Number, Name: sig.Name, Code: sig.Code}
		if sig.HasAddr {
			s.Signal.Addr = string(appendHex(nil, sig.Addr))
		}
	}
	source := c.Source()
	s.Cause = c.cause()
	if source == nil {
		s.Gaps = append(s.Gaps, c.Gaps...)
		return s
	}
	if c.Report != nil {
		s.Report = &ReportRef{Path: c.Report.Path, SHA256: c.Report.SHA256, Target: c.Artifact.Target}
	}

	enc := NewEncoder(c)
	found := newSurvey(&c.links)
	s.Crash, s.Reason = c.crash, c.crash.Reason
	if g := c.crash.Goroutine; g != nil {
		s.Crashed = append(json.RawMessage(nil), enc.Goroutine(g, With{Stacks: true, Defers: true, Panics: true})...)
		found.goroutine(c, g)
	}
	groups, n := source.Groups(gostate.GroupOptions{System: true})
	if n > 0 {
		c.gap("groups", "", fmt.Sprintf("%d goroutines have stacks that differ from those of all groups listed", n))
	}
	for i := range groups {
		gr := &groups[i]
		n += gr.Count
		g := gr.First
		found.goroutine(c, g)
		s.Groups = append(s.Groups, Group{
			Count: gr.Count, Status: said(g.Status), WaitReason: g.WaitReason, System: g.System, IDs: append([]uint64{}, gr.IDs...),
			Frames: enc.frameList(g), CreatedBy: enc.appendCreator(nil, g), Group: gr,
		})
	}
	s.Goroutines = &n
	c.lookCloser(s)
	s.Findings = found.links(c.linkedPackage())
	s.Gaps = append(s.Gaps, c.Gaps...)
	s.Complete = len(s.Gaps) == 0
	return s
}

// lookCloser adds what takes more than the stacks, if the goroutines are not too
// many for an answer at once.
func (c *Case) lookCloser(s *Summary) {
	if c.World == nil || c.World.NumG() > maxLooked {
		return
	}
	s.Waits = waits.Analyze(c.World, waits.Options{})
	s.Cycles = []waitCycle{}
	for _, cy := range s.Waits.Cycles() {
		s.Cycles = append(s.Cycles, jsonCycle(s.Waits, cy))
	}
	if s.Signal != nil || s.Reason != "" { // those of a process that lives may yet run
		s.NotRun, _ = c.notRun()
	}
}

// goroutine takes note of the findings on the stack of g and in its creator.
func (s *survey) goroutine(c *Case, g *gostate.Goroutine) {
	if len(s.best) == 0 {
		return
	}
	for i := range g.Frames {
		s.see(s.l.matches(&g.Frames[i]), c.grade(g, i))
	}
	if cr := g.CreatedBy; cr.Func != "" {
		fr := gostate.Frame{Func: cr.Func, File: cr.File, Line: cr.Line}
		s.see(s.l.matches(&fr), evidence.CreatedThis)
	}
}

// linkedPackage returns a test for packages of which the executable has code.
func (c *Case) linkedPackage() func(string) bool {
	if len(c.links.findings) == 0 {
		return func(string) bool { return false }
	}
	pkgs := map[string]bool{}
	t := c.table()
	if t == nil {
		return func(string) bool { return false }
	}
	for i := range t.NumFunc() {
		if f, err := t.Func(i); err == nil {
			pkgs[evidence.ParseSymbol(f.Name()).Package] = true
		}
	}
	return func(p string) bool { return pkgs[p] }
}

func (e *Encoder) frameList(g *gostate.Goroutine) json.RawMessage {
	e.unified = e.unified[:0]
	b := []byte{'['}
	for i := range g.Frames {
		if i > 0 {
			b = append(b, ',')
		}
		b = e.appendFrame(b, g, i)
	}
	return append(b, ']')
}

// said is what the target says, or nil for nothing.
func said(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
