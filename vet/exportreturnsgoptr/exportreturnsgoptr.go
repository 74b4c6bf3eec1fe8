package exportreturnsgoptr

import (
	_ "embed"
	"fmt"
	"go/token"
	"go/types"
	"strings"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/ssa"

	"moho/evidence"
	"moho/vet/internal/cptr"
	"moho/vet/internal/prov"
	"moho/vet/internal/rule"
	"moho/vet/internal/ssafn"
	"moho/vet/internal/summary"
)

//go:embed doc.go
var source string

// Rule is what people read about the analyzer.
var Rule = rule.New(source, rule.Rule{
	Name:     "export-returns-go-ptr",
	Severity: evidence.High,
	Bad:      "//export Name\nfunc Name() *C.char { b := []byte(\"moho\\x00\"); return (*C.char)(unsafe.Pointer(&b[0])) }",
	Good:     "//export Name\nfunc Name() *C.char { return C.CString(\"moho\") } // C frees it",
	Fix:      "return memory from C.CString, C.CBytes or C.malloc, return a cgo.Handle, or pin the object until C has called back to release it",
	Oracle:   "GODEBUG=cgocheck=1, which is on",
	Source:   "cmd/cgo, Passing pointers; $GOROOT/src/runtime/cgocall.go (cgoCheckResult), go1.26",
})

// Analyzer is the rule for go/analysis drivers. Its result is *rule.Hits.
var Analyzer = Rule.Analyzer(run, summary.Analyzer)

func run(pass *analysis.Pass) ([]rule.Hit, error) {
	p := pass.ResultOf[summary.Analyzer].(*ssafn.Program)
	var hits []rule.Hit
	for _, f := range p.Funcs {
		if !exported(p, f) {
			continue
		}
		for _, b := range f.Blocks {
			if len(b.Instrs) == 0 {
				continue
			}
			ret, ok := b.Instrs[len(b.Instrs)-1].(*ssa.Return)
			if !ok {
				continue
			}
			for i, v := range ret.Results {
				if h, ok := check(p, f, ret, i, v); ok {
					hits = append(hits, h)
					break
				}
			}
		}
	}
	return hits, nil
}

// exported reports functions that C can call by a name that Go gave them.
func exported(p *ssafn.Program, f *ssa.Function) bool {
	d := p.Decl(f)
	if d == nil || d.Doc == nil {
		return false
	}
	for _, c := range d.Doc.List {
		if strings.HasPrefix(c.Text, "//export ") {
			return true
		}
	}
	return false
}

func check(p *ssafn.Program, f *ssa.Function, ret *ssa.Return, i int, v ssa.Value) (rule.Hit, bool) {
	if !ssafn.HasPointer(v.Type()) {
		return rule.Hit{}, false
	}
	o, in, ok := leaves(p, v, ret, 0)
	if !ok {
		return rule.Hit{}, false
	}
	pos := ret.Pos()
	what := "result"
	if len(ret.Results) > 1 {
		what = fmt.Sprintf("result %d", i+1)
	}
	if in != "" {
		what = "field " + in + " of the " + what
	}
	var flow []rule.Step
	if o.Pos.IsValid() {
		flow = append(flow, rule.Step{Pos: o.Pos, Text: o.Text})
	}
	flow = append(flow, rule.Step{Pos: pos, Text: "returned to C"})
	if box, ok := v.(*ssa.MakeInterface); ok && !ssafn.HasPointer(box.X.Type()) {
		// cgo's check takes the value out of the interface and finds no pointer in it.
		return rule.Hit{
			Pos: pos, End: pos, Severity: evidence.Medium,
			Message: fmt.Sprintf("the %s of %s, which is exported to C, is an interface around %s: its data is Go memory that is not pinned, which cgo's check at run time does not see",
				what, prov.FuncName(f), prov.TypeName(box.X.Type())),
			Flow: flow,
		}, true
	}
	return rule.Hit{
		Pos: pos, End: pos, Severity: evidence.High,
		Message: fmt.Sprintf("the %s of %s, which is exported to C, is a pointer to %s that is not pinned: the program panics here",
			what, prov.FuncName(f), o.Text),
		Flow:   flow,
		Window: rule.Span{Pos: pos, End: pos},
	}, true
}

// leaves reports a pointer to Go memory in a result, and the field that it is in.
func leaves(p *ssafn.Program, v ssa.Value, ret *ssa.Return, depth int) (o prov.Origin, field string, ok bool) {
	if depth > 4 || ssafn.IsFuncPointer(v.Type()) {
		return prov.Origin{}, "", false
	}
	if _, isStruct := v.Type().Underlying().(*types.Struct); isStruct {
		load, isLoad := v.(*ssa.UnOp)
		if !isLoad || load.Op != token.MUL {
			return prov.Origin{}, "", false
		}
		from, isAlloc := load.X.(*ssa.Alloc)
		if !isAlloc {
			return prov.Origin{}, "", false
		}
		for _, ref := range *from.Referrers() {
			fa, isField := ref.(*ssa.FieldAddr)
			if !isField {
				continue
			}
			for _, r := range *fa.Referrers() {
				s, isStore := r.(*ssa.Store)
				if !isStore || s.Addr != fa || !ssafn.HasPointer(s.Val.Type()) {
					continue
				}
				if o, _, ok := leaves(p, s.Val, ret, depth+1); ok {
					name := "?"
					if f := ssafn.Field(fa); f != nil {
						name = f.Name()
					}
					return o, name, true
				}
			}
		}
		return prov.Origin{}, "", false
	}
	for _, o := range prov.Of(p, v, nil) {
		switch {
		case o.Kind&(prov.Local|prov.Heap|prov.Reflect) != 0:
		case o.Kind == prov.Loaded && goPointer(v.Type()):
		default:
			continue
		}
		if _, pinned := cptr.Pinned(p, v, ret); pinned {
			continue
		}
		return o, "", true
	}
	return prov.Origin{}, "", false
}

// goPointer reports a pointer to a type that is not C's, so that what is read
// from elsewhere is most likely Go's.
func goPointer(t types.Type) bool {
	ptr, ok := t.Underlying().(*types.Pointer)
	return ok && !ssafn.IsCType(ptr.Elem())
}
