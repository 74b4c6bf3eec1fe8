package headerliteral

import (
	_ "embed"
	"fmt"
	"go/token"
	"go/types"

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
	Name:     "header-literal",
	Severity: evidence.High,
	Bad: `sh := (*reflect.StringHeader)(unsafe.Pointer(&s))
bh := reflect.SliceHeader{Data: sh.Data, Len: sh.Len, Cap: sh.Len}
return *(*[]byte)(unsafe.Pointer(&bh))`,
	Good:   `return unsafe.Slice(unsafe.StringData(s), len(s))`,
	Fix:    "use unsafe.Slice, unsafe.String, unsafe.SliceData and unsafe.StringData",
	Oracle: "garbage collections injected after the header is made, with clobberfree=1",
	Source: "package unsafe, rule (6) of type Pointer",
})

// Analyzer is the rule for go/analysis drivers. Its result is *rule.Hits.
var Analyzer = Rule.Analyzer(run, summary.Analyzer)

func run(pass *analysis.Pass) ([]rule.Hit, error) {
	p := pass.ResultOf[summary.Analyzer].(*ssafn.Program)
	var hits []rule.Hit
	for _, f := range p.Funcs {
		for _, b := range f.Blocks {
			for _, instr := range b.Instrs {
				if a, ok := instr.(*ssa.Alloc); ok && prov.HeaderShape(pointee(a)) {
					if h, ok := check(p, a); ok {
						hits = append(hits, h)
					}
				}
			}
		}
	}
	return hits, nil
}

func pointee(a *ssa.Alloc) types.Type {
	return a.Type().Underlying().(*types.Pointer).Elem()
}

// A fill is the moment an address enters a header: pos is where to report it.
type fill struct {
	pos, end token.Pos
	origin   prov.Origin
	sev      evidence.Severity
	copied   bool // the whole header was copied from a real string or slice
	from     token.Pos
}

// check judges one variable (or literal) of header shape.
func check(p *ssafn.Program, a *ssa.Alloc) (rule.Hit, bool) {
	use, ok := pun(a, 0)
	f, filled := filledWith(p, a)
	if !filled {
		return rule.Hit{}, false
	}
	kept := keptAlive(a.Parent())
	if !ok {
		// A copy is harmful as soon as its address moves on.
		if !f.copied || kept {
			return rule.Hit{}, false
		}
		if use, ok = movedOn(a); !ok {
			return rule.Hit{}, false
		}
	}
	if kept {
		f.sev = evidence.Medium
	}
	return hit(p, a, f, use), true
}

func hit(p *ssafn.Program, a *ssa.Alloc, f fill, u use) rule.Hit {
	name := prov.TypeName(pointee(a))
	verb := "holds"
	if f.copied {
		verb = "is a copy that holds"
	}
	msg := fmt.Sprintf("%s in %s %s the address of %s as an integer and %s: the memory is not referenced in between",
		header(a, name), prov.FuncName(a.Parent()), verb, f.origin.Text, u.text)
	var flow []rule.Step
	if f.origin.Pos.IsValid() {
		flow = append(flow, rule.Step{Pos: f.origin.Pos, Text: f.origin.Text})
	}
	if f.from.IsValid() && f.from != f.origin.Pos {
		flow = append(flow, rule.Step{Pos: f.from, Text: "the address becomes an integer"})
	}
	flow = append(flow, rule.Step{Pos: f.pos, Text: "the header is made"})
	if u.pos.IsValid() {
		flow = append(flow, rule.Step{Pos: u.pos, Text: u.step})
	}
	return rule.Hit{Pos: f.pos, End: f.end, Severity: f.sev, Message: msg, Flow: flow}
}

func header(a *ssa.Alloc, typ string) string {
	switch a.Comment {
	case "complit", "new":
		return typ
	}
	return typ + " " + a.Comment
}
