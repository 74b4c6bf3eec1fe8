package gostate

import (
	"bytes"

	"moho/core"
	"moho/objfile"
)

// moduleSize is more than any release's moduledata has.
const moduleSize = 640

// Structures returns where, in a process that is all there, the runtime's
// structs about goroutines and the stacks lie, to the byte, in order of address
// and without overlap: what [Gather] would have brought, and of the program's
// variables what leads there. Where the executable has symbols, that is all
// variables of the runtime; without them, the list of goroutines, the description
// of the module, and words that point to something kept.
func Structures(p *core.Process, exe *objfile.File) ([]core.Range, error) {
	g := newGatherer(p, exe, func([]core.Range) (*core.Process, error) { return p, nil })
	g.keeps = true
	if err := g.run(); err != nil {
		return nil, err
	}
	g.lead()
	g.symbols()
	return merge(g.kept), nil
}

// lead keeps the variables that lead to what is kept.
func (g *gatherer) lead() {
	if g.w.mod.Addr != 0 {
		g.keep(uint64(g.w.mod.Addr), moduleSize)
	}
	starts := make(map[uint64]bool, len(g.kept))
	for _, r := range g.kept {
		starts[uint64(r.Addr)] = true
	}
	at := view{mem: g.w.mem}
	for a := (g.w.dataLo + 7) &^ 7; a+8 <= g.w.dataHi; a += 8 {
		word, ok := at.word(core.Addr(a))
		if !ok {
			continue
		}
		switch {
		case g.seen[thing{aSudog, word}]: // the root of a tree of waiters has a lock before, a count behind
			g.keep(a-8, 24)
		case starts[word]:
			g.keep(a, 8)
		}
		n, _ := at.word(core.Addr(a + 8))
		if word != 0 && n == uint64(len(g.list)) && n > 0 {
			if first, ok := g.view.word(core.Addr(word)); ok && first == g.list[0] {
				g.keep(a, 24)
				g.keep(word, 8*n)
			}
		}
	}
}

// symbols keeps the variables of the runtime that have a name.
func (g *gatherer) symbols() {
	syms, err := g.w.exe.Symbols()
	if err != nil {
		return
	}
	writable := func(a uint64) bool {
		for _, s := range g.w.exe.Segments() {
			if s.Write && uint64(s.Addr) <= a && a-uint64(s.Addr) < s.MemSize {
				return true
			}
		}
		return false
	}
	for _, s := range syms {
		if name := []byte(s.Name); !bytes.HasPrefix(name, []byte("runtime.")) && !bytes.HasPrefix(name, []byte("internal/runtime/")) {
			continue
		}
		if a := uint64(s.Addr); s.Size > 0 && s.Size < maxVariable && writable(a) {
			g.keep(a+g.w.bias, uint64(s.Size))
		}
	}
}

// maxVariable bounds the variables that are kept by name: the largest is mheap_,
// of about 100 KB; symbols that mark whole sections have no size.
const maxVariable = 1 << 20
