package gostate

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"moho/arch"
	"moho/core"
	"moho/gostate/internal/layout"
	"moho/objfile"
)

const (
	// maxRounds bounds how often more memory is asked for. Finding the goroutines
	// takes five; each link of the longest list of waiters takes one more.
	maxRounds = 64

	// maxWhole bounds the stacks that are asked for whole, where it is not known
	// how much of one is in use.
	maxWhole = 256 << 10

	// redZone is what lies below SP and may be in use: the kernel and C keep
	// 128 bytes free there, a leaf function on arm64 its frame record.
	redZone = 128

	// missed is how much is asked for where a read found nothing.
	missed = 4096
)

// Gather finds, in a process whose memory is brought piece by piece, what
// questions about goroutines need, and has it brought: the program's variables,
// g, m, sudog, _defer, _panic and hchan structs, and all stacks from SP up.
//
// fetch brings ranges, which may overlap, and returns the process with all that
// was brought so far; it may leave out what cannot be had. p has threads, regions
// and auxiliary vector.
//
// The error wraps [ErrNotGo] when there are no goroutines to be found.
func Gather(p *core.Process, exe *objfile.File, fetch func([]core.Range) (*core.Process, error)) error {
	return newGatherer(p, exe, fetch).run()
}

func newGatherer(p *core.Process, exe *objfile.File, fetch func([]core.Range) (*core.Process, error)) *gatherer {
	g := &gatherer{w: &World{proc: p, exe: exe, arch: p.Arch()}, fetch: fetch, asked: map[uint64]bool{}, seen: map[thing]bool{}}
	g.w.sites.byPC = make(map[siteKey]*site)
	return g
}

func (g *gatherer) run() error {
	if err := g.variables(g.w.exe); err != nil {
		return err
	}
	list, err := g.find()
	if err != nil {
		return err
	}
	if err := g.until(g.sudogs); err != nil {
		return err
	}
	g.list = list
	g.goroutines(list)
	for i := range g.w.ms {
		g.machine(&g.w.ms[i])
	}
	return g.follow()
}

// A gatherer is one run of Gather.
type gatherer struct {
	w     *World
	view  view
	fetch func([]core.Range) (*core.Process, error)

	asked map[uint64]bool // blocks that were asked for because a read missed them
	want  []core.Range
	list  []uint64     // runtime.allgs
	keeps bool         // kept is wanted
	kept  []core.Range // structs and stacks
	sps   []uint64     // of all threads, in order
	todo  []thing
	seen  map[thing]bool
}

// A thing is a struct whose pointers are followed.
type thing struct {
	kind kindOfThing
	addr uint64
}

type kindOfThing uint8

const (
	aSudog kindOfThing = iota
	aDefer
	aPanic
	aChannel
)

// bring asks for what is wanted and makes it visible.
func (g *gatherer) bring() error {
	p, err := g.fetch(g.want)
	if err != nil {
		return err
	}
	g.want = g.want[:0]
	g.w.proc = p
	g.w.mem = newMemory(p)
	g.ready()
	return nil
}

// ready sets up reads of memory that is not all there.
func (g *gatherer) ready() {
	g.w.mem.missing = g.miss
	g.w.mem.total = 0
	for _, r := range g.w.proc.Regions() { // what may be brought counts
		if r.FileSize > 0 {
			g.w.mem.total += int64(r.Size)
		}
	}
	g.view = view{mem: g.w.mem}
}

// miss notes a read that found nothing: the next round has it.
func (g *gatherer) miss(a core.Addr) {
	block := uint64(a) / missed
	if g.asked[block] {
		return
	}
	g.asked[block] = true
	g.want = append(g.want, core.Range{Addr: core.Addr(block * missed), Size: missed})
}

// until repeats f while it misses something.
func (g *gatherer) until(f func()) error {
	for range maxRounds {
		f()
		if len(g.want) == 0 {
			return nil
		}
		if err := g.bring(); err != nil {
			return err
		}
	}
	return errors.New("gostate: what is in memory leads to ever more of it")
}

