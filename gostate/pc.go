package gostate

import (
	"sync"

	"moho/gotab"
)

// A call is one logical call at a pc: what a [Frame] takes from the tables.
type call struct {
	name, file string
	line       int
	inlined    bool
	wrapper    bool
	internal   bool // by name: a default traceback leaves it out
	kind       kind
}

// A site is everything that the tables say about one pc. Programs have few of
// them however many goroutines they run, so each is worked out once.
type site struct {
	ok    bool // the pc is in a Go function
	over  bool // nothing is known: there were maxSites before
	index int32
	kind  kind
	top   bool // outermost function of a stack
	spw   bool // writes SP in ways the tables do not know
	delta int32
	sized bool   // delta is known
	entry uint64 // runtime address of the function
	calls []call // innermost first
}

// A siteKey is a pc, and whether it is the address of an instruction (a trap)
// or a return address, which belongs to the call before it.
type siteKey struct {
	pc   uint64
	trap bool
}

// maxSites bounds how many different pcs are described. The stacks of a big
// server have some thousands; only a forged core has more, one per frame.
const maxSites = 1 << 18

// sites is the cache of a World. It is safe for concurrent use.
type sites struct {
	mu   sync.RWMutex
	byPC map[siteKey]*site
}

// lookup returns the site for a pc; never nil.
func (w *World) lookup(k siteKey) *site {
	w.sites.mu.RLock()
	s, n := w.sites.byPC[k], len(w.sites.byPC)
	w.sites.mu.RUnlock()
	if s != nil {
		return s
	}
	if n >= maxSites {
		return &site{over: true, index: -1}
	}
	s = w.describe(k)
	w.sites.mu.Lock()
	defer w.sites.mu.Unlock()
	if other := w.sites.byPC[k]; other != nil {
		return other
	}
	s.index = int32(len(w.sites.byPC))
	w.sites.byPC[k] = s
	return s
}

// describe asks the tables about one pc.
func (w *World) describe(k siteKey) *site {
	s := new(site)
	if k.pc < w.bias {
		return s
	}
	pc := gotab.PC(k.pc - w.bias)
	f, ok := w.table.FuncAt(pc)
	if !ok {
		return s
	}
	s.ok = true
	s.entry = uint64(f.Entry()) + w.bias
	s.kind = kinds[f.Name()]
	s.top = f.Flags()&gotab.TopFrame != 0
	s.spw = f.Flags()&gotab.SPWrite != 0 && s.kind != kindCgocallback
	s.delta, s.sized = f.SPDelta(pc)
	line := pc
	if !k.trap && pc > f.Entry() {
		line-- // into the call instruction
	}
	for _, fr := range w.table.Frames(nil, f, line) {
		s.calls = append(s.calls, call{
			name:     shortName(fr.Func, w.layout.Minor),
			file:     fr.File,
			line:     fr.Line,
			inlined:  fr.Inlined,
			wrapper:  w.wrap != 0 && fr.FuncID == uint8(w.wrap),
			internal: internalName(fr.Func),
			kind:     kinds[fr.Func],
		})
	}
	return s
}

// A siteCache answers from its own small table before it asks the World's.
// Direct mapped: a walk meets the same few hundred pcs all the time.
type siteCache struct {
	keys  [1024]siteKey
	sites [1024]*site
}

func (c *siteCache) lookup(w *World, k siteKey) *site {
	h := (k.pc*0x9e3779b97f4a7c15)>>54 ^ uint64(b2i(k.trap))
	if s := c.sites[h]; s != nil && c.keys[h] == k {
		return s
	}
	s := w.lookup(k)
	c.keys[h], c.sites[h] = k, s
	return s
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}
