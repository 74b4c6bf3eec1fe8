package viewoverrun

import (
	"fmt"
	goconst "go/constant"
	"go/types"
	"math"

	"golang.org/x/tools/go/ssa"

	"moho/evidence"
	"moho/vet/internal/extent"
	"moho/vet/internal/prov"
	"moho/vet/internal/rule"
	"moho/vet/internal/ssafn"
)

// constant returns a constant integer that fits an int64.
func constant(v ssa.Value) (int64, bool) {
	for {
		c, ok := v.(*ssa.Convert)
		if !ok {
			break
		}
		v = c.X
	}
	c, ok := v.(*ssa.Const)
	if !ok || c.Value == nil || c.Value.Kind() != goconst.Int {
		return 0, false
	}
	return goconst.Int64Val(c.Value)
}

func saturate(n, size int64) int64 {
	if n > 0 && size > math.MaxInt64/n {
		return math.MaxInt64
	}
	return n * size
}

// check judges one view against everything its pointer may point into.
func check(p *ssafn.Program, v view) (rule.Hit, bool) {
	if claimed(p, v) {
		return rule.Hit{}, false
	}
	objects := extent.Of(p, v.ptr)
	guarded := false // a look at the parameter's length covers every caller
	for _, o := range objects {
		if o.Slice != nil && o.Call == nil {
			_, bad := checkSlice(p, v, o)
			guarded = guarded || !bad
		}
	}
	roomy := false // one of several objects that the pointer may point into here
	for _, o := range objects {
		roomy = roomy || o.May && (o.Bytes < 0 || v.need >= 0 && o.Bytes >= v.need)
	}
	for _, o := range objects {
		if o.Bytes >= 0 && (o.Call == nil || !guarded) && (!o.May || !roomy) {
			if h, ok := checkSized(p, v, o); ok {
				return h, true
			}
		}
	}
	known := false
	for _, o := range objects {
		if o.Slice != nil {
			if h, ok := checkSlice(p, v, o); ok {
				return h, true
			}
		}
		known = known || o.Bytes >= 0 || o.Slice != nil
	}
	if !known && v.array && v.huge {
		return checkUnknown(p, v)
	}
	return rule.Hit{}, false
}

// claimed reports a view no longer than the field or variable that its pointer
// is the address of: whatever is wrong, the view did not bring it about.
func claimed(p *ssafn.Program, v view) bool {
	ptr := prov.Strip(v.ptr)
	switch ptr.(type) {
	case *ssa.FieldAddr, *ssa.IndexAddr:
	default:
		return false
	}
	have, ok := p.Sizeof(ptr.Type().Underlying().(*types.Pointer).Elem())
	return ok && v.need >= 0 && v.need <= have
}

// checkSized compares with an object whose size is known.
func checkSized(p *ssafn.Program, v view, o extent.Object) (rule.Hit, bool) {
	need := v.need
	if v.len != nil {
		// A length or index: what it can be at most decides.
		n, ok := bound(p, v, o)
		switch {
		case ok && v.array:
			need = min(need, saturate(n+1, v.elem))
		case ok:
			need = saturate(n, v.elem)
		case extent.Guarded(v.len, v.block):
			return rule.Hit{}, false
		case need < 0:
			return checkUncounted(v, o)
		}
	}
	if need <= o.Bytes {
		return rule.Hit{}, false
	}
	if !endsInside(v, o) {
		v.fix = nil
	}
	msg := fmt.Sprintf("%s in %s reaches %s, but %s ends after %s", v.text, prov.FuncName(v.block.Parent()), size(need), o.Text, size(o.Bytes))
	return hit(v, o, evidence.High, msg), true
}

// endsInside reports whether a slice of the view ends inside the object for
// certain: then only its capacity reaches further, and a third bound mends that.
func endsInside(v view, o extent.Object) bool {
	if v.high == nil {
		return false
	}
	n, ok := constant(v.high)
	if !ok {
		n, ok = extent.UpperConst(v.high, v.block)
	}
	return ok && saturate(n, v.elem) <= o.Bytes
}

// checkUncounted reports a view of a variable of known size by a number that
// callers choose and nothing compares with anything.
func checkUncounted(v view, o extent.Object) (rule.Hit, bool) {
	n, ok := stripInt(v.len).(*ssa.Parameter)
	if !ok || o.Typed || o.Call != nil {
		return rule.Hit{}, false
	}
	msg := fmt.Sprintf("%s in %s makes a view as long as parameter %s says, but %s ends after %s",
		v.text, prov.FuncName(v.block.Parent()), n.Name(), o.Text, size(o.Bytes))
	return hit(v, o, evidence.Medium, msg), true
}

// bound returns a constant upper bound of the view's length (or index): from
// its own code or, when the object is a caller's, from what that caller passes.
func bound(p *ssafn.Program, v view, o extent.Object) (int64, bool) {
	if o.Call != nil {
		if param, ok := v.len.(*ssa.Parameter); ok {
			if arg := prov.Argument(o.Call, param); arg != nil && param.Parent() == v.block.Parent() {
				if n, ok := constant(arg); ok && !extent.Guarded(v.len, v.block) {
					return n, true
				}
			}
		}
	}
	return extent.UpperConst(v.len, v.block)
}