// variables brings the program's own memory, and finds the tables.
func (g *gatherer) variables(exe *objfile.File) error {
	bias, _, err := g.w.proc.Bias(exe)
	if err != nil {
		return fmt.Errorf("gostate: %w", err)
	}
	for _, s := range exe.Segments() {
		if s.Write && s.MemSize <= maxData {
			g.want = append(g.want, core.Range{Addr: core.Addr(uint64(s.Addr) + bias), Size: s.MemSize})
		}
	}
	if err := g.bring(); err != nil {
		return err
	}
	if err := g.w.openExe(exe); err != nil {
		return err
	}
	g.ready()
	return nil
}

// find returns the goroutines, dead ones too, and notes the Ms.
func (g *gatherer) find() ([]uint64, error) {
	var f found
	if err := g.until(func() { f = g.w.search(g.w.layout) }); err != nil {
		return nil, err
	}
	if f.fit < 0.5 {
		return nil, fmt.Errorf("gostate: %s: %w: no list of goroutines among the program's variables", g.w.proc.Name(), ErrNotGo)
	}
	err := g.until(func() {
		var gw gWords
		for _, a := range f.list {
			readG(&g.view, g.w.layout, a, &gw)
		}
		g.w.ms = nil
		g.w.collectMs(f.ms, f.list)
	})
	for _, t := range g.w.proc.Threads() {
		if sp, ok := t.Reg(g.w.arch, arch.SP); ok {
			g.sps = append(g.sps, sp)
		}
	}
	slices.Sort(g.sps)
	return f.list, err
}

func (g *gatherer) keep(addr, size uint64) {
	if g.keeps && addr != 0 && size > 0 {
		g.kept = append(g.kept, core.Range{Addr: core.Addr(addr), Size: size})
	}
}

// goroutines wants the stacks of all goroutines and what they point to.
func (g *gatherer) goroutines(list []uint64) {
	l := g.w.layout
	var gw gWords
	for _, a := range list {
		if !readG(&g.view, l, a, &gw) || !gw.plausible() {
			continue
		}
		g.keep(a, uint64(l.GSize))
		if gw.status.dead() {
			continue
		}
		sp := gw.schedSP
		if gw.m != 0 || gw.sysSP != 0 {
			sp = 0 // it runs, or did: the registers tell
		}
		g.stack(gw.lo, gw.hi, sp)
		waiting, _ := g.view.word(core.Addr(a + uint64(l.GWaiting)))
		deferred, _ := g.view.word(core.Addr(a + uint64(l.GDefer)))
		g.add(aSudog, waiting)
		g.add(aDefer, deferred)
		g.add(aPanic, gw.panics)
	}
}

// stack wants a stack from sp up. Where sp is not known or not on it, the
// registers of a thread may be, and else all of it is wanted if it is small.
func (g *gatherer) stack(lo, hi, sp uint64) {
	if lo >= hi || hi-lo > maxStack {
		return
	}
	from := lo
	switch {
	case lo <= sp && sp < hi:
		from = max(lo, sp-min(sp, redZone))
	case hi-lo <= maxWhole:
	default:
		from = hi - maxWhole
		if i, _ := slices.BinarySearch(g.sps, lo); i < len(g.sps) && g.sps[i] < hi {
			from = max(lo, min(from, g.sps[i]-redZone))
		}
	}
	g.want = append(g.want, core.Range{Addr: core.Addr(from), Size: hi - from})
	g.keep(from, hi-from)
}

// machine wants an m and the stacks that the runtime and signal handlers use.
func (g *gatherer) machine(m *machine) {
	l := g.w.layout
	g.keep(m.addr, uint64(l.MSize))
	g.keep(m.g0, uint64(l.GSize))
	g.keep(m.gsignal, uint64(l.GSize))
	for _, a := range []uint64{m.addr, m.g0, m.gsignal} {
		if a != 0 {
			g.want = append(g.want, core.Range{Addr: core.Addr(a), Size: uint64(max(l.MSize, l.GSize))})
		}
	}
	g.stack(m.g0Lo, m.g0Hi, 0)
	if g.keeps {
		g.signalStack(m)
		return
	}
	g.stack(m.sigLo, m.sigHi, 0)
}

func (g *gatherer) add(kind kindOfThing, addr uint64) {
	if t := (thing{kind, addr}); addr >= 4096 && addr%8 == 0 && !g.seen[t] {
		g.seen[t] = true
		g.todo = append(g.todo, t)
	}
}

