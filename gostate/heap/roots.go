package heap

import (
	"encoding/binary"

	"moho/core"
	"moho/gostate"
)

// maxWaiting bounds the cases of one select statement, as the compiler does.
const maxWaiting = 1 << 16

// add calls f with a scanner and queues what it finds.
func (m *Marker) add(f func(s *scanner)) {
	s := scanner{m: m, view: m.h.p.View()}
	f(&s)
	m.put(s.out)
}

// AddGlobals makes roots of what every program has: its variables, and what the
// runtime keeps of objects outside of the heap: finalizers, cleanups and weak
// pointers, and those that wait to be run.
//
// Source: $GOROOT/src/runtime/mgcmark.go (markroot), go1.26.
func (m *Marker) AddGlobals() {
	m.add(func(s *scanner) {
		mod := m.h.w.Module()
		if mod.Data == 0 {
			lo, hi := m.h.w.Variables()
			m.variables(s, uint64(lo), uint64(hi))
		} else { // what lies in the noptr segments keeps nothing
			m.variables(s, uint64(mod.Data), uint64(mod.EData))
			m.variables(s, uint64(mod.BSS), uint64(mod.EBSS))
		}
		for i := range m.x.spans {
			if r := &m.x.spans[i]; r.specials != 0 {
				m.addSpecials(s, r)
			}
		}
		m.addQueued(s)
	})
}

// variables makes roots of [lo, hi), mheap_ apart: it describes the heap by
// addresses in it.
func (m *Marker) variables(s *scanner, lo, hi uint64) {
	from, to := m.h.base, m.h.base+uint64(m.h.l.HeapSize)
	if to <= lo || from >= hi {
		s.words(lo, hi)
		return
	}
	s.words(lo, max(lo, from))
	s.words(min(hi, to), hi)
}

func (m *Marker) addSpecials(s *scanner, r *spanRec) {
	span, ok := m.h.SpanAt(core.Addr(r.start))
	if !ok {
		return
	}
	m.h.specials(&span, func(sp Special, off uint64) {
		switch sp.Kind {
		case Finalizer: // keeps what the object points to, not the object
			m.mark(uint64(sp.Fn), &s.out)
			base := r.start + off/r.size*r.size
			s.words(base, base+r.size)
		case Cleanup:
			m.mark(uint64(sp.Fn), &s.out)
			if call := m.h.l.CleanupCall; call >= 0 {
				s.words(uint64(sp.Addr)+uint64(call), uint64(sp.Addr)+uint64(call)+3*8)
			}
		case Weak: // keeps the handle, not the object
			m.mark(sp.handle, &s.out)
		}
	})
}

// AddGoroutine makes roots of what g can reach by itself: its stack from SP on,
// the registers of the thread that runs it, its defers and panics, and what it
// waits with.
func (m *Marker) AddGoroutine(g *gostate.Goroutine) {
	m.add(func(s *scanner) {
		l := m.h.l
		lo := g.Stack.Lo
		if g.SP >= g.Stack.Lo && g.SP < g.Stack.Hi {
			lo = g.SP
		}
		s.words(uint64(lo), uint64(g.Stack.Hi))
		s.words(uint64(g.Addr), uint64(g.Addr)+uint64(l.GSize))
		sudog, _ := m.h.word(uint64(g.Addr) + uint64(l.GWaiting))
		for n := 0; sudog != 0 && n < maxWaiting; n++ {
			// The link of one that waits for a semaphore goes on to others' sudogs.
			if owner, _ := m.h.word(sudog + uint64(l.SudogG)); owner != uint64(g.Addr) {
				break
			}
			s.words(sudog, sudog+uint64(l.SudogSize))
			sudog, _ = m.h.word(sudog + uint64(l.SudogLink))
		}
		if g.Thread != 0 {
			m.addThread(s, g.Thread)
		}
	})
}

// AddThread makes roots of a thread's registers and of the stack that it is on,
// if that is one of its own: of the system stack or the signal stack.
func (m *Marker) AddThread(tid int) {
	m.add(func(s *scanner) { m.addThread(s, tid) })
}

func (m *Marker) addThread(s *scanner, tid int) {
	for _, t := range m.h.w.Threads() {
		if t.TID != tid {
			continue
		}
		for _, x := range t.Regs {
			m.mark(x, &s.out)
			// One of them is SP.
			for _, g := range [...]core.Addr{t.GSignal, t.G0} {
				if lo, hi, ok := m.h.stackOf(uint64(g)); ok && lo <= x && x < hi {
					s.words(x, hi)
				}
			}
		}
	}
}