// checkSlice compares with an element of a slice or string of unknown length.
// A third bound proves nothing there, so it is no fix.
func checkSlice(p *ssafn.Program, v view, o extent.Object) (rule.Hit, bool) {
	v.fix = nil
	if v.need >= 0 {
		return checkConstView(p, v, o)
	}
	if h, ok := miscounted(v, o); ok {
		return h, true
	}
	if extent.AtMostLen(v.len, o.Slice, o.At) || extent.AtMostLen(v.len, o.Slice, v.block) || callersBound(p, v, o) {
		return rule.Hit{}, false
	}
	msg := fmt.Sprintf("%s in %s makes a view as long as %s says, which nothing compares with the length or capacity of %s",
		v.text, prov.FuncName(v.block.Parent()), valueName(v.len), o.Text)
	return hit(v, o, evidence.Medium, msg), true
}

// miscounted finds a length that is the slice's own, for a view with larger
// elements or one that starts further in.
func miscounted(v view, o extent.Object) (rule.Hit, bool) {
	if !extent.IsLenOf(v.len, o.Slice) {
		return rule.Hit{}, false
	}
	where := prov.FuncName(v.block.Parent())
	if v.elem > o.Elem {
		msg := fmt.Sprintf("%s in %s takes the length of %s, in elements of %s, for a number of elements of %s",
			v.text, where, o.Text, size(o.Elem), size(v.elem))
		return hit(v, o, evidence.High, msg), true
	}
	if o.Index == nil || v.elem < o.Elem {
		return rule.Hit{}, false
	}
	sev := evidence.Medium
	if i, ok := constant(o.Index); ok {
		if i == 0 {
			return rule.Hit{}, false
		}
		sev = evidence.High
	}
	msg := fmt.Sprintf("%s in %s starts inside %s but is as long as all of it", v.text, where, o.Text)
	return hit(v, o, sev, msg), true
}

// checkConstView handles views of constant reach over a slice: is the slice
// known to be long enough?
func checkConstView(p *ssafn.Program, v view, o extent.Object) (rule.Hit, bool) {
	if v.len != nil && extent.Guarded(v.len, v.block) {
		return rule.Hit{}, false
	}
	least, ok := extent.Enough(p, o, v.need, v.block, !v.huge)
	if ok {
		return rule.Hit{}, false
	}
	msg := fmt.Sprintf("%s in %s reaches %s, but %s is only known to have %d elements of %s",
		v.text, prov.FuncName(v.block.Parent()), size(v.need), o.Text, least, size(o.Elem))
	return hit(v, o, evidence.Medium, msg), true
}

// callersBound reports whether every caller of an unexported function passes a
// length that it has compared with the slice that it passes.
func callersBound(p *ssafn.Program, v view, o extent.Object) bool {
	s, ok := o.Slice.(*ssa.Parameter)
	if !ok {
		return false
	}
	n, ok := stripInt(v.len).(*ssa.Parameter)
	if !ok || n.Parent() != s.Parent() {
		return false
	}
	calls, complete := p.Callers(s.Parent())
	for _, c := range calls {
		length, slice := prov.Argument(c, n), prov.Argument(c, s)
		if length == nil || slice == nil || !extent.AtMostLen(length, slice, c.Block()) {
			return false
		}
	}
	return complete
}

// checkUnknown handles made-up maximum sizes over memory that nothing is known of.
func checkUnknown(p *ssafn.Program, v view) (rule.Hit, bool) {
	kinds := prov.Kinds(prov.Of(p, v.ptr, nil))
	if kinds&(prov.Moves|prov.Loaded|prov.Opaque) == 0 || kinds&(prov.C|prov.Mapped) != 0 {
		return rule.Hit{}, false
	}
	if v.len != nil && extent.Guarded(v.len, v.block) {
		return rule.Hit{}, false
	}
	msg := fmt.Sprintf("%s in %s has a capacity of %s, more than any object: end the view with a third slice bound",
		v.text, prov.FuncName(v.block.Parent()), size(v.need))
	return hit(v, extent.Object{}, evidence.Medium, msg), true
}

func hit(v view, o extent.Object, sev evidence.Severity, msg string) rule.Hit {
	var flow []rule.Step
	if o.Pos.IsValid() {
		text := o.Text
		if o.Bytes >= 0 {
			text += ", " + size(o.Bytes) + " from the pointer to its end"
		}
		flow = append(flow, rule.Step{Pos: o.Pos, Text: text})
	}
	if o.Call != nil {
		flow = append(flow, rule.Step{Pos: o.Call.Pos(), Text: "passed to " + prov.FuncName(v.block.Parent())})
	}
	flow = append(flow, rule.Step{Pos: v.pos, Text: "the view is made"})
	return rule.Hit{Pos: v.pos, End: v.end, Severity: sev, Message: msg, Flow: flow, Fixes: v.fix}
}

func stripInt(v ssa.Value) ssa.Value {
	for {
		c, ok := v.(*ssa.Convert)
		if !ok {
			return v
		}
		v = c.X
	}
}

func valueName(v ssa.Value) string {
	switch v := stripInt(v).(type) {
	case *ssa.Parameter:
		return v.Name()
	case *ssa.Phi:
		if v.Comment != "" {
			return v.Comment
		}
	case *ssa.UnOp:
		switch x := v.X.(type) {
		case *ssa.Alloc:
			return x.Comment
		case *ssa.FieldAddr:
			if f := ssafn.Field(x); f != nil {
				return f.Name()
			}
		}
	}
	return "an expression"
}

func size(n int64) string {
	if n == 1 {
		return "1 byte"
	}
	return fmt.Sprintf("%d bytes", n)
}
