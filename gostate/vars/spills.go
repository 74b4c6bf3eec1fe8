package vars

import (
	"moho/core"
	"moho/debuginfo"
	"moho/gostate/value"
	"moho/gotab"
)

// maxLeaves bounds the words of a parameter that the tables are asked about:
// they describe ten of all parameters together.
const maxLeaves = 16

// argument reads a parameter of which DWARF has no place from the place that
// the calling convention gives it in memory, if the tables say that it has been
// stored there. The tables know neither names nor types: parameters are told by
// their order, and everything that the tables say of one must fit its type.
func (x *frameReader) argument(out *Var, v *debuginfo.Var, t value.Type) bool {
	if x.f.Inlined {
		return false
	}
	k, n := position(x.b, v)
	l := x.r.describe(x.f)
	elems, whole := elements(l.args)
	if k < 0 || k >= len(elems) || len(elems) > n || whole && len(elems) != n {
		return false
	}
	leaves, ok := x.r.values.Leaves(t, maxLeaves)
	if !ok || len(leaves) == 0 {
		return false
	}
	var args []*gotab.Arg
	for i := range elems[k] {
		switch a := &elems[k][i]; a.Kind {
		case gotab.ArgValue:
			args = append(args, a)
		case gotab.ArgMore, gotab.ArgFar:
			return false
		}
	}
	if len(args) != len(leaves) {
		return false
	}
	base := args[0].Off - int64(leaves[0].Off)
	stored := 0
	var dead []value.Missing
	for i, a := range args {
		switch {
		case a.Off != base+int64(leaves[i].Off) || uint64(a.Size) != leaves[i].Size:
			return false
		case a.Live:
			stored++
		default:
			dead = append(dead, value.Missing{Off: leaves[i].Off, Size: leaves[i].Size, Why: OptimizedOut})
		}
	}
	at := x.f.CFA + core.Addr(l.base+base)
	switch {
	case stored == 0 || t.Size() > maxPiecewise:
		return false
	case len(dead) == 0:
		out.Value = x.r.values.At(t, at, x.o)
	default:
		data, err := x.r.view.Slice(at, int(t.Size()))
		if err != nil {
			return false
		}
		out.Value = x.r.values.Of(t, value.Bytes{Data: data, Missing: dead}, x.o)
	}
	out.From, out.Why = Spilled, ""
	return true
}

// position returns which of the n parameters of the function v is.
func position(b *body, v *debuginfo.Var) (k, n int) {
	k = -1
	for i := range b.Vars {
		p := &b.Vars[i]
		if p.Inline != -1 || p.Kind != debuginfo.Param {
			continue
		}
		if p == v {
			k = n
		}
		n++
	}
	return k, n
}

// elements splits a list of arguments into those at the top; whole reports that
// none are left out.
func elements(args []gotab.Arg) (elems [][]gotab.Arg, whole bool) {
	whole = true
	for i, start := 0, 0; i < len(args); i++ {
		a := &args[i]
		if a.Depth > 0 || a.Kind == gotab.ArgOpen {
			continue
		}
		if a.Kind == gotab.ArgMore {
			whole = false
		} else {
			elems = append(elems, args[start:i+1])
		}
		start = i + 1
	}
	return elems, whole
}
