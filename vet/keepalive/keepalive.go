package keepalive

import (
	_ "embed"
	"fmt"
	"go/token"
	"slices"
	"strings"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/ssa"

	"moho/evidence"
	"moho/vet/internal/lifetime"
	"moho/vet/internal/prov"
	"moho/vet/internal/rule"
	"moho/vet/internal/ssafn"
	"moho/vet/internal/summary"
)

//go:embed doc.go
var source string

// Rule is what people read about the analyzer.
var Rule = rule.New(source, rule.Rule{
	Name:     "keepalive",
	Severity: evidence.High,
	Bad: `func (c *Conn) Ping() bool {
	return C.conn_ping(c.handle) != 0 // c's finalizer may free the handle meanwhile
}`,
	Good: `func (c *Conn) Ping() bool {
	ok := C.conn_ping(c.handle) != 0
	runtime.KeepAlive(c)
	return ok
}`,
	Fix:    "call runtime.KeepAlive on the object after the last use of what was read from it",
	Oracle: "garbage collections injected at the use; -asan when the finalizer frees C memory, SIGSEGV when it unmaps",
	Source: "package runtime, functions SetFinalizer, AddCleanup and KeepAlive",
})

// Analyzer is the rule for go/analysis drivers. Its result is *rule.Hits.
var Analyzer = Rule.Analyzer(run, summary.Analyzer)

func run(pass *analysis.Pass) ([]rule.Hit, error) {
	p := pass.ResultOf[summary.Analyzer].(*ssafn.Program)
	if p.Partial {
		return withoutC(p), nil
	}
	sites := map[ssa.Instruction][]lifetime.Risk{}
	var order []ssa.Instruction
	for _, f := range p.Funcs {
		if ssafn.IsCgo(f) {
			continue
		}
		for _, r := range lifetime.Risks(p, f) {
			for _, s := range lifetime.Settle(p, r) {
				if sites[s.Use.At] == nil {
					order = append(order, s.Use.At)
				}
				sites[s.Use.At] = append(sites[s.Use.At], s)
			}
		}
	}
	var hits []rule.Hit
	for _, at := range order {
		if h, ok := hit(p, sites[at]); ok {
			hits = append(hits, h)
		}
	}
	return hits, nil
}

// hit makes one finding of all risks at one instruction.
func hit(p *ssafn.Program, risks []lifetime.Risk) (rule.Hit, bool) {
	first := risks[0]
	pos, end := lifetime.Span(p, first.Use.At)
	if !pos.IsValid() {
		return rule.Hit{}, false
	}
	var owners, fields []string
	for _, r := range risks {
		if name := r.OwnerName(p); !slices.Contains(owners, name) {
			owners = append(owners, name)
		}
		if f := r.OwnerName(p) + "." + r.D.Field; !slices.Contains(fields, f) {
			fields = append(fields, f)
		}
	}
	where := prov.FuncName(first.Func)
	var msg string
	switch {
	case first.Use.Leaves:
		msg = fmt.Sprintf("%s leaves %s, but nothing refers to %s any more: the finalizer gives back what the result points to",
			join(fields), where, join(owners))
	case len(first.Via) > 0:
		msg = fmt.Sprintf("%s is not referred to after the last use of it in %s, which %s waits for: the finalizer may give back %s while that is in use",
			join(owners), prov.FuncName(first.Via[0].Parent()), where, join(fields))
	default:
		msg = fmt.Sprintf("%s %s used%s in %s after the last use of %s: %s",
			join(fields), plural(fields, "is", "are"), by(p, first.Use.At), where, join(owners), consequence(owners))
	}
	h := rule.Hit{Pos: pos, End: end, Severity: evidence.High, Message: msg}
	for _, r := range risks {
		if read := r.D.Read.Pos(); read.IsValid() {
			h.Flow = append(h.Flow, rule.Step{Pos: read, Text: r.D.Field + " is read from " + r.OwnerName(p)})
		}
	}
	if s := first.From.Pos(); s.IsValid() && first.From != first.Use.At && first.From != first.D.Read {
		h.Flow = append(h.Flow, rule.Step{Pos: s, Text: "memory may be collected; nothing refers to " + join(owners)})
	}
	for _, v := range first.Via {
		if v.Pos().IsValid() {
			h.Flow = append(h.Flow, rule.Step{Pos: v.Pos(), Text: "used in " + prov.FuncName(v.Parent())})
		}
	}
	h.Flow = append(h.Flow, rule.Step{Pos: pos, Text: "in use here"})
	if !first.Use.Leaves {
		h.Fixes = fixes(p, pos, owners)
	}
	h.Window = rule.Span{Pos: windowStart(p, first), End: end}
	return h, true
}

func windowStart(p *ssafn.Program, r lifetime.Risk) token.Pos {
	pos, _ := lifetime.Span(p, r.Use.At)
	if from := r.From.Pos(); len(r.Via) == 0 && from.IsValid() && from < pos {
		return from
	}
	return pos
}

func join(names []string) string {
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	return strings.Join(names[:len(names)-1], ", ") + " and " + names[len(names)-1]
}

// by names what uses the value, when that is a call.
func by(p *ssafn.Program, at ssa.Instruction) string {
	if c, ok := ssafn.CCall(at); ok {
		return " by C." + c.Name
	}
	if call := p.Call(at.Pos()); call != nil {
		return " by " + rule.Expr(call.Fun)
	}
	return ""
}

func plural(list []string, one, many string) string {
	if len(list) == 1 {
		return one
	}
	return many
}

func consequence(owners []string) string {
	return plural(owners, "its finalizer may have given it back by then", "their finalizers may have given them back by then")
}
