package waits

import (
	"cmp"
	"fmt"
	"slices"

	"moho/core"
	"moho/gostate"
	"moho/gotab"
)

// A Grade says how good evidence is.
type Grade uint8

// The grades, the better the greater.
const (
	Weak   Grade = 1 + iota // a pointer to it is on the goroutine's stack
	Strong                  // it follows from what the runtime or package sync has written
)

// String returns "weak" or "strong".
func (g Grade) String() string {
	if g == Strong {
		return "strong"
	}
	return "weak"
}

// A Holder is a goroutine that holds a lock, or may. Why says what speaks for
// it, as a phrase. Func is the function that holds the lock, and File and Line
// are where in it the goroutine is. Slot is where on its stack the pointer is,
// if that is the evidence. Stuck says that the goroutine can never go on itself,
// as far as [Analysis.FindLeaks] has found out.
type Holder struct {
	Goroutine uint64
	Grade     Grade
	Why       string
	Func      string
	File      string
	Line      int
	Slot      core.Addr
	Stuck     bool

	g       int32
	between bool // it is after a call that locks and before one that unlocks
}

// maxHolders bounds the holders of one lock that are kept: all readers of an
// RWMutex may be.
const maxHolders = 64

// A claim is a deferred call that is to come and unlocks the lock at addr.
type claim struct {
	g     int32
	addr  uint64
	op    lockOp
	grade Grade
	why   string
	site  Site

	between bool
}

