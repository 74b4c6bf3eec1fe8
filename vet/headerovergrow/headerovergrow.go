package headerovergrow

import (
	_ "embed"
	"fmt"
	"go/types"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/ssa"

	"moho/evidence"
	"moho/vet/internal/extent"
	"moho/vet/internal/prov"
	"moho/vet/internal/rule"
	"moho/vet/internal/ssafn"
	"moho/vet/internal/summary"
)

//go:embed doc.go
var source string

// Rule is what people read about the analyzer.
var Rule = rule.New(source, rule.Rule{
	Name:     "header-overgrow",
	Severity: evidence.High,
	Bad: `h := (*reflect.SliceHeader)(unsafe.Pointer(&s))
h.Len = n`,
	Good:   `s = s[:n] // panics where n is more than the capacity`,
	Fix:    "reslice, or make a view with unsafe.Slice(unsafe.SliceData(s), n) after comparing n with cap(s)",
	Oracle: "-asan, for elements that Go code indexes; a guard page behind a copy of the memory",
	Source: "package unsafe, rule (6) of type Pointer; package reflect, type SliceHeader",
})

// Analyzer is the rule for go/analysis drivers. Its result is *rule.Hits.
var Analyzer = Rule.Analyzer(run, summary.Analyzer)

func run(pass *analysis.Pass) ([]rule.Hit, error) {
	p := pass.ResultOf[summary.Analyzer].(*ssafn.Program)
	var hits []rule.Hit
	for _, f := range p.Funcs {
		writes := writesOf(p, f)
		for _, w := range writes {
			if h, ok := check(p, w, writes); ok {
				hits = append(hits, h)
			}
		}
	}
	return hits, nil
}

// A write is a store to a word of a header.
type write struct {
	store *ssa.Store
	words []extent.Word // the variables that it may be the header of
}

func writesOf(p *ssafn.Program, f *ssa.Function) (list []write) {
	for _, b := range f.Blocks {
		for _, instr := range b.Instrs {
			s, ok := instr.(*ssa.Store)
			if !ok || !mayBeWord(s.Addr) || !word(s.Val.Type()) {
				continue
			}
			if words := extent.Words(p, s.Addr); len(words) > 0 {
				list = append(list, write{s, words})
			}
		}
	}
	return list
}

// mayBeWord keeps the walk to addresses that some conversion or helper made.
func mayBeWord(addr ssa.Value) bool {
	switch a := addr.(type) {
	case *ssa.FieldAddr:
		_, local := a.X.(*ssa.Alloc)
		return !local
	case *ssa.IndexAddr, *ssa.Convert, *ssa.Call, *ssa.Parameter, *ssa.Phi, *ssa.UnOp:
		return true
	}
	return false
}

// word reports the types that a header's words have.
func word(t types.Type) bool {
	b, ok := t.Underlying().(*types.Basic)
	if !ok {
		_, ok := t.Underlying().(*types.Pointer)
		return ok || prov.IsHeaderOwner(t) // its first words, all at once
	}
	switch b.Kind() {
	case types.String:
		return true
	case types.Int, types.Uint, types.Uintptr, types.UnsafePointer, types.Int64, types.Uint64, types.Int32, types.Uint32:
		return true
	}
	return false
}

// check judges one store for each variable that it may change.
func check(p *ssafn.Program, w write, all []write) (rule.Hit, bool) {
	size := p.Sizes.Sizeof(types.Typ[types.Uintptr])
	for _, h := range w.words {
		if h.Off != size && h.Off != 2*size {
			continue
		}
		o := &owner{p: p, word: h, size: size}
		o.collect(all)
		sev, why := o.judge(w.store)
		if sev == "" {
			continue
		}
		return hit(o, w.store, sev, why), true
	}
	return rule.Hit{}, false
}

func hit(o *owner, s *ssa.Store, sev evidence.Severity, why string) rule.Hit {
	what := "the length"
	if o.word.Off == 2*o.size {
		what = "the capacity"
	}
	where := prov.FuncName(s.Parent())
	msg := fmt.Sprintf("%s of %s is set in %s to %s, %s", what, o.name(), where, valueText(o.word.Resolve(s.Val)), why)
	flow := []rule.Step{}
	if o.object.Pos.IsValid() {
		flow = append(flow, rule.Step{Pos: o.object.Pos, Text: o.object.Text})
	}
	for i := range o.word.Calls {
		call := o.word.Calls[len(o.word.Calls)-1-i]
		text := "passed on"
		if callee := ssafn.Callee(call.Common()); callee != nil {
			text = "passed to " + prov.FuncName(callee)
		}
		flow = append(flow, rule.Step{Pos: call.Pos(), Text: text})
	}
	flow = append(flow, rule.Step{Pos: s.Pos(), Text: what + " is written"})
	return rule.Hit{Pos: s.Pos(), Severity: sev, Message: msg, Flow: flow}
}
