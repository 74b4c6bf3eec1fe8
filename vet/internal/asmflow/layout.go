package asmflow

import (
	"fmt"
	"go/types"
	"strconv"
)

// MaxVars is how many parts of arguments a declaration may have that are known
// by name: an array of a thousand elements has a name for each.
const MaxVars = 1 << 12

// A Var is an argument, a result or a part of one that has a name in assembly.
type Var struct {
	Name   string // x, x_base, ret1_itable
	Type   string
	Off    int64
	Size   int64
	Result bool
	Whole  bool // parts, if any, are not what one would access: a number, a pointer
	Inner  []*Var
	Top    *Var // the argument or result that it is a part of, or itself
}

// String names the variable as assembly does.
func (v *Var) String() string { return fmt.Sprintf("%s+%d(FP)", v.Name, v.Off) }

// A Layout is where a function's arguments and results lie under ABI0.
//
// Args is the size of all, in bytes, not rounded up.
type Layout struct {
	Params  []*Var
	Results []*Var
	Args    int64

	vars map[string]*Var
	list []*Var
}

// Lookup returns the variable of that name, or nil.
func (l *Layout) Lookup(name string) *Var { return l.vars[name] }

// At returns the smallest variable that contains the byte at off, or nil.
func (l *Layout) At(off int64) *Var {
	var best *Var
	for _, v := range l.list {
		if off >= v.Off && off < v.Off+v.Size && (best == nil || v.Size <= best.Size) {
			best = v
		}
	}
	return best
}

// layoutOf computes the layout of a signature for a target's sizes.
//
// Source: $GOROOT/src/cmd/compile/internal/types/size.go and
// $GOROOT/src/cmd/compile/abi-internal.md (ABI0), go1.26.
func layoutOf(sig *types.Signature, sizes types.Sizes) *Layout {
	l := &Layout{vars: map[string]*Var{}}
	off := int64(0)
	add := func(v *types.Var, unnamed string, n int, result bool) *Var {
		name := v.Name()
		if name == "" {
			name = unnamed
			if n > 0 {
				name += strconv.Itoa(n)
			}
		}
		off = align(off, sizes.Alignof(v.Type()))
		top := l.add(nil, name, v.Type(), off, sizes, result)
		off += top.Size
		return top
	}
	for i := range sig.Params().Len() {
		l.Params = append(l.Params, add(sig.Params().At(i), "arg", i, false))
	}
	if n := sig.Results().Len(); n > 0 {
		off = align(off, 8)
		for i := range n {
			l.Results = append(l.Results, add(sig.Results().At(i), "ret", i, true))
		}
	}
	l.Args = off
	return l
}

func align(off, to int64) int64 { return off + (to-off%to)%to }

// add enters a variable and its parts.
func (l *Layout) add(outer *Var, name string, t types.Type, off int64, sizes types.Sizes, result bool) *Var {
	v := &Var{Name: name, Type: types.TypeString(t, func(p *types.Package) string { return p.Name() }), Off: off, Size: sizes.Sizeof(t), Result: result}
	v.Top = v
	if outer != nil {
		v.Top = outer.Top
		outer.Inner = append(outer.Inner, v)
	}
	if len(l.list) >= MaxVars {
		return v
	}
	l.list = append(l.list, v)
	if _, have := l.vars[name]; !have {
		l.vars[name] = v
	}
	word := sizes.Sizeof(types.Typ[types.Uintptr])
	part := func(suffix, typ string, at, size int64) {
		p := &Var{Name: name + suffix, Type: typ, Off: off + at, Size: size, Result: result, Whole: true, Top: v.Top}
		v.Inner = append(v.Inner, p)
		l.list = append(l.list, p)
		if _, have := l.vars[p.Name]; !have {
			l.vars[p.Name] = p
		}
	}
	switch u := t.Underlying().(type) {
	case *types.Basic:
		switch {
		case u.Info()&types.IsString != 0:
			part("_base", "string base", 0, word)
			part("_len", "string length", word, word)
		case u.Info()&types.IsComplex != 0:
			part("_real", "real part", 0, v.Size/2)
			part("_imag", "imaginary part", v.Size/2, v.Size/2)
		default:
			v.Whole = true
		}
	case *types.Slice:
		part("_base", "slice base", 0, word)
		part("_len", "slice length", word, word)
		part("_cap", "slice capacity", 2*word, word)
	case *types.Interface:
		if u.Empty() {
			part("_type", "interface type", 0, word)
		} else {
			part("_itable", "interface table", 0, word)
		}
		part("_data", "interface data", word, word)
	case *types.Struct:
		fields := make([]*types.Var, u.NumFields())
		for i := range fields {
			fields[i] = u.Field(i)
		}
		offs := sizes.Offsetsof(fields)
		for i, f := range fields {
			l.add(v, name+"_"+f.Name(), f.Type(), off+offs[i], sizes, result)
		}
	case *types.Array:
		size := sizes.Sizeof(u.Elem())
		for i := int64(0); i < u.Len() && len(l.list) < MaxVars; i++ {
			l.add(v, name+"_"+strconv.FormatInt(i, 10), u.Elem(), off+i*size, sizes, result)
		}
	default:
		v.Whole = true
	}
	return v
}
