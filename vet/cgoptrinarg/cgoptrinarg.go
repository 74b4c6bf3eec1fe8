package cgoptrinarg

import (
	_ "embed"
	"go/types"

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
	Name:     "c-go-ptr-in-arg",
	Severity: evidence.High,
	Bad:      `msg := C.struct_msg{data: unsafe.Pointer(&buf[0])}; C.send(&msg)`,
	Good:     `var pinner runtime.Pinner; defer pinner.Unpin(); pinner.Pin(&buf[0]); msg := C.struct_msg{data: unsafe.Pointer(&buf[0])}; C.send(&msg)`,
	Fix:      "pin the object with a runtime.Pinner, put C memory there instead (C.CBytes, C.CString), or store a cgo.Handle",
	Oracle:   "GODEBUG=cgocheck=1 for arguments, GOEXPERIMENT=cgocheck2 for C memory",
	Source:   "cmd/cgo, Passing pointers",
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
		pinners := 1
		for _, b := range f.Blocks {
			for _, instr := range b.Instrs {
				if call, ok := instr.(ssa.CallInstruction); ok {
					if h, stored, ok := argument(p, call); ok {
						if h.Fixes = pinFix(p, stored, pinners); h.Fixes != nil {
							pinners++
						}
						hits = append(hits, h)
					}
				}
			}
		}
	}
	return hits, nil
}

// unpinned reports a value that is a pointer to Go memory which nothing pins, or
// holds one: a slice, a string, a map, an interface.
func unpinned(p *ssafn.Program, v ssa.Value, at ssa.Instruction) (prov.Origin, bool) {
	if !ssafn.HasPointer(v.Type()) || ssafn.IsFuncPointer(v.Type()) {
		return prov.Origin{}, false
	}
	if _, isStruct := v.Type().Underlying().(*types.Struct); isStruct {
		return prov.Origin{}, false
	}
	o, ok := cptr.Go(p, v, nil)
	if !ok {
		return prov.Origin{}, false
	}
	if _, pinned := cptr.Pinned(p, v, at); pinned {
		return prov.Origin{}, false
	}
	return o, true
}

// pointer reports types of one word that is a pointer to data.
func pointer(t types.Type) bool {
	switch u := t.Underlying().(type) {
	case *types.Pointer:
		return true
	case *types.Basic:
		return u.Kind() == types.UnsafePointer
	}
	return false
}
