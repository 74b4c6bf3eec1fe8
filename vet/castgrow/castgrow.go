package castgrow

import (
	_ "embed"
	"fmt"
	"go/token"
	"go/types"

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
	Name:     "cast-grow",
	Severity: evidence.High,
	Bad: `var id uint32
return *(*uint64)(unsafe.Pointer(&id))`,
	Good:   `return uint64(id)`,
	Fix:    "convert values, not pointers; for strings and slices use unsafe.Slice with unsafe.StringData",
	Oracle: "-asan, checkptr=2",
	Source: "package unsafe, rule (1) of type Pointer: T2 is no larger than T1",
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

// check judges one cast.
func check(p *ssafn.Program, c cast.Cast) (rule.Hit, bool) {
	size, ok := p.Sizeof(c.To)
	if !ok || size == 0 || fits(p, c, size) || onlyViewed(c) {
		return rule.Hit{}, false
	}
	if h, ok := capacity(p, c); ok {
		return h, true
	}
	use := cast.Uses(p, c.Conv)
	objects := extent.Of(p, c.Conv.X)
	roomy := false // one of several objects that the pointer may point into here
	for _, o := range objects {
		roomy = roomy || o.May && (o.Bytes < 0 || o.Bytes >= size)
	}
	guarded := false // a look at the length covers every caller
	for _, o := range objects {
		if o.Slice != nil && o.Call == nil {
			_, enough := extent.Enough(p, o, min(use.Reach, size), c.Conv.Block(), true)
			guarded = guarded || enough
		}
	}
	for _, o := range objects {
		// A pointer that is outside already is add-past-object's.
		if o.Bytes <= 0 || o.Bytes >= size || o.May && roomy || o.Call != nil && guarded {
			continue
		}
		if h, ok := grown(p, c, o, use, size); ok {
			return h, true
		}
	}
	for _, o := range objects {
		if o.Slice != nil && use.Reach > 0 && !guarded {
			if h, ok := unchecked(p, c, o, use); ok {
				return h, true
			}
		}
	}
	return rule.Hit{}, false
}

// fits reports a type no larger than what the pointer was declared to point to.
func fits(p *ssafn.Program, c cast.Cast, size int64) bool {
	if c.From == nil {
		return false
	}
	have, ok := p.Sizeof(c.From)
	return ok && size <= have
}

// onlyViewed reports an array that is only sliced or indexed.
func onlyViewed(c cast.Cast) bool {
	if _, ok := c.To.Underlying().(*types.Array); !ok {
		return false
	}
	for _, ref := range *c.Conv.Referrers() {
		switch ref.(type) {
		case *ssa.Slice, *ssa.IndexAddr:
		default:
			return false
		}
	}
	return true
}

// grown judges an object whose size is known and less than the type's.
func grown(p *ssafn.Program, c cast.Cast, o extent.Object, use cast.Use, size int64) (rule.Hit, bool) {
	sev := evidence.High
	switch {
	case o.Typed && (extends(p, c) || use.Reach <= o.Bytes || !whole(c)):
		return rule.Hit{}, false
	case o.Typed:
		sev = evidence.Medium
	case use.Reach > o.Bytes:
	case use.Kept && use.Claimed <= o.Bytes && !extends(p, c):
		sev = evidence.Medium
	default:
		return rule.Hit{}, false
	}
	does := "reads"
	if use.Store {
		does = "writes"
	}
	msg := fmt.Sprintf("%s in %s %s %s, but %s ends after %s", rule.Expr(c.Expr), where(c), does, count(use.Reach), o.Text, count(o.Bytes))
	if use.Reach <= o.Bytes {
		msg = fmt.Sprintf("%s in %s promises %s, but %s ends after %s", rule.Expr(c.Expr), where(c), count(size), o.Text, count(o.Bytes))
	}
	return hit(c, o, use, sev, msg), true
}

// unchecked judges an element of a slice or string of unknown length. Only
// that of a parameter is a promise that somebody else makes; of others the
// code at hand knows more than we can see.
func unchecked(p *ssafn.Program, c cast.Cast, o extent.Object, use cast.Use) (rule.Hit, bool) {
	param, ok := o.Slice.(*ssa.Parameter)
	if !ok || o.Call != nil || !anybody(p, param, 0) {
		return rule.Hit{}, false
	}
	least, enough := extent.Enough(p, o, use.Reach, c.Conv.Block(), true)
	if enough {
		return rule.Hit{}, false
	}
	msg := fmt.Sprintf("%s in %s touches %s, but %s is only known to have %d elements of %s",
		rule.Expr(c.Expr), where(c), count(use.Reach), o.Text, least, count(o.Elem))
	return hit(c, o, use, evidence.Medium, msg), true
}

// anybody reports whether code outside the package chooses what a parameter is.
func anybody(p *ssafn.Program, param *ssa.Parameter, depth int) bool {
	f := param.Parent()
	if f.Parent() == nil && token.IsExported(f.Name()) && p.Pkg.Pkg.Name() != "main" {
		return true
	}
	calls, _ := p.Callers(f)
	for _, c := range calls {
		if up, ok := prov.Argument(c, param).(*ssa.Parameter); ok && depth < 3 && anybody(p, up, depth+1) {
			return true
		}
	}
	return false
}

// capacity finds a string taken for a slice.
func capacity(p *ssafn.Program, c cast.Cast) (rule.Hit, bool) {
	to, ok := c.To.Underlying().(*types.Slice)
	if !ok || c.From == nil || !isString(c.From) {
		return rule.Hit{}, false
	}
	if next, ok := behind(c.Base); ok && isWord(next) {
		return rule.Hit{}, false
	}
	word := p.Sizes.Sizeof(types.Typ[types.Uintptr])
	o := extent.Object{Bytes: 2 * word, Pos: c.Base.Pos(), Text: "the string"}
	for _, known := range extent.Of(p, c.Base) {
		if known.Bytes == 2*word {
			o = known
			break
		}
	}
	msg := fmt.Sprintf("%s in %s takes the word behind a string for the capacity of a %s", rule.Expr(c.Expr), where(c), prov.TypeName(to))
	h := hit(c, o, cast.Uses(p, c.Conv), evidence.High, msg)
	h.Fixes = sliceOfString(p, c)
	return h, true
}

// behind returns the type of the field that follows the string which base is
// the address of.
func behind(base ssa.Value) (types.Type, bool) {
	for {
		fa, ok := base.(*ssa.FieldAddr)
		if !ok {
			return nil, false
		}
		st, ok := fa.X.Type().Underlying().(*types.Pointer).Elem().Underlying().(*types.Struct)
		if !ok {
			return nil, false
		}
		if fa.Field+1 < st.NumFields() {
			return st.Field(fa.Field + 1).Type(), true
		}
		base = fa.X
	}
}

func isString(t types.Type) bool {
	b, ok := t.Underlying().(*types.Basic)
	return ok && b.Info()&types.IsString != 0
}

func isWord(t types.Type) bool {
	b, ok := t.Underlying().(*types.Basic)
	return ok && (b.Kind() == types.Int || b.Kind() == types.Uint || b.Kind() == types.Uintptr)
}

// extends reports a type that begins like the one it is made from: a struct
// known by its header, which may well be there in full.
func extends(p *ssafn.Program, c cast.Cast) bool {
	if c.From == nil {
		return true
	}
	from, complete := layout.Pieces(p.Sizes, c.From)
	to, _ := layout.Pieces(p.Sizes, c.To)
	return !complete || layout.Same(from, to)
}

// whole reports a cast whose result is read or written as one value.
func whole(c cast.Cast) bool {
	for _, ref := range *c.Conv.Referrers() {
		switch ref := ref.(type) {
		case *ssa.UnOp:
			return true
		case *ssa.Store:
			return ref.Addr == c.Conv
		}
	}
	return false
}

func where(c cast.Cast) string { return prov.FuncName(c.Conv.Parent()) }

func hit(c cast.Cast, o extent.Object, use cast.Use, sev evidence.Severity, msg string) rule.Hit {
	var flow []rule.Step
	if o.Pos.IsValid() {
		text := o.Text
		if o.Bytes >= 0 {
			text += ", " + count(o.Bytes) + " from the pointer to its end"
		}
		flow = append(flow, rule.Step{Pos: o.Pos, Text: text})
	}
	for i := range o.Calls {
		call := o.Calls[len(o.Calls)-1-i]
		text := "passed on"
		if callee := ssafn.Callee(call.Common()); callee != nil {
			text = "passed to " + prov.FuncName(callee)
		}
		flow = append(flow, rule.Step{Pos: call.Pos(), Text: text})
	}
	flow = append(flow, rule.Step{Pos: c.Expr.Pos(), Text: "the pointer gets the type *" + prov.TypeName(c.To)})
	if use.At != nil && use.At.Parent() != c.Conv.Parent() && use.At.Pos().IsValid() {
		flow = append(flow, rule.Step{Pos: use.At.Pos(), Text: count(use.Reach) + " from the pointer are touched"})
	}
	return rule.Hit{Pos: c.Expr.Pos(), End: c.Expr.End(), Severity: sev, Message: msg, Flow: flow}
}

func count(n int64) string {
	if n == 1 {
		return "1 byte"
	}
	return fmt.Sprintf("%d bytes", n)
}
