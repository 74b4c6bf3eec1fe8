package syscallsplit

import (
	"fmt"
	"go/ast"
	"go/types"

	"golang.org/x/tools/go/ssa"

	"moho/evidence"
	"moho/vet/internal/prov"
	"moho/vet/internal/rule"
)

// judge returns the worst origin of an address and how severe it is that only
// a number holds it.
func (c *checker) judge(b prov.Birth) (prov.Origin, evidence.Severity) {
	var worst prov.Origin
	sev := evidence.Severity("")
	for _, o := range b.Origins(c.p) {
		s := evidence.Severity("")
		switch {
		case o.Kind&prov.Moves != 0:
			s = evidence.High
		case o.Kind&(prov.Loaded|prov.Opaque) != 0:
			s = evidence.Medium
		}
		if s.Rank() > sev.Rank() {
			worst, sev = o, s
		}
	}
	if sev == "" || b.Pointer == nil {
		return worst, sev
	}
	switch prov.Held(b.From.Parent(), b.Pointer) {
	case prov.Fixed:
		return worst, ""
	case prov.Alive:
		return worst, evidence.Medium
	}
	return worst, sev
}

// split reports a number that comes to the call from elsewhere than its own
// argument list.
func (c *checker) split(s prov.Sink, b prov.Birth) {
	o, sev := c.judge(b)
	if sev == "" {
		return
	}
	at, through := s.Call, ""
	for _, h := range b.Hops {
		if h.Way == prov.Passed && h.Call != nil {
			at = h.Call
			break
		}
	}
	arg := c.argument(at, s, b)
	if arg == nil {
		return
	}
	name := prov.CalleeName(at.Common())
	if at != s.Call || !s.Direct {
		through = "a function that does not keep it in place "
	}
	sev = c.soften(s, o, sev, b, at)
	how := "since an earlier statement"
	if arg.Pos() <= b.Pos && b.Pos < arg.End() {
		how = "through " + through + "on the way to the system call"
		if at == s.Call && s.Direct {
			how = "since a call in its argument list"
		}
	}
	msg := fmt.Sprintf("%s in %s hands the address of %s to %s as a number %s: the object may be moved or freed before the system call",
		rule.Expr(arg), prov.FuncName(at.Parent()), o.Text, name, how)
	flow := c.flow(o, b)
	flow = append(flow, rule.Step{Pos: s.Call.Pos(), Text: "the system call uses the address"})
	h := rule.Hit{
		Pos: arg.Pos(), End: arg.End(), Severity: sev, Message: msg, Flow: flow,
		Window: b.Window(s.Call.Parent(), s.Call.Common().Pos()),
	}
	if at == s.Call && s.Direct {
		h.Fixes = fixes(c.pass, c.p, arg, s.Call)
	}
	if at == s.Call {
		c.instead(s.Call.Pos(), b.Pos, h.Pos)
	}
	c.add(h)
}

// soften takes down what harms only when a stack grows or memory is collected
// at one instruction: an address that is in the hands of functions all the way,
// an object made at run time that the caller goes on using, and a variable
// where nothing between makes the stack grow.
func (c *checker) soften(s prov.Sink, o prov.Origin, sev evidence.Severity, b prov.Birth, at ssa.CallInstruction) evidence.Severity {
	if sev.Rank() <= evidence.Medium.Rank() {
		return sev
	}
	passed := len(b.Hops) > 0 || !s.Direct
	for _, h := range b.Hops {
		passed = passed && h.Way == prov.Passed
	}
	if e := c.p.Call(at.Common().Pos()); passed && e != nil && e.Pos() <= b.Pos && b.Pos < e.End() {
		return evidence.Medium
	}
	born, ok := b.From.(ssa.Instruction)
	if !ok || b.Pointer == nil || at.Parent() != b.From.Parent() {
		return sev
	}
	still := prov.UsedAfter(at, b.Pointer)
	if o.Kind == prov.Heap && still || at == s.Call && prov.Quiet(born, at) && (o.Kind == prov.Local || still) {
		return evidence.Medium
	}
	return sev
}

// field reports an address that lies as a number in a struct which the call
// gets; false when it is none of Go's.
func (c *checker) field(s prov.Sink, b prov.Birth, f *types.Var, way []rule.Step) bool {
	o, sev := c.judge(b)
	if sev == "" {
		return b.Pointer != nil
	}
	sev = c.soften(s, o, sev, b, s.Call)
	call := c.p.Call(b.Pos)
	end := b.Pos
	pos := b.Pos
	if call != nil {
		pos, end = call.Pos(), call.End()
	}
	msg := fmt.Sprintf("field %s holds the address of %s as a number when %s gets the struct: nothing keeps the object in place from %s to the system call",
		f.Name(), o.Text, prov.CalleeName(s.Call.Common()), prov.FuncName(b.From.Parent()))
	flow := append(c.flow(o, b), way...)
	flow = append(flow, rule.Step{Pos: s.Call.Pos(), Text: "the system call uses the address"})
	c.add(rule.Hit{
		Pos: pos, End: end, Severity: sev, Message: msg, Flow: flow,
		Window: b.Window(s.Call.Parent(), s.Call.Common().Pos()),
	})
	return true
}

func (c *checker) flow(o prov.Origin, b prov.Birth) []rule.Step {
	var flow []rule.Step
	if o.Pos.IsValid() {
		flow = append(flow, rule.Step{Pos: o.Pos, Text: o.Text})
	}
	flow = append(flow, rule.Step{Pos: b.Pos, Text: "the address becomes a number"})
	for _, s := range b.Path {
		if s.Pos.IsValid() {
			flow = append(flow, s)
		}
	}
	return flow
}

// argument returns the expression of the call that carries the number: the one
// in which it is born, else the one that stands for the sink's value.
func (c *checker) argument(at ssa.CallInstruction, s prov.Sink, b prov.Birth) ast.Expr {
	e := c.p.Call(at.Pos())
	if e == nil {
		e = c.p.Call(at.Common().Pos())
	}
	if e == nil {
		return nil
	}
	for _, arg := range e.Args {
		if arg.Pos() <= b.Pos && b.Pos < arg.End() {
			return arg
		}
	}
	if at == s.Call {
		if s.Arg >= 0 && s.Arg < len(e.Args) {
			return e.Args[s.Arg]
		}
		return e
	}
	i := -1
	for j, v := range at.Common().Args {
		if prov.Carries(c.p, v, b) {
			i = j
			break
		}
	}
	if at.Common().Signature().Recv() != nil && !at.Common().IsInvoke() {
		i--
	}
	if i >= 0 && i < len(e.Args) {
		return e.Args[i]
	}
	return e
}
