package viewoverrun

import (
	_ "embed"
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
	Name:     "view-overrun",
	Severity: evidence.High,
	Bad:      `ids := (*[1 << 20]uint64)(unsafe.Pointer(&page.first))[:count]`,
	Good:     `ids := unsafe.Slice((*uint64)(unsafe.Pointer(&page.first)), min(count, page.max))`,
	Fix:      "use unsafe.Slice with a length that is checked against the object; a third bound [:n:n] helps only where n is known to fit",
	Oracle:   "checkptr=2, -asan",
	Source:   "package unsafe, rule (1) of type Pointer, and functions Slice and String",
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
				for _, v := range views(p.Info, p, instr) {
					if h, ok := check(p, v); ok {
						hits = append(hits, h)
						break // one finding per conversion
					}
				}
			}
		}
	}
	return hits, nil
}

// A view is one use of memory as a string, slice or array.
//
// Need is the number of bytes that it reaches; -1 when that depends on Len,
// a number of elements of Elem bytes each. Bounded is set when the view ends at
// a third slice bound.
type view struct {
	ptr   ssa.Value
	block *ssa.BasicBlock
	pos   token.Pos
	end   token.Pos
	text  string // "(*[10]int)(p)[:]"
	need  int64
	len   ssa.Value
	elem  int64
	array bool
	huge  bool      // a made-up maximum
	high  ssa.Value // where slicing ends it, nil if it does not
	fix   []analysis.SuggestedFix
}

// views lists the views that an instruction makes.
func views(info *types.Info, p *ssafn.Program, instr ssa.Instruction) []view {
	switch instr := instr.(type) {
	case *ssa.Convert:
		return arrayViews(info, p, instr)
	case *ssa.Call:
		b, ok := instr.Call.Value.(*ssa.Builtin)
		if !ok || b.Name() != "Slice" && b.Name() != "String" {
			return nil
		}
		return builtinView(p, instr)
	}
	return nil
}

// builtinView describes unsafe.Slice(ptr, n) and unsafe.String(ptr, n).
func builtinView(p *ssafn.Program, call *ssa.Call) []view {
	ptr, n := call.Call.Args[0], call.Call.Args[1]
	pt, ok := ptr.Type().Underlying().(*types.Pointer)
	if !ok {
		return nil
	}
	elem, ok := p.Sizeof(pt.Elem())
	expr := p.Call(call.Pos())
	if !ok || elem == 0 || expr == nil {
		return nil
	}
	v := view{ptr: ptr, block: call.Block(), pos: expr.Pos(), end: expr.End(), text: rule.Expr(expr), need: -1, len: n, elem: elem}
	if c, ok := constant(n); ok {
		v.need = saturate(c, elem)
	}
	return []view{v}
}

// arrayViews describes what is done with (*[N]T)(p).
func arrayViews(info *types.Info, p *ssafn.Program, conv *ssa.Convert) []view {
	pt, ok := conv.Type().Underlying().(*types.Pointer)
	if !ok {
		return nil
	}
	arr, ok := pt.Elem().Underlying().(*types.Array)
	if !ok || prov.Strip(conv) == ssa.Value(conv) {
		return nil
	}
	elem, ok := p.Sizeof(arr.Elem())
	expr := p.Call(conv.Pos())
	if !ok || elem == 0 || expr == nil {
		return nil
	}
	base := view{ptr: conv.X, pos: expr.Pos(), end: expr.End(), elem: elem, array: true}
	full := saturate(arr.Len(), elem)
	base.huge = full >= 1<<20
	var out []view
	for _, ref := range *conv.Referrers() {
		v := base
		v.block = ref.Block()
		switch ref := ref.(type) {
		case *ssa.Slice:
			if !sliced(p, &v, ref, full, rule.Expr(expr)) {
				continue
			}
			v.fix, v.high = endsView(info, p, ref), ref.High
		case *ssa.IndexAddr:
			v.text = rule.Expr(expr) + "[i]"
			v.need = full
			if _, ok := constant(ref.Index); ok {
				v.huge = false // nothing to report where the object is unknown
			} else {
				v.len = ref.Index
			}
		default:
			continue
		}
		out = append(out, v)
	}
	return out
}

// sliced fills in a view made by slicing; false when its end is not constant
// and bounded by the code itself.
func sliced(p *ssafn.Program, v *view, s *ssa.Slice, full int64, text string) bool {
	v.text = text + "[:]"
	v.need = full
	if s.Max == nil {
		return true
	}
	v.text = text + "[::]"
	v.huge = false
	if c, ok := constant(s.Max); ok {
		v.need = saturate(c, v.elem)
		return true
	}
	return false
}
