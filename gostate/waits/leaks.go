package waits

import (
	"context"
	"fmt"
	"iter"

	"moho/core"
	"moho/gostate"
	"moho/gostate/heap"
)

// Leaks say how many goroutines can never go on. Unless Known it could not be
// found out, and Why says why.
type Leaks struct {
	Known bool
	Why   string
	Count int
}

// Leaks returns what is known about leaked goroutines; [Analysis.Leaked] has them.
func (a *Analysis) Leaks() Leaks { return a.leaks }

// Leaked yields what leaked goroutines wait for.
func (a *Analysis) Leaked() iter.Seq[Edge] {
	return func(yield func(Edge) bool) {
		for i := range a.edges {
			if e := &a.edges[i]; a.gs[e.g].leaked && !yield(a.public(e)) {
				return
			}
		}
	}
}

// FindLeaks finds the goroutines that can never go on, as Go's own profile of
// leaked goroutines does: those that can run are roots, with all variables; a
// goroutine that waits counts as able to run as soon as what it waits for has
// been reached; the rest is leaked. It must not be called while others use the
// analysis. It returns the context's error when that ends first.
//
// Source: $GOROOT/src/runtime/mgc.go (findGoroutineLeaks, isMaybeRunnable), go1.27.
func (a *Analysis) FindLeaks(ctx context.Context, opts heap.MarkOptions) error {
	a.leaks = Leaks{}
	for _, g := range a.w.Gaps() {
		if g.What == "goroutines" || g.What == "list of goroutines" {
			a.leaks.Why = "not all goroutines could be read: " + g.Why
			return nil
		}
	}
	h, err := heap.Open(a.w)
	if err != nil {
		a.leaks.Why = err.Error()
		return nil
	}
	m := h.Marker(opts)
	m.AddGlobals()
	for _, t := range a.w.Threads() {
		m.AddThread(t.TID)
	}
	var waiting []int32
	for i := range a.gs {
		if a.mayLeak(&a.gs[i]) {
			waiting = append(waiting, int32(i))
		} else {
			m.AddGoroutine(a.gs[i].goroutine())
		}
	}
	for {
		if err := m.Run(ctx); err != nil {
			return err
		}
		rest := waiting[:0]
		for _, i := range waiting {
			if g := &a.gs[i]; a.reached(m, g) {
				m.AddGoroutine(g.goroutine())
			} else {
				rest = append(rest, i)
			}
		}
		if len(rest) == len(waiting) {
			break
		}
		waiting = rest
	}
	switch {
	case m.Incomplete() > 0:
		a.leaks.Why = fmt.Sprintf("%s of the heap could not be taken in", plural(m.Incomplete(), "span"))
		return nil
	case m.Missing() > 0:
		a.leaks.Why = fmt.Sprintf("%d bytes that may hold pointers are not in the core", m.Missing())
		return nil
	}
	a.leaks.Known = true
	for _, i := range waiting {
		g := &a.gs[i]
		if g.id == 1 && g.how == waitNil {
			continue // main waits for the others, in select {}
		}
		g.leaked = true
		a.leaks.Count++
	}
	for _, list := range a.holders {
		for i := range list {
			list[i].Stuck = a.gs[list[i].g].leaked
		}
	}
	return nil
}

// goroutine returns as much of a Goroutine as a Marker looks at.
func (m *member) goroutine() *gostate.Goroutine {
	return &gostate.Goroutine{
		ID: m.id, Addr: core.Addr(m.addr), SP: core.Addr(m.sp),
		Stack: gostate.Stack{Lo: core.Addr(m.sp), Hi: core.Addr(m.hi)},
	}
}

// mayLeak reports whether m waits for something that only code that reaches it
// can bring about.
func (a *Analysis) mayLeak(m *member) bool {
	if m.system || m.n == 0 {
		return false
	}
	for i := m.first; i < m.first+m.n; i++ {
		switch a.objs[a.edges[i].obj].kind {
		case Channel, Mutex, RWMutex, WaitGroup, Cond, Once, Never:
		default:
			return false
		}
	}
	return true
}

// reached reports whether anything that m waits for has been.
func (a *Analysis) reached(r *heap.Marker, m *member) bool {
	for i := m.first; i < m.first+m.n; i++ {
		if o := &a.objs[a.edges[i].obj]; o.kind != Never && r.Reached(core.Addr(o.addr)) {
			return true
		}
	}
	return false
}
