package wrapperuintptr

import (
	_ "embed"
	"fmt"
	"go/ast"
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
	Name:     "wrapper-uintptr",
	Severity: evidence.Medium,
	Bad: `func Ioctl(fd, request, arg uintptr) error {
	_, _, e := syscall.Syscall(syscall.SYS_IOCTL, fd, request, arg)
	…`,
	Good: `func Ioctl(fd, request uintptr, arg unsafe.Pointer) error {
	_, _, e := syscall.Syscall(syscall.SYS_IOCTL, fd, request, uintptr(arg))
	…`,
	Fix:    "take an unsafe.Pointer, or mark the function with the directive go:uintptrescapes",
	Oracle: "stack growth (efence=1) injected at the start of the function",
	Source: "go doc compile, //go:uintptrescapes; package unsafe, rule (4) of type Pointer",
})

// Analyzer is the rule for go/analysis drivers. Its result is *rule.Hits.
var Analyzer = Rule.Analyzer(run, summary.Analyzer)

func run(pass *analysis.Pass) ([]rule.Hit, error) {
	p := pass.ResultOf[summary.Analyzer].(*ssafn.Program)
	if p.Pkg == nil || p.Pkg.Pkg.Name() == "main" {
		return nil, nil
	}
	var hits []rule.Hit
	for _, f := range p.Funcs {
		d := p.Decl(f)
		if d == nil || !exported(f) || prov.KeepsIntegers(p, f) || p.Travels(f) {
			continue
		}
		for _, param := range f.Params {
			if h, ok := check(p, f, d, param); ok {
				hits = append(hits, h)
			}
		}
	}
	return hits, nil
}

// exported reports functions that other packages can call by name.
func exported(f *ssa.Function) bool {
	if !token.IsExported(f.Name()) {
		return false
	}
	recv := f.Signature.Recv()
	if recv == nil {
		return true
	}
	t := recv.Type()
	if ptr, ok := t.(*types.Pointer); ok {
		t = ptr.Elem()
	}
	named, ok := types.Unalias(t).(*types.Named)
	return ok && named.Obj().Exported()
}

func check(p *ssafn.Program, f *ssa.Function, d *ast.FuncDecl, param *ssa.Parameter) (rule.Hit, bool) {
	b, ok := param.Type().Underlying().(*types.Basic)
	if !ok || b.Kind() != types.Uintptr || types.Unalias(param.Type()) != types.Typ[types.Uintptr] {
		return rule.Hit{}, false
	}
	use := prov.UseOf(p, param, true)
	why, at := "", use.Pos
	switch {
	case use.Address != "":
		why = use.Address + " takes an address there"
	case use.Pointer && goAddress(p, f, param):
		why = "it becomes a pointer"
	case use.Kernel && goAddress(p, f, param):
		why = "it goes to a system call"
	default:
		return rule.Hit{}, false
	}
	msg := fmt.Sprintf("parameter %s of %s is an address, for %s, but nothing keeps a caller's object in place while it runs: it is a uintptr and the function is not marked go:uintptrescapes",
		param.Name(), prov.FuncName(f), why)
	flow := []rule.Step{{Pos: param.Pos(), Text: "the address comes as a number"}}
	if at.IsValid() {
		flow = append(flow, rule.Step{Pos: at, Text: why})
	}
	return rule.Hit{
		Pos: param.Pos(), End: param.Pos() + token.Pos(len(param.Name())), Severity: evidence.Medium, Message: msg, Flow: flow,
		Fixes: fixes(p, d),
	}, true
}

// goAddress reports whether some call in the package passes the address of Go
// memory for param.
func goAddress(p *ssafn.Program, f *ssa.Function, param *ssa.Parameter) bool {
	calls, _ := p.Callers(f)
	for _, c := range calls {
		arg := prov.Argument(c, param)
		if arg == nil {
			continue
		}
		for _, b := range prov.Births(p, arg, nil) {
			if prov.Kinds(b.Origins(p))&(prov.Moves|prov.Loaded) != 0 {
				return true
			}
		}
	}
	return false
}

// fixes marks the function: the directive is part of its doc comment.
func fixes(p *ssafn.Program, d *ast.FuncDecl) []analysis.SuggestedFix {
	text := "//go:uintptrescapes\n"
	if d.Doc != nil {
		text = "//\n" + text
		for _, c := range d.Doc.List {
			if len(c.Text) > 5 && c.Text[:5] == "//go:" {
				text = "//go:uintptrescapes\n"
			}
		}
	}
	return []analysis.SuggestedFix{{
		Message:   "Mark the function with go:uintptrescapes",
		TextEdits: []analysis.TextEdit{{Pos: d.Pos(), End: d.Pos(), NewText: []byte(text)}},
	}}
}
