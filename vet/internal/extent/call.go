package extent

import (
	"slices"

	"golang.org/x/tools/go/ssa"

	"moho/vet/internal/prov"
	"moho/vet/internal/ssafn"
)

// call follows a pointer that a call returned as its i-th result.
func (w *walker) call(v *ssa.Call, i int, off int64, depth int) {
	if b, ok := v.Call.Value.(*ssa.Builtin); ok {
		w.builtin(v, b, off, depth)
		return
	}
	callee := ssafn.Callee(v.Common())
	if callee == nil || ssafn.IsCgo(callee) {
		return
	}
	if len(callee.Blocks) == 0 {
		if n := w.p.Fact(callee).Result(i).Bytes; n > 0 && off >= 0 && off <= n {
			w.add(Object{Bytes: n - off, Offset: -1, Pos: v.Pos(), Text: "the result of " + callee.Name()})
		}
		return
	}
	w.results(v, callee, i, func(r ssa.Value) { w.pointer(r, off, depth+1) })
}

// results follows the values that a function of this package returns.
func (w *walker) results(v *ssa.Call, callee *ssa.Function, i int, follow func(ssa.Value)) {
	n := 1
	if w.in != nil {
		n = w.in.depth + 1
	}
	if n > maxCalls {
		return
	}
	values := slices.DeleteFunc(prov.Results(callee, i), isNil)
	w.in = &frame{v, w.in, n}
	w.far++
	w.choice(values, follow)
	w.far--
	w.in = w.in.up
}

func (w *walker) builtin(v *ssa.Call, b *ssa.Builtin, off int64, depth int) {
	switch b.Name() {
	case "Add":
		if delta, ok := prov.Int(v.Call.Args[1]); ok {
			w.pointer(v.Call.Args[0], off+delta, depth+1)
		}
	case "SliceData":
		if elem, ok := w.p.Sizeof(pointee(v.Type())); ok {
			w.slice(v.Call.Args[0], nil, elem, off, v.Block(), depth+1)
		}
	case "StringData":
		w.slice(v.Call.Args[0], nil, 1, off, v.Block(), depth+1)
	}
}