// findHolders says who holds the locks that are waited for.
func (a *analyzer) findHolders() {
	for i := range a.claims {
		a.accept(&a.claims[i])
	}
	a.writers()
	a.scan()
	for obj, list := range a.holders {
		slices.SortStableFunc(list, func(x, y Holder) int {
			return cmp.Or(cmp.Compare(y.Grade, x.Grade), cmp.Compare(b2i(y.between), b2i(x.between)), cmp.Compare(x.Goroutine, y.Goroutine))
		})
		a.holders[obj] = list
	}
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// accept makes a holder of a claim to a lock that is waited for and is locked.
func (a *analyzer) accept(c *claim) {
	obj, ok := a.lockAt(c.addr)
	if !ok || a.free(obj) {
		return
	}
	if a.objs[obj].kind == RWMutex {
		s := a.lockState(RWMutex, a.objs[obj].addr)
		if s == nil || (c.op == unlocks) != (s.Pending && s.Leaving == 0) {
			return // a writer does not hold what readers are in, nor the reverse
		}
	}
	a.hold(obj, Holder{Goroutine: a.gs[c.g].id, Grade: c.grade, Why: c.why, Func: c.site.Func, File: c.site.File, Line: c.site.Line, g: c.g, between: c.between})
}

// lockAt returns the lock that has a mutex or begins at addr, if it is waited for.
func (a *analyzer) lockAt(addr uint64) (int32, bool) {
	if i, ok := a.byAddr[addr]; ok && a.objs[i].kind.Lock() {
		return i, true
	}
	if i, ok := a.byAddr[addr-onceMutex]; ok && a.objs[i].kind == Once {
		return i, true
	}
	return 0, false
}

func (a *analyzer) free(obj int32) bool {
	s := a.lockState(a.objs[obj].kind, a.objs[obj].addr)
	return s == nil || s.Free(a.objs[obj].kind)
}

// hold adds a holder of an object, the best evidence of each goroutine.
func (a *analyzer) hold(obj int32, h Holder) {
	list := a.holders[obj]
	for i := range list {
		if list[i].g == h.g {
			if h.Grade > list[i].Grade || h.Grade == list[i].Grade && h.between && !list[i].between {
				list[i] = h
			}
			return
		}
	}
	if len(list) < maxHolders {
		a.holders[obj] = append(list, h)
	}
}

// writers makes holders of writers that have an RWMutex's turn: they wait in it
// for readers to leave, and everybody else waits behind them.
func (a *analyzer) writers() {
	for i := range a.objs {
		if a.objs[i].kind != RWMutex {
			continue
		}
		for e := range a.all(int32(i)) {
			if e.op != Drain {
				continue
			}
			m := &a.gs[e.g]
			h := Holder{Goroutine: m.id, Grade: Strong, Why: "it has the writers' turn, and waits itself for readers to leave", g: e.g}
			if m.site >= 0 {
				s := a.sites[m.site]
				h.Func, h.File, h.Line = s.Func, s.File, s.Line
			}
			a.hold(int32(i), h)
		}
	}
}

// claimsOf notes the locks that deferred calls of g are to unlock, and those
// variables that a function of g has locked and is yet to unlock.
func (a *analyzer) claimsOf(g *gostate.Goroutine) {
	a.variables(g)
	if !a.defers(g) {
		return
	}
	list, _ := a.w.Defers(g)
	for i := range list {
		d := &list[i]
		if d.Running || d.Entry == 0 {
			continue
		}
		for _, r := range a.code.releasesOf(uint64(d.Entry)) {
			addr := uint64(r.what.add)
			if r.what.from == fromCapture {
				if d.Closure == 0 {
					continue
				}
				addr += a.word(uint64(d.Closure) + uint64(r.what.disp))
			}
			c := claim{g: int32(len(a.gs) - 1), addr: addr, op: r.op, grade: Strong}
			a.judge(&c, g, d.Frame, d.In)
			if c.grade != 0 {
				a.claims = append(a.claims, c)
			}
		}
	}
}

// variables notes locks that are variables of the program, and that a function
// on g's stack is between locking and unlocking.
func (a *analyzer) variables(g *gostate.Goroutine) {
	for i := range g.Frames {
		f := &g.Frames[i]
		if f.Inlined || f.PCIndex < 0 {
			continue
		}
		held, ok := a.between[f.PCIndex]
		if !ok {
			held = a.heldAt(f)
			a.between[f.PCIndex] = held
		}
		for _, c := range held {
			c.g = int32(len(a.gs) - 1)
			if waitsIn(g, i) && a.wants(&c) {
				continue // the Lock is what it waits in
			}
			a.claims = append(a.claims, c)
		}
	}
}

// heldAt returns the variables that the function of a frame holds there.
func (a *analyzer) heldAt(f *gostate.Frame) []claim {
	fn, _, ok := a.w.FuncAt(f.PC)
	if !ok || waiting(f.Func) {
		return nil
	}
	var list []claim
	events := a.code.eventsOf(fn)
	for i, e := range events {
		if e.addr == 0 || e.op.releases() || slices.ContainsFunc(events[:i], func(x event) bool { return x.addr == e.addr }) {
			continue
		}
		if from, to, ok := between(events, e.addr, f.Line); ok {
			op := unlocks
			if e.op == rlocks {
				op = runlocks
			}
			list = append(list, claim{
				addr: e.addr, op: op, grade: Weak, between: true, site: Site{f.Func, f.File, f.Line},
				why: fmt.Sprintf("%s is between a Lock of it on line %d and an Unlock on line %d", f.Func, from, to),
			})
		}
	}
	return list
}

// judge grades a claim by where the function with the defer statement is: it may
// have unlocked in the meantime, and sync.Cond.Wait always has.
func (a *analyzer) judge(c *claim, g *gostate.Goroutine, frame int, in string) {
	c.why = "its deferred Unlock"
	if c.op == runlocks {
		c.why = "its deferred RUnlock"
	}
	if in != "" {
		c.why += " in " + in
		c.site.Func = in
	}
	c.why += " is to come"
	for i := range g.Frames {
		if g.Frames[i].Func == "sync.(*Cond).Wait" {
			if locker := a.lockerOf(g, i); locker == 0 || locker == c.addr {
				c.grade = 0
				return
			}
		}
	}
	if frame < 0 || frame >= len(g.Frames) {
		return
	}
	f := &g.Frames[frame]
	c.site.File, c.site.Line = f.File, f.Line
	fn, _, ok := a.w.FuncAt(f.PC)
	if !ok {
		return
	}
	if waitsIn(g, frame) && a.wants(c) {
		// In the call that locks: the deferred one may come from before it.
		c.grade, c.why = Weak, c.why+", which may be that of the Lock that it waits in"
	} else if released(a.code.eventsOf(fn), c.addr, f.Line) {
		c.grade, c.why = Weak, c.why+", but it may have unlocked in between"
	}
}

// wants reports whether the goroutine of a claim waits for the same lock.
func (a *analyzer) wants(c *claim) bool {
	m := &a.gs[c.g]
	obj, ok := a.lockAt(c.addr)
	for i := m.first; ok && i < m.first+m.n; i++ {
		if a.edges[i].obj == obj {
			return true
		}
	}
	return false
}

// waitsIn reports whether the frame is the innermost one that is not part of waiting.
func waitsIn(g *gostate.Goroutine, frame int) bool {
	for i := range g.Frames[:frame] {
		if f := &g.Frames[i]; !waiting(f.Func) && f.CFA != g.Frames[frame].CFA {
			return false
		}
	}
	return true
}

// lockerOf returns the lock that sync.Cond.Wait, frame i of g, has unlocked: L of
// the Cond that the goroutine waits for, or the mutex that it wants back; 0 if
// that is not known.
func (a *analyzer) lockerOf(g *gostate.Goroutine, i int) uint64 {
	m := &a.gs[len(a.gs)-1]
	for j := m.first; j < m.first+m.n; j++ {
		switch o := &a.objs[a.edges[j].obj]; o.kind {
		case Cond:
			return a.word(o.addr + condLocker + 8)
		case Mutex, RWMutex:
			return o.addr
		}
	}
	return 0
}

// defers reports whether g may have deferred calls: it has records of them, or
// one of its functions has a way to run them.
func (a *analyzer) defers(g *gostate.Goroutine) bool {
	if a.word(uint64(g.Addr)+uint64(a.l.GDefer)) != 0 {
		return true
	}
	for i := range g.Frames {
		f := &g.Frames[i]
		if f.Inlined || f.PCIndex < 0 {
			continue
		}
		has, ok := a.deferring[f.PCIndex]
		if !ok {
			fn, _, in := a.w.FuncAt(f.PC)
			has = in && deferring(fn)
			a.deferring[f.PCIndex] = has
		}
		if has {
			return true
		}
	}
	return false
}

func deferring(f gotab.Func) bool { return f.DeferReturn() != 0 && f.Name() != "runtime.main" }
