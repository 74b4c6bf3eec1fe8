package noescapelie

import (
	_ "embed"
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strings"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/ssa"

	"moho/evidence"
	"moho/vet/internal/asmflow"
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
	Name:     "noescape-lie",
	Severity: evidence.High,
	Bad: `//go:noescape
func remember(p *state) // MOVQ p+0(FP), AX; MOVQ AX, ·last(SB)`,
	Good:   `func remember(p *state) // without the promise, *p is on the heap`,
	Fix:    "remove go:noescape (or #cgo noescape), or do not keep the pointer",
	Oracle: "stack growth injected after the call (efence=1)",
	Source: "cmd/compile, compiler directive go:noescape; cmd/cgo, #cgo noescape",
})

// Analyzer is the rule for go/analysis drivers. Its result is *rule.Hits.
var Analyzer = Rule.Analyzer(run, summary.Analyzer, asmflow.Analyzer)

func run(pass *analysis.Pass) ([]rule.Hit, error) {
	p := pass.ResultOf[summary.Analyzer].(*ssafn.Program)
	program := pass.ResultOf[asmflow.Analyzer].(*asmflow.Program)
	var hits []rule.Hit
	for _, f := range program.Funcs {
		if h, ok := inAssembly(pass, f); ok {
			hits = append(hits, h)
		}
	}
	if p.Pkg == nil || p.C() == nil {
		return hits, nil
	}
	for _, f := range p.Funcs {
		for _, b := range f.Blocks {
			for _, instr := range b.Instrs {
				if h, ok := callOfC(p, f, instr); ok && !slices.ContainsFunc(hits, func(o rule.Hit) bool { return o.Pos == h.Pos }) {
					hits = append(hits, h)
				}
			}
		}
	}
	return hits, nil
}

// inAssembly judges one function in assembly whose declaration promises.
func inAssembly(pass *analysis.Pass, f *asmflow.Func) (rule.Hit, bool) {
	if f.Layout == nil || f.Decl == nil || !promises(f.Decl) {
		return rule.Hit{}, false
	}
	fn, ok := pass.TypesInfo.Defs[f.Decl.Name].(*types.Func)
	if !ok {
		return rule.Hit{}, false
	}
	param, where, at, ok := keeps(f, pointers(fn))
	if !ok {
		return rule.Hit{}, false
	}
	pos := f.Decl.Pos()
	return rule.Hit{
		Pos: pos, End: f.Decl.End(), Severity: evidence.High,
		Message: fmt.Sprintf("%s promises by go:noescape not to keep %s, but its assembly stores it in %s: the compiler leaves on the stack what it points to", fn.Name(), param, where),
		Flow: []rule.Step{
			{Pos: pos, Text: "the promise"},
			{Pos: f.Pos(f.Flow.Func.Insts[at].At), Text: "the pointer is stored in " + where},
		},
	}, true
}

func promises(d *ast.FuncDecl) bool {
	if d.Doc == nil {
		return false
	}
	for _, c := range d.Doc.List {
		if strings.TrimSpace(c.Text) == "//go:noescape" {
			return true
		}
	}
	return false
}

// pointers names the words of the arguments that are pointers, as assembly does.
func pointers(fn *types.Func) map[string]string {
	out := map[string]string{}
	for v := range fn.Signature().Params().Variables() {
		switch u := v.Type().Underlying().(type) {
		case *types.Pointer:
			out[v.Name()] = v.Name()
		case *types.Slice:
			out[v.Name()+"_base"] = v.Name()
		case *types.Basic:
			if u.Kind() == types.UnsafePointer {
				out[v.Name()] = v.Name()
			} else if u.Info()&types.IsString != 0 {
				out[v.Name()+"_base"] = v.Name()
			}
		}
	}
	return out
}

// callOfC judges a call of a C function that a #cgo line promises for.
func callOfC(p *ssafn.Program, f *ssa.Function, instr ssa.Instruction) (rule.Hit, bool) {
	c, ok := ssafn.CCall(instr)
	if !ok || !p.C().NoEscape[c.Name] {
		return rule.Hit{}, false
	}
	known := p.C().Func(c.Name)
	if known == nil {
		return rule.Hit{}, false
	}
	for i, arg := range c.Args {
		if i >= len(known.Params) || !known.Params[i].Keeps {
			continue
		}
		if prov.Kinds(prov.Of(p, arg, nil))&prov.Moves == 0 {
			continue
		}
		call, _ := lifetime.Span(p, instr)
		pos, end := promise(p, c.Name)
		if !pos.IsValid() {
			pos, end = call, call
		}
		return rule.Hit{
			Pos: pos, End: end, Severity: evidence.High,
			Message: fmt.Sprintf("#cgo noescape promises that %s does not keep what it is given, but it does (%s), and %s gives it a Go pointer: the compiler leaves on the stack what it points to",
				c.Name, known.Params[i].Where, prov.FuncName(f)),
			Flow: []rule.Step{{Pos: pos, Text: "the promise"}, {Pos: call, Text: "passed to C, which keeps it (" + known.Params[i].Where + ")"}},
		}, true
	}
	return rule.Hit{}, false
}

// promise is the #cgo line about a C function.
func promise(p *ssafn.Program, name string) (pos, end token.Pos) {
	for _, f := range p.Files {
		for _, g := range f.Comments {
			for _, c := range g.List {
				off := 0
				for line := range strings.Lines(c.Text) {
					words := strings.Fields(strings.TrimPrefix(strings.TrimSpace(line), "//"))
					if len(words) == 3 && words[0] == "#cgo" && words[1] == "noescape" && words[2] == name {
						return c.Pos() + token.Pos(off), c.Pos() + token.Pos(off+len(strings.TrimRight(line, "\n")))
					}
					off += len(line)
				}
			}
		}
	}
	return token.NoPos, token.NoPos
}
