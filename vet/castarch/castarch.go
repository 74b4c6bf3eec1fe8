package castarch

import (
	_ "embed"
	"fmt"
	"go/types"
	"strings"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/ssa"

	"moho/evidence"
	"moho/vet/internal/cast"
	"moho/vet/internal/extent"
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
	Name:     "cast-arch",
	Severity: evidence.Medium,
	Bad: `type pair struct{ a, b int }
type wire struct{ a, b int64 }
return *(*wire)(unsafe.Pointer(p)) // p is a *pair`,
	Good:   `return wire{int64(p.a), int64(p.b)}`,
	Fix:    "use fields of fixed size in both, or assert with a constant that their sizes are the same",
	Oracle: "the tests, run with GOARCH=386",
	Source: "package unsafe, rule (1) of type Pointer: the two share an equivalent memory layout",
})

// Analyzer is the rule for go/analysis drivers. Its result is *rule.Hits.
var Analyzer = Rule.Analyzer(run, summary.Analyzer)

func run(pass *analysis.Pass) ([]rule.Hit, error) {
	p := pass.ResultOf[summary.Analyzer].(*ssafn.Program)
	var hits []rule.Hit
	for _, f := range p.Funcs {
		for _, c := range cast.In(p, f) {
			if h, ok := check(p, c); ok {
				hits = append(hits, h)
			}
		}
	}
	return hits, nil
}

// A pair is the two types of a cast, or their elements where both are slices.
type pair struct{ from, to types.Type }

func pairOf(from, to types.Type) (pr pair, elements bool) {
	f, ok1 := from.Underlying().(*types.Slice)
	t, ok2 := to.Underlying().(*types.Slice)
	if ok1 && ok2 {
		return pair{f.Elem(), t.Elem()}, true
	}
	return pair{from, to}, false
}

// fit compares the two types of a pair under one layout.
type fit struct {
	from, to int64 // sizes
	same     bool  // the same parts, as far as both go
}

func (pr pair) fit(s types.Sizes) (f fit, ok bool) {
	from, complete1 := layout.Pieces(s, pr.from)
	to, complete2 := layout.Pieces(s, pr.to)
	if !complete1 || !complete2 {
		return fit{}, false
	}
	return fit{s.Sizeof(pr.from), s.Sizeof(pr.to), layout.Same(from, to)}, true
}

func check(p *ssafn.Program, c cast.Cast) (rule.Hit, bool) {
	if c.From == nil || types.Identical(c.From, c.To) || foreign(p, c.From, 0) || foreign(p, c.To, 0) {
		return rule.Hit{}, false
	}
	pr, elements := pairOf(c.From, c.To)
	if types.Identical(pr.from.Underlying(), pr.to.Underlying()) || isPointer(pr.to) != isPointer(pr.from) {
		return rule.Hit{}, false
	}
	other := layout.Other(p.Sizes)
	if worse(p.Sizes, pr, pr, other, elements) == "" {
		return rule.Hit{}, false
	}
	file := p.File(c.Expr.Pos())
	if file == nil {
		return rule.Hit{}, false
	}
	targets := layout.Targets(p.Fset, file, layout.IsNarrow(other))
	if len(targets) == 0 || extent.ByConstant(c.Conv.Block()) {
		return rule.Hit{}, false
	}
	there := p.Elsewhere()
	if there.Err != nil {
		return rule.Hit{}, false
	}
	from := there.Type(c.From)
	if a, ok := c.Base.(*ssa.Alloc); ok {
		from = there.TypeAt(a.Pos(), c.From)
	}
	to := c.To
	if tv := there.TypeOf(c.Expr.Fun); tv != nil {
		if ptr, ok := tv.Underlying().(*types.Pointer); ok {
			to = ptr.Elem()
		}
	}
	pr2, _ := pairOf(from, to)
	why := worse(p.Sizes, pr, pr2, other, elements)
	if why == "" {
		return rule.Hit{}, false
	}
	where := prov.FuncName(c.Conv.Parent())
	msg := fmt.Sprintf("%s in %s: on %s %s", rule.Expr(c.Expr), where, some(targets), why)
	h := rule.Hit{
		Pos: c.Expr.Pos(), End: c.Expr.End(), Severity: evidence.Medium, Message: msg,
		Flow: []rule.Step{{Pos: c.Expr.Pos(), Text: "a *" + prov.TypeName(c.From) + " becomes a *" + prov.TypeName(c.To)}},
	}
	h.Fixes = assertion(p, c, pr, other)
	return h, true
}

// worse compares how the two types fit here and, as pair there, elsewhere.
func worse(here types.Sizes, pr, there pair, other types.Sizes, elements bool) string {
	now, ok1 := pr.fit(here)
	then, ok2 := there.fit(other)
	if !ok1 || !ok2 {
		return ""
	}
	f, t := prov.TypeName(pr.from), prov.TypeName(pr.to)
	switch {
	case elements && now.from == now.to && then.from != then.to:
		return fmt.Sprintf("an element of type %s has %d bytes, and one of type %s has %d", f, then.from, t, then.to)
	case now.to <= now.from && then.to > then.from:
		return fmt.Sprintf("%s has %d bytes, %s only %d", t, then.to, f, then.from)
	case now.same && !then.same && now.to <= now.from:
		return fmt.Sprintf("%s and %s do not have their fields at the same places", f, t)
	}
	return ""
}

// foreign reports types that are declared anew for each processor, or made of
// such.
func foreign(p *ssafn.Program, t types.Type, depth int) bool {
	if depth > 8 {
		return true
	}
	if ssafn.IsCType(t) {
		return true
	}
	switch t := types.Unalias(t).(type) {
	case *types.Named:
		obj := t.Obj()
		if obj.Pkg() == nil {
			return false
		}
		switch path := obj.Pkg().Path(); {
		case path == "syscall" || path == "runtime" || strings.HasPrefix(path, "golang.org/x/sys/"):
			return true
		}
		if !layout.Everywhere(p.Fset, p.File(obj.Pos()), obj.Pos()) {
			return true
		}
		return foreign(p, t.Underlying(), depth+1)
	case *types.Struct:
		for f := range t.Fields() {
			if foreign(p, f.Type(), depth+1) {
				return true
			}
		}
	case *types.Array:
		return foreign(p, t.Elem(), depth+1)
	case *types.Slice:
		return foreign(p, t.Elem(), depth+1)
	}
	return false
}

// isPointer reports a type that is one pointer: a pointer read where a number is,
// or the other way round, is wrong for other reasons (pun-uintptr-load).
func isPointer(t types.Type) bool {
	switch t := t.Underlying().(type) {
	case *types.Pointer, *types.Chan, *types.Map, *types.Signature:
		return true
	case *types.Basic:
		return t.Kind() == types.UnsafePointer
	}
	return false
}

// some names at most three processors.
func some(targets []string) string {
	if len(targets) > 3 {
		return strings.Join(targets[:3], ", ") + " and others"
	}
	return strings.Join(targets, ", ")
}
