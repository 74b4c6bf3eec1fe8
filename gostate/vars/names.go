package vars

import (
	"errors"
	"fmt"

	"moho/debuginfo"
	"moho/evidence"
	"moho/gostate"
	"moho/objfile"
)

// names is what DWARF says of functions, as far as it was asked.
type names struct {
	opened bool
	data   *debuginfo.Data
	err    error
	bodies map[objfile.Addr]*body // by the function's first address
}

// A body is one function.
type body struct {
	debuginfo.Range
	debuginfo.Body
	err error
}

// maxBodies bounds the functions that are remembered.
const maxBodies = 512

// open looks for DWARF, once.
func (n *names) open(w *gostate.World) error {
	if n.opened {
		return n.err
	}
	n.opened, n.bodies = true, map[objfile.Addr]*body{}
	if w.Exe() == nil {
		n.err = errors.New("there is no executable")
		return n.err
	}
	if n.data, n.err = debuginfo.Open(w.Exe()); n.err != nil {
		return n.err
	}
	_, n.err = n.data.Index()
	return n.err
}

// gap says why there are no names.
func (n *names) gap() (evidence.Gap, bool) {
	if n.err == nil {
		return evidence.Gap{}, false
	}
	return evidence.Gap{What: "names and types of variables", Why: n.err.Error()}, true
}

// at returns what DWARF says of the function at pc.
func (n *names) at(pc objfile.Addr) (*body, error) {
	f, ok, err := n.data.FuncAt(pc)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, errors.New("DWARF does not know the function")
	}
	b := n.bodies[f.Low]
	if b == nil {
		b = &body{Range: f.Range}
		if b.Body, b.err = f.Body(); b.err != nil {
			b.err = fmt.Errorf("function %s: %w", f.Name(), b.err)
		}
		if len(n.bodies) >= maxBodies {
			clear(n.bodies)
		}
		n.bodies[f.Low] = b
	}
	return b, b.err
}

// calls returns the inlined calls of b that pc is in, innermost first, as
// indexes of b.Inlines; the function itself comes last, as -1.
func (b *body) calls(pc objfile.Addr) []int {
	contains := func(i int) bool {
		for _, r := range b.Inlines[i].Ranges {
			if r.Contains(pc) {
				return true
			}
		}
		return false
	}
	// Calls follow the one that they are in.
	last := -1
	for i := range b.Inlines {
		if b.Inlines[i].Parent == last && contains(i) {
			last = i
		}
	}
	var chain []int
	for i := last; i >= 0 && len(chain) <= len(b.Inlines); i = b.Inlines[i].Parent {
		chain = append(chain, i)
	}
	return append(chain, -1)
}

// match returns which call of the chain the frame with the given depth of
// inlining is, of the frames with these names, innermost first. Both lists come
// from the compiler, but DWARF leaves out calls of which no instruction is left
// at the pc.
func (b *body) match(chain []int, names []string, depth int) (int, bool) {
	if depth < 0 || depth >= len(names) || len(names) == 0 {
		return 0, false
	}
	if depth == len(names)-1 {
		return -1, true
	}
	k := len(chain) - 2 // of the call that is looked for next, from the outside
	for i := len(names) - 2; i >= 0 && k >= 0; i-- {
		if b.Inlines[chain[k]].Name == names[i] {
			if i == depth {
				return chain[k], true
			}
			k--
		}
	}
	return 0, false
}