const (
	// Blocks of finalizers that are to be run: how many there are, and the list,
	// of 5 words each.
	//
	// Source: $GOROOT/src/runtime/mfinal.go (finBlock, finalizer), go1.21 to go1.27.
	finBlockSize  = 4096
	finBlockNext  = 0
	finBlockCount = 16
	finBlockList  = 24
	finalizerSize = 40
)

// addQueued makes roots of finalizers and cleanups that wait to be run. They
// lie in blocks outside of the heap, to which a variable without pointers to
// the heap points; so all variables are tried.
func (m *Marker) addQueued(s *scanner) {
	lo, hi := m.h.w.Variables()
	budget := maxEmpty // blocks that are looked at; a list may be found more than once
	for _, run := range m.h.p.Memory() {
		budget += len(run) / cleanupBlockSize
	}
	for a, run := range m.h.p.Memory() {
		from, to := max(a, lo), min(a+core.Addr(len(run)), hi)
		if from >= to {
			continue
		}
		run = run[from-a : to-a]
		for off := uint64(-from & 7); off+8 <= uint64(len(run)); off += 8 {
			p := binary.LittleEndian.Uint64(run[off:])
			if p < pageSize || p%8 != 0 || p >= uint64(lo) && p < uint64(hi) || m.x.at(p) != 0 {
				continue
			}
			m.blocks(s, p, &budget, m.finBlock)
			if m.h.l.CleanupBlockList >= 0 {
				m.blocks(s, p, &budget, m.cleanupBlock)
			}
		}
	}
}

// maxEmpty is how many blocks in a row may be empty: anything could pass for
// one of those.
const maxEmpty = 64

// blocks follows a list of blocks from p on as long as they are that.
func (m *Marker) blocks(s *scanner, p uint64, budget *int, read func(s *scanner, p uint64) (n, next uint64, ok bool)) {
	empty := 0
	for ; p != 0 && *budget > 0 && empty < maxEmpty; *budget-- {
		n, next, ok := read(s, p)
		if !ok || next%8 != 0 || m.x.at(next) != 0 {
			return
		}
		if empty++; n > 0 {
			empty = 0
		}
		p = next
	}
}

func (m *Marker) finBlock(s *scanner, p uint64) (n, next uint64, ok bool) {
	b, err := s.view.Slice(core.Addr(p), finBlockList+finalizerSize)
	if err != nil {
		return 0, 0, false
	}
	n = uint64(binary.LittleEndian.Uint32(b[finBlockCount:]))
	if n > (finBlockSize-finBlockList)/finalizerSize {
		return 0, 0, false
	}
	if n > 0 { // each is: a closure, its argument, …, the argument's type
		fn := binary.LittleEndian.Uint64(b[finBlockList:])
		if !m.isFunc(fn) {
			return 0, 0, false
		}
		s.words(p+finBlockList, p+finBlockList+n*finalizerSize)
	}
	return n, binary.LittleEndian.Uint64(b[finBlockNext:]), true
}

// cleanupBlockSize is the size of a block of cleanups.
//
// Source: $GOROOT/src/runtime/mcleanup.go (cleanupBlockSize), go1.25 to go1.27.
const cleanupBlockSize = 512

func (m *Marker) cleanupBlock(s *scanner, p uint64) (n, next uint64, ok bool) {
	l := m.h.l
	list := uint64(l.CleanupBlockList)
	b, err := s.view.Slice(core.Addr(p), int(list)+8)
	if err != nil {
		return 0, 0, false
	}
	each := uint64(8) // a closure; since Go 1.26 with what calls it before and its argument behind
	if l.CleanupCall >= 0 {
		each = 24
	}
	n = uint64(binary.LittleEndian.Uint32(b[l.CleanupBlockN:]))
	if n > (cleanupBlockSize-list)/each {
		return 0, 0, false
	}
	if n > 0 {
		if !m.isFunc(binary.LittleEndian.Uint64(b[list:])) {
			return 0, 0, false
		}
		s.words(p+list, p+list+n*each)
	}
	return n, binary.LittleEndian.Uint64(b[l.CleanupBlockNext:]), true
}

// isFunc reports whether p is a closure: a pointer to the entry of a function.
func (m *Marker) isFunc(p uint64) bool {
	pc, ok := m.h.word(p)
	if !ok || p == 0 {
		return false
	}
	f, at, ok := m.h.w.FuncAt(core.Addr(pc))
	return ok && f.Entry() == at
}
