package gostate

import (
	"bytes"
	"encoding/binary"
	"slices"

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

// A vectorArea says where, in a signal frame, the kernel saves floating point
// and vector registers: from the ucontext on.
type vectorArea struct {
	pointer uint64 // to the area; 0: it is at off
	off     uint64
	size    uint64 // at least
}

// Source: linux/arch/x86/include/uapi/asm/sigcontext.h (struct sigcontext_64,
// _fpx_sw_bytes), linux/arch/arm64/include/uapi/asm/sigcontext.h.
var vectorAreas = map[string]vectorArea{
	"amd64": {pointer: 40 + 23*8, size: 512},
	"arm64": {off: 464, size: 4096},
}

// signalStack keeps what of a signal stack is in use, without the vector
// registers that signal frames hold: copies of anything go through them. What
// lies below SP are frames of signals that were handled long ago.
func (g *gatherer) signalStack(m *machine) {
	i, _ := slices.BinarySearch(g.sps, m.sigLo)
	if i == len(g.sps) || g.sps[i] >= m.sigHi {
		return
	}
	u, known := ucontexts[g.w.arch.Name]
	area := vectorAreas[g.w.arch.Name]
	from := g.sps[i] &^ 7
	for a := from; known && a+u.size <= m.sigHi; a += 8 {
		lo, _ := g.view.word(core.Addr(a + u.stackSP))
		size, _ := g.view.word(core.Addr(a + u.stackSize))
		if lo != m.sigLo || size != m.sigHi-m.sigLo {
			continue
		}
		at, n := a+area.off, area.size
		if area.pointer != 0 {
			at, _ = g.view.word(core.Addr(a + area.pointer))
			if b, ok := g.view.slice(core.Addr(at+464), 8); ok && binary.LittleEndian.Uint32(b) == 0x46505853 { // FP_XSTATE_MAGIC1
				n = uint64(binary.LittleEndian.Uint32(b[4:]))
			}
		}
		if from <= at && at < m.sigHi {
			g.keep(from, at-from)
			from = min(m.sigHi, at+n)
		}
	}
	if from < m.sigHi {
		g.keep(from, m.sigHi-from)
	}
}
