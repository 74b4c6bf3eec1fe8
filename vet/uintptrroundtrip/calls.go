package uintptrroundtrip

import (
	"fmt"

	"golang.org/x/tools/go/ssa"

	"moho/vet/internal/prov"
	"moho/vet/internal/rule"
	"moho/vet/internal/ssafn"
)

// handed finds addresses that are passed as numbers to a function of another
// package, which makes pointers of them and does not keep them in place.
func handed(p *ssafn.Program, call ssa.CallInstruction) []rule.Hit {
	callee := ssafn.Callee(call.Common())
	if callee == nil || len(callee.Blocks) > 0 || ssafn.IsCgo(callee) {
		return nil
	}
	known := p.Fact(callee)
	e := p.Call(call.Common().Pos())
	if known == nil || e == nil {
		return nil
	}
	method := 0
	if callee.Signature.Recv() != nil {
		method = 1
	}
	var hits []rule.Hit
	for i, arg := range call.Common().Args {
		param := known.Param(i)
		if !param.AsPointer || param.KeepsLive || i < method || i-method >= len(e.Args) {
			continue
		}
		var best candidate
		for _, b := range prov.Births(p, arg, nil) {
			if c, ok := weigh(p, b); ok && c.sev.Rank() > best.sev.Rank() {
				best = c
			}
		}
		if best.sev == "" {
			continue
		}
		x := e.Args[i-method]
		msg := fmt.Sprintf("%s in %s hands %s the address of %s as a number, and %s makes a pointer of it: the garbage collector and moving stacks do not follow it on the way",
			rule.Expr(x), prov.FuncName(call.Parent()), prov.CalleeName(call.Common()), best.origin.Text, callee.Name())
		hits = append(hits, rule.Hit{
			Pos: x.Pos(), End: x.End(), Severity: best.sev, Message: msg,
			Flow:   append(story(best), rule.Step{Pos: call.Common().Pos(), Text: callee.Name() + " makes a pointer of the number"}),
			Window: best.birth.Window(call.Parent(), call.Common().Pos()),
		})
	}
	return hits
}
