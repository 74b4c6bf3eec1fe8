package punuintptrload

import (
	_ "embed"
	"fmt"
	"go/token"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/ssa"

	"moho/evidence"
	"moho/vet/internal/prov"
	"moho/vet/internal/rule"
	"moho/vet/internal/ssafn"
	"moho/vet/internal/summary"
)

//go:embed doc.go
var source string

// Rule is what people read about the analyzer.
var Rule = rule.New(source, rule.Rule{
	Name:     "pun-uintptr-load",
	Severity: evidence.High,
	Bad: `u := uintptr(unsafe.Pointer(n))
work()
n = *(**node)(unsafe.Pointer(&u))`,
	Good: `p := unsafe.Pointer(n)
work()
n = (*node)(p)`,
	Fix:    "declare the variable or field with a pointer type, unsafe.Pointer at the least",
	Oracle: "garbage collections (clobberfree=1) or stack growth (efence=1) injected between the store of the number and the load of the pointer",
	Source: "package unsafe, rule (2) of type Pointer",
})

// Analyzer is the rule for go/analysis drivers. Its result is *rule.Hits.
var Analyzer = Rule.Analyzer(run, summary.Analyzer)

func run(pass *analysis.Pass) ([]rule.Hit, error) {
	p := pass.ResultOf[summary.Analyzer].(*ssafn.Program)
	var hits []rule.Hit
	for _, f := range p.Funcs {
		if ssafn.IsCgo(f) {
			continue
		}
		for _, b := range f.Blocks {
			for _, instr := range b.Instrs {
				v, ok := instr.(ssa.Value)
				if !ok {
					continue
				}
				if addr := loaded(v); addr != nil {
					if h, ok := check(p, v, addr); ok {
						hits = append(hits, h)
					}
				}
			}
		}
	}
	return hits, nil
}

// loaded returns the address that v, a pointer, is read from; nil when it is no
// such value.
func loaded(v ssa.Value) ssa.Value {
	if !prov.IsPointer(v.Type()) && !pointers(v.Type()) {
		return nil
	}
	switch v := v.(type) {
	case *ssa.UnOp:
		if v.Op == token.MUL {
			return v.X
		}
	case *ssa.Call:
		if f := ssafn.Callee(&v.Call); f != nil && ssafn.IsAtomic(f, "Load") {
			return v.Call.Args[0]
		}
	}
	return nil
}

func check(p *ssafn.Program, v, addr ssa.Value) (rule.Hit, bool) {
	var birth prov.Birth
	var origin prov.Origin
	var cell string
	sev := evidence.Severity("")
	for _, m := range memory(p, addr) {
		for _, val := range m.values {
			for _, b := range prov.Births(p, val.Val, nil) {
				for _, o := range b.Origins(p) {
					s := evidence.Severity("")
					switch {
					case o.Kind&prov.Moves != 0:
						s = evidence.High
						if b.Pointer != nil && prov.KeptElsewhere(p, b.Pointer) {
							s = evidence.Medium
						}
					case o.Kind&(prov.Loaded|prov.Opaque) != 0:
						s = evidence.Medium
					}
					if s.Rank() > sev.Rank() {
						b.Path = append(b.Path, rule.Step{Pos: val.At.Pos(), Text: "kept in " + m.name})
						birth, origin, sev, cell = b, o, s, m.name
					}
				}
			}
		}
	}
	if sev == "" {
		return rule.Hit{}, false
	}
	pos := v.Pos()
	if !pos.IsValid() {
		pos = addr.Pos()
	}
	msg := fmt.Sprintf("%s reads a %s out of %s, which holds the address of %s only as a number since %s: the garbage collector and moving stacks do not follow it",
		prov.FuncName(v.Parent()), prov.TypeName(v.Type()), cell, origin.Text, prov.FuncName(birth.From.Parent()))
	var flow []rule.Step
	if origin.Pos.IsValid() {
		flow = append(flow, rule.Step{Pos: origin.Pos, Text: origin.Text})
	}
	flow = append(flow, rule.Step{Pos: birth.Pos, Text: "the address becomes an integer"})
	for _, s := range birth.Path {
		if s.Pos.IsValid() {
			flow = append(flow, s)
		}
	}
	flow = append(flow, rule.Step{Pos: pos, Text: "the integer is read as a pointer"})
	return rule.Hit{
		Pos: pos, End: pos, Severity: sev, Message: msg, Flow: flow, Window: birth.Window(v.Parent(), pos),
	}, true
}
