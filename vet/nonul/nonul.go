package nonul

import (
	_ "embed"
	"fmt"
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
	Name:     "no-nul",
	Severity: evidence.Medium,
	Bad:      `n := C.strlen((*C.char)(unsafe.Pointer(unsafe.StringData(s))))`,
	Good:     `cs := C.CString(s); defer C.free(unsafe.Pointer(cs)); n := C.strlen(cs)`,
	Fix:      "pass C.CString(s), append a zero byte first, or use a C function that takes the length",
	Oracle:   "-asan, for the string functions of the C library and bytes on the heap; nothing for constants",
	Source:   "cmd/cgo, Go references to C: C.CString",
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
				if h, ok := check(p, instr); ok {
					hits = append(hits, h)
				}
			}
		}
	}
	return hits, nil
}

func check(p *ssafn.Program, instr ssa.Instruction) (rule.Hit, bool) {
	c, ok := ssafn.CCall(instr)
	if !ok {
		return rule.Hit{}, false
	}
	call := instr.(ssa.CallInstruction)
	for i, arg := range c.Args {
		if !reads(p, c, i) {
			continue
		}
		b := bytesOf(p, arg)
		if b == nil {
			continue
		}
		what, bad := unended(p, b, call, 0)
		if !bad {
			continue
		}
		pos, end := cptr.Span(p, instr)
		return rule.Hit{
			Pos: pos, End: end, Severity: evidence.Medium,
			Message: fmt.Sprintf("%s in %s is read by C.%s up to a NUL, but it points to %s, where nothing puts one",
				cptr.Arg(p, call, i), prov.FuncName(instr.Parent()), c.Name, what),
			Flow:   []rule.Step{{Pos: b.Pos(), Text: what}, {Pos: pos, Text: "C." + c.Name + " looks for its end"}},
			Window: rule.Span{Pos: pos, End: end},
		}, true
	}
	return rule.Hit{}, false
}

// reads reports whether a C function reads argument i up to a NUL.
func reads(p *ssafn.Program, c ssafn.CFunc, i int) bool {
	if c.Name == "GoString" {
		return i == 0
	}
	f := p.C().Func(c.Name)
	return f != nil && f.Param(i).NUL
}

// bytesOf returns the string or slice of bytes that a pointer is the start of,
// nil when it is something else, or is not known to be the start.
func bytesOf(p *ssafn.Program, v ssa.Value) ssa.Value {
	for range 64 {
		if isBytes(v.Type()) {
			return v
		}
		switch x := v.(type) {
		case *ssa.IndexAddr:
			if !isBytes(x.X.Type()) {
				return nil
			}
			v = x.X
		case *ssa.Convert, *ssa.ChangeType, *ssa.MakeInterface:
			v = (*x.(ssa.Instruction).Operands(nil)[0])
		case *ssa.Call:
			b, ok := x.Call.Value.(*ssa.Builtin)
			if !ok || b.Name() != "SliceData" && b.Name() != "StringData" {
				return nil
			}
			v = x.Call.Args[0]
		case *ssa.UnOp:
			// *(**byte)(unsafe.Pointer(&s)): the first word of a header.
			root := prov.Strip(x.X)
			ptr, ok := root.Type().Underlying().(*types.Pointer)
			if ok && isBytes(ptr.Elem()) {
				if stores, complete := p.StoresTo(root); complete && len(stores) == 1 {
					return stores[0].Val
				}
				return nil
			}
			next := cptr.Root(p, v)
			if next == v {
				return nil
			}
			stores, complete := p.StoresTo(x.X)
			if !complete || len(stores) != 1 {
				return nil
			}
			v = stores[0].Val
		default:
			return nil
		}
	}
	return nil
}

func isBytes(t types.Type) bool {
	switch u := t.Underlying().(type) {
	case *types.Basic:
		return u.Info()&types.IsString != 0
	case *types.Slice:
		b, ok := u.Elem().Underlying().(*types.Basic)
		return ok && (b.Kind() == types.Uint8 || b.Kind() == types.Int8)
	}
	return false
}
