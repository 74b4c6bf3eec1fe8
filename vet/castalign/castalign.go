package castalign

import (
	_ "embed"
	"fmt"
	"go/constant"
	"go/token"
	"go/types"
	"strings"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/ssa"

	"moho/evidence"
	"moho/vet/internal/align"
	"moho/vet/internal/cast"
	"moho/vet/internal/layout"
	"moho/vet/internal/prov"
	"moho/vet/internal/rule"
	"moho/vet/internal/ssafn"
	"moho/vet/internal/summary"
)

//go:embed doc.go
var source string

// Rule is what people read about the analyzer.
var Rule = rule.New(source, rule.Rule{
	Name:     "cast-align",
	Severity: evidence.Medium,
	Bad:      `seq := atomic.LoadUint64((*uint64)(unsafe.Pointer(&buf[4])))`,
	Good:     `seq := binary.LittleEndian.Uint64(buf[4:]) // under a lock, where it is shared`,
	Fix:      "read and write bytes with encoding/binary or copy; place what is accessed atomically at multiples of 8",
	Oracle:   "the tests, run with GOARCH=386; checkptr for types with pointers",
	Source:   "package sync/atomic, section Bugs; package unsafe, rule (1) of type Pointer",
})

// Analyzer is the rule for go/analysis drivers. Its result is *rule.Hits.
var Analyzer = Rule.Analyzer(run, summary.Analyzer)

func run(pass *analysis.Pass) ([]rule.Hit, error) {
	p := pass.ResultOf[summary.Analyzer].(*ssafn.Program)
	r := &runner{p: p, reported: map[token.Pos]bool{}}
	for _, f := range p.Funcs {
		for _, b := range f.Blocks {
			for _, instr := range b.Instrs {
				if call, ok := instr.(ssa.CallInstruction); ok {
					r.atomic(call)
				}
			}
		}
	}
	for _, f := range p.Funcs {
		for _, c := range cast.In(p, f) {
			r.pointers(c)
			r.strict(c)
		}
	}
	return r.hits, nil
}

type runner struct {
	p        *ssafn.Program
	hits     []rule.Hit
	reported map[token.Pos]bool
}

// atomic judges the address that an atomic operation works on.
func (r *runner) atomic(call ssa.CallInstruction) {
	addr, need, _ := align.Atomic(call)
	if addr == nil {
		return
	}
	for _, w := range align.Of(r.p, addr, layout.Narrow) {
		if w.Cast == nil || w.Aligned(need) {
			continue
		}
		direct := prov.Strip(addr) != addr && w.Cast == addr
		if w.Stride%need != 0 && (!direct || tested(w)) {
			continue
		}
		c, ok := cast.Of(r.p, w.Cast)
		if !ok {
			continue
		}
		r.report(c, w, call.Pos(), fmt.Sprintf("an atomic operation needs a multiple of %d", need))
	}
}

// pointers judges a cast to a type with pointers.
func (r *runner) pointers(c cast.Cast) {
	if c.From == nil || layout.Generic(c.To) || !layout.HasPointers(c.To) {
		return
	}
	word := r.p.Sizes.Sizeof(types.Typ[types.Uintptr])
	if layout.Generic(c.From) || r.p.Sizes.Alignof(c.From) >= word || cast.Uses(r.p, c.Conv).Reach == 0 {
		return
	}
	for _, w := range align.Of(r.p, c.Conv, r.p.Sizes) {
		if w.Stride == 0 && !w.Aligned(word) {
			r.report(c, w, token.NoPos, fmt.Sprintf("the garbage collector sees pointers at multiples of %d only", word))
		}
	}
}

// strict judges a plain access, for processors that need alignment.
func (r *runner) strict(c cast.Cast) {
	file := r.p.File(c.Expr.Pos())
	if file == nil || c.From == nil || layout.Generic(c.To) || layout.Generic(c.From) {
		return
	}
	need := r.p.Sizes.Alignof(c.To)
	if r.p.Sizes.Alignof(c.From) >= need {
		return
	}
	targets := layout.Strict(r.p.Fset, file)
	if len(targets) == 0 || cast.Uses(r.p, c.Conv).Reach == 0 {
		return
	}
	for _, w := range align.Of(r.p, c.Conv, r.p.Sizes) {
		if !w.Aligned(need) && !tested(w) {
			r.report(c, w, token.NoPos, fmt.Sprintf("%s needs a multiple of %d", strings.Join(targets, ", "), need))
		}
	}
}

