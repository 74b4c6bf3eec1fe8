package waits

import (
	"cmp"
	"slices"
	"sync"

	"moho/gostate"
	"moho/objfile"
)

// names knows what types and variables of the program are called.
type names struct {
	w    *gostate.World
	once sync.Once
	vars []objfile.Symbol // of the program's variables, by address
}

func newNames(w *gostate.World) *names { return &names{w: w} }

// typeName returns the name of the type whose descriptor is at p, or "".
func (n *names) typeName(p uint64) string {
	if p < n.w.Bias() {
		return ""
	}
	t, err := n.w.Table().TypeAt(objfile.Addr(p - n.w.Bias()))
	if err != nil {
		return ""
	}
	return t.Name
}

// variable returns the name of the variable that p lies in and how far into it
// p is. Stripped programs have no names.
func (n *names) variable(p uint64) (name string, off uint64, ok bool) {
	n.once.Do(n.read)
	a := objfile.Addr(p - n.w.Bias())
	i, found := slices.BinarySearchFunc(n.vars, a, func(s objfile.Symbol, a objfile.Addr) int { return cmp.Compare(s.Addr, a) })
	if !found {
		i--
	}
	if i < 0 || a >= n.vars[i].Addr+objfile.Addr(n.vars[i].Size) {
		return "", 0, false
	}
	return n.vars[i].Name, uint64(a - n.vars[i].Addr), true
}

func (n *names) read() {
	f := n.w.Exe()
	if f == nil {
		return
	}
	syms, err := f.Symbols()
	if err != nil {
		return
	}
	lo, hi := n.w.Variables()
	for _, s := range syms {
		if a := uint64(s.Addr) + n.w.Bias(); s.Size > 0 && uint64(lo) <= a && a < uint64(hi) {
			n.vars = append(n.vars, s)
		}
	}
	slices.SortFunc(n.vars, func(a, b objfile.Symbol) int { return cmp.Compare(a.Addr, b.Addr) })
}
