package waits

import (
	"cmp"
	"slices"
)

// A Lone is the objects that one goroutine each waits for, at the same place and
// for the same: a hundred thousand requests each with a channel of its own are
// one thing to look at. First is one of the objects, IDs are the first few
// goroutines.
type Lone struct {
	Kind  Kind
	Op    Op
	Site  Site
	Count int
	IDs   []uint64
	First int
}

type loneKey struct {
	kind Kind
	op   Op
	site int32
	name string // of the system call, or the runtime's reason
}

// Lone returns the objects with a single waiter and no known holder, by place,
// and for each object in which of them it is, -1 for none.
func (a *Analysis) Lone() (list []Lone, of []int32) {
	of = make([]int32, len(a.objs))
	at := map[loneKey]int32{}
	for _, i := range a.order {
		o := &a.objs[i]
		of[i] = -1
		if o.count != 1 || o.addr == 0 || len(a.holders[i]) > 0 {
			continue
		}
		e := &a.edges[o.first]
		m := &a.gs[e.g]
		k := loneKey{o.kind, e.op, m.site, o.label}
		n, ok := at[k]
		if !ok {
			n = int32(len(list))
			at[k] = n
			l := Lone{Kind: o.kind, Op: e.op, First: int(i)}
			if m.site >= 0 {
				l.Site = a.sites[m.site]
			}
			list = append(list, l)
		}
		of[i] = n
		l := &list[n]
		if a.counted(m, e) {
			continue
		}
		if l.Count++; len(l.IDs) < maxIDs {
			l.IDs = append(l.IDs, m.id)
		}
	}
	return list, of
}

// counted reports whether another case of m's select, before e, is one of an
// object of its own too.
func (a *Analysis) counted(m *member, e *edge) bool {
	for i := m.first; i < m.first+m.n && &a.edges[i] != e; i++ {
		if f := &a.edges[i]; f.op == e.op && a.objs[f.obj].count == 1 {
			return true
		}
	}
	return false
}

// A Summary is what a first look at a process needs of its waits.
//
// Waiting counts the goroutines that wait, the runtime's own left out. Queues
// are the objects that at least two of them wait for, Lone the places where each
// waits for an object of its own; both with the most goroutines first.
type Summary struct {
	Waiting int
	Cycles  []Cycle
	Queues  []*Object
	Lone    []Lone
	Leaks   Leaks
}

// Summary returns the n longest queues and places at most.
func (a *Analysis) Summary(n int) Summary {
	s := Summary{Cycles: a.cycles, Leaks: a.leaks}
	for i := range a.gs {
		if m := &a.gs[i]; m.n > 0 && !m.system {
			s.Waiting++
		}
	}
	for _, i := range a.order {
		if len(s.Queues) == n || a.objs[i].count < 2 {
			break
		}
		if k := a.objs[i].kind; k != Runtime && !a.gs[a.edges[a.objs[i].first].g].system {
			s.Queues = append(s.Queues, a.Object(int(i)))
		}
	}
	lone, _ := a.Lone()
	slices.SortStableFunc(lone, func(x, y Lone) int { return cmp.Compare(y.Count, x.Count) })
	s.Lone = lone[:min(n, len(lone))]
	return s
}