func (r *runner) report(c cast.Cast, w align.Way, use token.Pos, why string) {
	if r.reported[c.Expr.Pos()] {
		return
	}
	r.reported[c.Expr.Pos()] = true
	base := baseText(w.Base)
	at := fmt.Sprintf("%d bytes into %s", w.Off, base)
	if w.Stride > 0 {
		at = fmt.Sprintf("at any multiple of %d in %s", w.Stride, base)
		if w.Stride == 1 {
			at = "anywhere in " + base
		}
	}
	msg := fmt.Sprintf("%s in %s points %s, but %s", rule.Expr(c.Expr), prov.FuncName(c.Conv.Parent()), at, why)
	var flow []rule.Step
	if pos := w.Base.Pos(); pos.IsValid() {
		flow = append(flow, rule.Step{Pos: pos, Text: base})
	}
	for i := range w.Calls {
		flow = append(flow, rule.Step{Pos: w.Calls[len(w.Calls)-1-i].Pos(), Text: "passed on"})
	}
	flow = append(flow, rule.Step{Pos: c.Expr.Pos(), Text: "the pointer gets the type *" + prov.TypeName(c.To)})
	if use.IsValid() {
		flow = append(flow, rule.Step{Pos: use, Text: "the atomic operation"})
	}
	r.hits = append(r.hits, rule.Hit{Pos: c.Expr.Pos(), End: c.Expr.End(), Severity: evidence.Medium, Message: msg, Flow: flow})
}

// tested reports whether something speaks for an index being a multiple of
// more than its element's size: it is computed with a factor, a shift or a
// mask, or the function tests low bits of anything.
func tested(w align.Way) bool {
	if w.Index == nil {
		return false
	}
	if rounded(w.Index, 0) {
		return true
	}
	for _, b := range w.Cast.Parent().Blocks {
		for _, instr := range b.Instrs {
			op, ok := instr.(*ssa.BinOp)
			if !ok {
				continue
			}
			n, ok := constInt(op.Y)
			if ok && (op.Op == token.AND && (n == 7 || n == 3) || op.Op == token.REM && (n == 8 || n == 4)) {
				return true
			}
		}
	}
	return false
}

func rounded(v ssa.Value, depth int) bool {
	if depth > 6 {
		return false
	}
	switch v := v.(type) {
	case *ssa.Convert:
		return rounded(v.X, depth+1)
	case *ssa.Phi:
		for _, e := range v.Edges {
			if rounded(e, depth+3) {
				return true
			}
		}
	case *ssa.BinOp:
		n, known := constInt(v.Y)
		if !known {
			n, known = constInt(v.X)
		}
		switch v.Op {
		case token.MUL:
			return known && n%4 == 0
		case token.SHL:
			return known && n >= 2
		case token.AND_NOT:
			return true
		case token.AND:
			return !known || n&3 == 0 // a mask that is kept in a variable
		case token.ADD, token.SUB:
			return known && n%4 == 0 && rounded(v.X, depth+1) || rounded(v.X, depth+1) && rounded(v.Y, depth+1) || known && n%8 == 0 && stepped(v)
		}
	}
	return false
}

// stepped reports a loop variable that grows by the constant in v.
func stepped(v *ssa.BinOp) bool {
	phi, ok := v.X.(*ssa.Phi)
	if !ok {
		return false
	}
	for _, e := range phi.Edges {
		if c, ok := constInt(e); e != v && (!ok || c%8 != 0) {
			return false
		}
	}
	return true
}

func constInt(v ssa.Value) (int64, bool) {
	c, ok := v.(*ssa.Const)
	if !ok || c.Value == nil || c.Value.Kind() != constant.Int {
		return 0, false
	}
	return constant.Int64Val(c.Value)
}

func baseText(v ssa.Value) string {
	switch v := v.(type) {
	case *ssa.Alloc:
		switch v.Comment {
		case "new", "complit", "makeslice", "slicelit", "":
			return "a new " + prov.TypeName(v.Type().Underlying().(*types.Pointer).Elem())
		}
		return "variable " + v.Comment
	case *ssa.Global:
		return "package variable " + v.Name()
	case *ssa.Parameter:
		return v.Name()
	case *ssa.MakeSlice:
		return "a new " + prov.TypeName(v.Type())
	}
	t := v.Type()
	if ptr, ok := t.Underlying().(*types.Pointer); ok {
		t = ptr.Elem()
	}
	return "a " + prov.TypeName(t)
}