// follow brings the stacks and walks all lists at once: each round visits what
// the last one brought.
func (g *gatherer) follow() error {
	for round := 0; len(g.want) > 0 && round < maxRounds; round++ {
		if err := g.bring(); err != nil {
			return err
		}
		var absent []thing
		for len(g.todo) > 0 {
			t := g.todo[len(g.todo)-1]
			g.todo = g.todo[:len(g.todo)-1]
			if !g.visit(t) {
				absent = append(absent, t)
			}
		}
		g.todo = absent
	}
	return nil
}

// visit follows the pointers of a thing. It returns false when not all of it is
// there: what is missing is wanted then.
func (g *gatherer) visit(t thing) bool {
	l := g.w.layout
	size := map[kindOfThing]layout.Off{aSudog: l.SudogSize, aDefer: l.DeferSize, aPanic: l.PanicSize, aChannel: l.ChanHead}[t.kind]
	b, ok := g.view.slice(core.Addr(t.addr), int(size))
	if !ok {
		return false
	}
	word := func(off layout.Off) uint64 {
		if off < 0 {
			return 0
		}
		return binary.LittleEndian.Uint64(b[off:])
	}
	if t.kind == aChannel && (word(l.ChanCount) > word(l.ChanSize) || word(l.ChanSendX) > word(l.ChanSize) || word(l.ChanRecvX) > word(l.ChanSize)) {
		return true // it is none
	}
	g.keep(t.addr, uint64(size))
	switch t.kind {
	case aSudog:
		g.add(aChannel, word(l.SudogC))
		for _, off := range []layout.Off{l.SudogLink, l.SudogNext, l.SudogPrev} {
			g.add(aSudog, word(off))
		}
		g.near(word(l.SudogElem))     // the lock that a semaphore is part of
		g.near(word(l.SudogElem + 8)) // since Go 1.26 the pointer may be here
	case aDefer:
		g.add(aDefer, word(l.DeferLink))
		g.add(aDefer, word(l.DeferHead))
		if fn := word(l.DeferFn); fn != 0 {
			g.near(fn)
			g.keep(fn, 8)
		}
	case aPanic:
		g.add(aPanic, word(l.PanicLink))
		g.near(word(l.PanicArg + 8))
	case aChannel:
		g.add(aSudog, word(l.ChanRecvQ))
		g.add(aSudog, word(l.ChanSendQ))
	}
	return true
}

// near wants the memory around an address, for what it shows to people.
func (g *gatherer) near(addr uint64) {
	if addr >= 4096 {
		g.miss(core.Addr(addr))
	}
}

// sudogs notes those that the program's variables lead to: the roots of the
// trees of goroutines that wait for semaphores.
func (g *gatherer) sudogs() {
	l := g.w.layout
	at := view{mem: g.w.mem}
	for a := (g.w.dataLo + 7) &^ 7; a+8 <= g.w.dataHi; a += 8 {
		p, ok := at.word(core.Addr(a))
		if !ok || p < 4096 || p%8 != 0 {
			continue
		}
		who, ok := g.view.word(core.Addr(p + uint64(l.SudogG)))
		if !ok || who < 4096 || who%8 != 0 || isM(&g.view, l, p) { // an m begins with a pointer to a g too
			continue
		}
		if c, ok := g.view.word(core.Addr(p + uint64(l.SudogC))); !ok || c != 0 { // it would wait for a channel
			continue
		}
		if self, ok := g.view.word(core.Addr(who + uint64(l.GSchedG))); ok && self == who {
			g.add(aSudog, p)
		}
	}
}

// merge orders ranges and joins those that touch.
func merge(rs []core.Range) []core.Range {
	rs = slices.Clone(rs)
	slices.SortFunc(rs, func(a, b core.Range) int { return cmp.Compare(a.Addr, b.Addr) })
	out := rs[:0]
	for _, r := range rs {
		if n := len(out); n > 0 && r.Addr <= out[n-1].Addr+core.Addr(out[n-1].Size) {
			if end := r.Addr + core.Addr(r.Size); end > out[n-1].Addr+core.Addr(out[n-1].Size) {
				out[n-1].Size = uint64(end - out[n-1].Addr)
			}
			continue
		}
		out = append(out, r)
	}
	return out
}
