package waits

import (
	"cmp"
	"slices"
)

// A Cycle is goroutines each of which waits for the next one, and the last one
// for the first. Grade is that of the weakest evidence in it.
type Cycle struct {
	Grade Grade
	Links []Link
}

// A Link is one step of a cycle: a goroutine, the object that it waits for, and
// who holds that: the goroutine of the next link.
type Link struct {
	Edge   Edge
	Holder Holder
}

// Cycles returns the goroutines that wait for each other, those on strong
// evidence first, then the short ones.
func (a *Analysis) Cycles() []Cycle { return a.cycles }

// maxCycles bounds the cycles that are kept: a program in which more have come
// to a stop needs no more examples.
const maxCycles = 1000

// findCycles finds goroutines that wait for each other: first where all holders
// are known for sure, then, among the goroutines that are in no such cycle,
// where the best evidence for each step is weak.
func (a *analyzer) findCycles() {
	inCycle := map[int32]bool{}
	for _, least := range [...]Grade{Strong, Weak} {
		a.follow(least, inCycle)
	}
	slices.SortStableFunc(a.cycles, func(x, y Cycle) int {
		return cmp.Or(cmp.Compare(y.Grade, x.Grade), cmp.Compare(len(x.Links), len(y.Links)))
	})
}

// A step is a way on from a goroutine: the edge that it waits by, and a holder.
type step struct {
	edge   int32
	holder int
}

// follow goes from each goroutine that holds something to who holds what it
// waits for, depth first. Each goroutine is visited once, so this takes as long
// as there are waits and holders; of several cycles through the same goroutines
// it finds one.
func (a *analyzer) follow(least Grade, inCycle map[int32]bool) {
	const onPath, done = 1, 2
	state := map[int32]uint8{}
	type visit struct {
		g    int32
		next []step
		via  step
	}
	for _, start := range a.holding() {
		if state[start] != 0 || inCycle[start] {
			continue
		}
		path := []visit{{g: start, next: a.steps(start, least)}}
		state[start] = onPath
		for len(path) > 0 && len(a.cycles) < maxCycles {
			top := &path[len(path)-1]
			if len(top.next) == 0 {
				state[top.g] = done
				path = path[:len(path)-1]
				continue
			}
			s := top.next[0]
			top.next = top.next[1:]
			top.via = s
			h := &a.holders[a.edges[s.edge].obj][s.holder]
			switch {
			case inCycle[h.g]:
			case state[h.g] == onPath:
				from := slices.IndexFunc(path, func(v visit) bool { return v.g == h.g })
				c := Cycle{Grade: Strong}
				for _, v := range path[from:] {
					h := a.holders[a.edges[v.via.edge].obj][v.via.holder]
					c.Grade = min(c.Grade, h.Grade)
					c.Links = append(c.Links, Link{a.public(&a.edges[v.via.edge]), h})
				}
				a.cycles = append(a.cycles, c)
				for _, v := range path[from:] {
					inCycle[v.g] = true
				}
				top.next = nil
			case state[h.g] == 0:
				state[h.g] = onPath
				path = append(path, visit{g: h.g, next: a.steps(h.g, least)})
			}
		}
	}
}

// steps returns the ways on from goroutine g. One with several, in a select, is
// no part of a deadlock as long as it waits for a channel too, and has none.
func (a *analyzer) steps(g int32, least Grade) []step {
	var list []step
	m := &a.gs[g]
	for i := m.first; i < m.first+m.n; i++ {
		e := &a.edges[i]
		if !a.objs[e.obj].kind.Lock() {
			return nil
		}
		for j, h := range a.holders[e.obj] {
			// On weak evidence only a function that seems to hold a lock counts.
			if h.Grade >= least && (h.Grade == Strong || h.between) && a.stops(e, &h) {
				list = append(list, step{i, j})
			}
		}
	}
	return list
}

// stops reports whether the one that waits by e waits for h: a writer does not
// wait for itself to leave, and those behind it wait for it and not for readers.
func (a *analyzer) stops(e *edge, h *Holder) bool {
	if a.objs[e.obj].kind != RWMutex {
		return true
	}
	turn := false // h is the writer that waits in the lock
	for f := range a.edgesOf(h.g) {
		turn = turn || f.obj == e.obj && f.op == Drain
	}
	return turn != (e.op == Drain)
}

// holding returns the goroutines that hold something, in the order of goroutines.
func (a *analyzer) holding() []int32 {
	var list []int32
	for _, hs := range a.holders {
		for _, h := range hs {
			list = append(list, h.g)
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}
