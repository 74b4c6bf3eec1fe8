package waits

import (
	"fmt"
	"iter"

	"moho/core"
)

// An Object is what goroutines wait for.
//
// Addr is 0 for what is nowhere in memory, and Label, the runtime's reason or
// the system call, says what it is. Name is that of the variable that the object
// is or lies in, if the program has symbols. Waiters counts the goroutines that
// wait for it, those in a select included. Of Chan, Lock, Group, Cond and FD the one
// for its kind is set, if the core has it. When is when a sleep ends, in
// nanoseconds of the process's monotonic clock, or 0.
type Object struct {
	Index   int
	Addr    core.Addr
	Kind    Kind
	Label   string
	Name    string
	Waiters int

	Chan  *Chan
	Lock  *LockState
	Group *GroupState
	Cond  *CondState
	FD    *FDState
	When  int64

	Holders []Holder // for locks, the strongest evidence first
}

// NumObjects returns how many different objects are waited for.
func (a *Analysis) NumObjects() int { return len(a.objs) }

// Objects yields the objects, those that most goroutines wait for first.
func (a *Analysis) Objects() iter.Seq[*Object] {
	return func(yield func(*Object) bool) {
		for _, i := range a.order {
			if !yield(a.Object(int(i))) {
				return
			}
		}
	}
}

// Queues yields the index of each object and how many goroutines wait for it, in
// the order of [Analysis.Objects], without looking at the objects.
func (a *Analysis) Queues() iter.Seq2[int, int] {
	return func(yield func(object, waiters int) bool) {
		for _, i := range a.order {
			if !yield(int(i), int(a.objs[i].count)) {
				return
			}
		}
	}
}

// ObjectAt returns the object at an address.
func (a *Analysis) ObjectAt(addr core.Addr) (*Object, bool) {
	for i := range a.objs {
		if a.objs[i].addr == uint64(addr) && addr != 0 {
			return a.Object(i), true
		}
	}
	return nil, false
}

// Object returns the object with the given index, which [Edge.Object] and
// [Object.Index] have.
func (a *Analysis) Object(i int) *Object {
	x := &a.objs[i]
	o := &Object{Index: i, Addr: core.Addr(x.addr), Kind: x.kind, Label: x.label, Waiters: int(x.count), Holders: a.holders[int32(i)]}
	switch x.kind {
	case Channel:
		if o.Chan = a.channel(x.addr); o.Chan != nil {
			for e := range a.all(int32(i)) {
				switch e.op {
				case Receive:
					o.Chan.Receivers++
				case Send:
					o.Chan.Senders++
				}
			}
		}
	case Mutex, RWMutex, Once:
		o.Lock = a.lockState(x.kind, x.addr)
	case WaitGroup:
		o.Group = a.groupState(x.addr)
	case Cond:
		o.Cond = a.condState(x.addr)
	case FD, FDLock:
		o.FD = a.fdState(x.kind, x.addr)
	case Timer:
		for e := range a.all(int32(i)) {
			o.When = a.wakes(a.gs[e.g].addr, x.addr)
		}
	}
	if name, off, ok := a.names.variable(x.addr); ok {
		o.Name = name
		if off != 0 {
			o.Name = fmt.Sprintf("%s+%#x", name, off)
		}
	}
	return o
}

// wakes returns when the goroutine at g, whose timer is given, goes on.
func (a *Analysis) wakes(g, timer uint64) int64 {
	l, p := a.w.Offsets(), a.w.Process()
	at := timer + uint64(l.TimerWhen)
	if l.GSleepWhen >= 0 {
		at = g + uint64(l.GSleepWhen)
	} else if timer == 0 {
		return 0
	}
	x, err := p.Word(core.Addr(at))
	if err != nil {
		return 0
	}
	return int64(x)
}

// Now returns the latest moment that the process has written down, in
// nanoseconds of its monotonic clock; it stopped then or later. It is 0 when
// the runtime has stamped no goroutine.
func (a *Analysis) Now() int64 { return a.now }

// An Edge says that a goroutine waits for an object. A goroutine in a select has
// one for each of its cases, and Select is set.
type Edge struct {
	Goroutine uint64
	Op        Op
	Object    int // for Analysis.Object
	Kind      Kind
	Addr      core.Addr
	Select    bool
	Leaked    bool
	System    bool // the goroutine is the runtime's own
	g         int32
}

func (a *Analysis) public(e *edge) Edge {
	m, o := &a.gs[e.g], &a.objs[e.obj]
	return Edge{
		Goroutine: m.id, Op: e.op, Object: int(e.obj), Kind: o.kind, Addr: core.Addr(o.addr),
		Select: m.how == waitSelect, Leaked: m.leaked, System: m.system, g: e.g,
	}
}

// NumEdges returns how many edges there are.
func (a *Analysis) NumEdges() int { return len(a.edges) }

// Edges yields what every goroutine waits for, in the order in which the runtime
// lists goroutines. Those that can run have none.
func (a *Analysis) Edges() iter.Seq[Edge] {
	return func(yield func(Edge) bool) {
		for i := range a.edges {
			if !yield(a.public(&a.edges[i])) {
				return
			}
		}
	}
}

// Waiters yields who waits for an object, in the order in which the runtime
// lists goroutines.
func (a *Analysis) Waiters(object int) iter.Seq[Edge] {
	return func(yield func(Edge) bool) {
		for e := range a.all(int32(object)) {
			if !yield(a.public(e)) {
				return
			}
		}
	}
}

// Holders returns who holds an object, as [Object.Holders] has it.
func (a *Analysis) Holders(object int) []Holder { return a.holders[int32(object)] }

// Next returns what a holder waits for itself.
func (a *Analysis) Next(h Holder) []Edge {
	var list []Edge
	for e := range a.edgesOf(h.g) {
		list = append(list, a.public(e))
	}
	return list
}

// Of returns what the goroutine with the given id waits for.
func (a *Analysis) Of(id uint64) []Edge {
	var list []Edge
	for i := range a.gs {
		if m := &a.gs[i]; m.id == id {
			for j := m.first; j < m.first+m.n; j++ {
				list = append(list, a.public(&a.edges[j]))
			}
		}
	}
	return list
}
