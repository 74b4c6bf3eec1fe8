package waits

import (
	"cmp"
	"iter"
	"slices"

	"moho/core"
	"moho/evidence"
	"moho/gostate"
	"moho/gostate/internal/layout"
)

// Options say how to analyze. The zero value is fine.
type Options struct {
	// NoHolders leaves out who holds locks, and with it cycles: what it takes to
	// look at all stacks.
	NoHolders bool
}

// An Analysis is what all goroutines of a process wait for. It is safe for
// concurrent use once Analyze has returned.
type Analysis struct {
	w     *gostate.World
	names *names
	gs    []member
	edges []edge
	objs  []object
	sites []Site
	order []int32 // objects, the longest queue first

	holders map[int32][]Holder
	cycles  []Cycle
	leaks   Leaks
	table   semtable
	now     int64
	gaps    []evidence.Gap
}

// A member is one goroutine; what it waits for are edges[first : first+n].
type member struct {
	addr, id uint64
	sp, hi   uint64
	first    int32
	n        int32
	site     int32 // in Analysis.sites, -1 for none
	how      wait
	leaked   bool
	system   bool
}

// An edge says that a goroutine waits for an object.
type edge struct {
	g, obj int32
	next   int32 // next edge of the object, -1 for none
	op     Op
}

// An object is one thing that is waited for. Its details are read when they are
// asked for: there may be as many objects as goroutines.
type object struct {
	addr        uint64
	label       string // of objects without an address
	kind        Kind
	count       int32
	first, last int32 // edges
}

type objectKey struct {
	addr  uint64
	label string
	kind  Kind
}

// analyzer is what is needed while the goroutines are gone through.
type analyzer struct {
	*Analysis
	l         *layout.Layout
	v         *core.View
	byAddr    map[uint64]int32    // objects that have an address
	byKey     map[objectKey]int32 // the others
	budget    int64               // elements of lists that may still be visited
	bySite    map[siteKey]int32
	bySource  map[Site]int32
	sems      map[uint64]struct{} // semaphores that somebody waits for
	code      *code
	claims    []claim
	between   map[int32][]claim // by Frame.PCIndex: variables that the function holds there
	deferring map[int32]bool    // by Frame.PCIndex: the function may defer
	failed    [waitRuntime + 1]int
}

// Analyze finds out what every goroutine of w waits for. It never fails: what
// could not be found is listed by [Analysis.Gaps], and the goroutines concerned
// wait for an object of kind [Unknown].
func Analyze(w *gostate.World, opts Options) *Analysis {
	a := &analyzer{
		Analysis: &Analysis{w: w, names: newNames(w), holders: map[int32][]Holder{}},
		l:        w.Offsets(), v: w.Process().View(), byAddr: map[uint64]int32{}, byKey: map[objectKey]int32{}, sems: map[uint64]struct{}{}, bySite: map[siteKey]int32{}, bySource: map[Site]int32{},
	}
	a.code, a.deferring = newCode(w), map[int32]bool{}
	a.between = map[int32][]claim{}
	a.budget = steps(w.Process(), int64(a.l.SudogSize))
	a.table = findSemtable(w)
	// Most goroutines wait for one thing; growing by and by would take twice as much.
	a.gs, a.edges = make([]member, 0, w.NumG()), make([]edge, 0, w.NumG())
	for g := range w.Goroutines() {
		if a.add(g); !opts.NoHolders && !g.System {
			a.claimsOf(g)
		}
	}
	a.tellFailures()
	a.sort()
	if !opts.NoHolders {
		a.findHolders()
		a.findCycles()
	}
	return a.Analysis
}

// steps returns how many things of a size the memory of p has room for.
func steps(p *core.Process, size int64) int64 {
	var total int64
	for _, b := range p.Memory() {
		total += int64(len(b))
	}
	return total/max(size, 1) + 1<<16
}

// add notes what g waits for.
func (a *analyzer) add(g *gostate.Goroutine) {
	m := member{
		addr: uint64(g.Addr), id: g.ID, sp: uint64(g.SP), hi: uint64(g.Stack.Hi), system: g.System,
		first: int32(len(a.edges)), site: a.site(g),
	}
	if g.RegsFrom == "" || !onStack(g, m.sp) {
		m.sp = m.hi
	}
	a.now = max(a.now, g.WaitSince)
	a.gs = append(a.gs, m)
	switch r, ok := reasons[g.WaitReason]; {
	case g.Status == "syscall":
		a.edge(objectKey{label: systemCall(g), kind: Syscall}, Call)
	case g.Status != "waiting" && g.Status != "leaked":
	case ok:
		a.member().how = r.how
		a.find(g, r.how, r.op)
	default:
		a.member().how = waitRuntime
		a.edge(objectKey{label: g.WaitReason, kind: Runtime}, Wait)
	}
	m0 := a.member()
	m0.n = int32(len(a.edges)) - m0.first
}

func onStack(g *gostate.Goroutine, sp uint64) bool {
	return uint64(g.Stack.Lo) <= sp && sp < uint64(g.Stack.Hi)
}

func (a *analyzer) member() *member { return &a.gs[len(a.gs)-1] }

// find dispatches on how g waits. What finds nothing leaves an unknown object.
func (a *analyzer) find(g *gostate.Goroutine, how wait, op Op) {
	found := true
	switch how {
	case waitChan, waitSelect:
		found = a.channels(g, op)
	case waitNil:
		a.edge(objectKey{label: g.WaitReason, kind: Never}, op)
	case waitSema:
		found = a.semaphore(g, op)
	case waitCond:
		found = a.cond(g)
	case waitSleep:
		a.sleep(g)
	case waitIO:
		found = a.poll(g)
	case waitCoro:
		found = a.coroutine(g)
	case waitBubble:
		a.edge(objectKey{label: g.WaitReason, kind: Runtime}, op)
	}
	if !found {
		a.failed[how]++
		a.edge(objectKey{label: g.WaitReason, kind: Unknown}, op)
	}
}

// edge lets the goroutine added last wait for an object.
func (a *analyzer) edge(k objectKey, op Op) {
	i, ok := a.byAddr[k.addr]
	if k.addr == 0 {
		i, ok = a.byKey[k]
	}
	if !ok {
		i = int32(len(a.objs))
		if k.addr == 0 {
			a.byKey[k] = i
		} else {
			a.byAddr[k.addr] = i
		}
		a.objs = append(a.objs, object{addr: k.addr, label: k.label, kind: k.kind, first: -1, last: -1})
	}
	n := int32(len(a.edges))
	a.edges = append(a.edges, edge{g: int32(len(a.gs) - 1), obj: i, next: -1, op: op})
	o := &a.objs[i]
	if o.last < 0 {
		o.first = n
	} else {
		a.edges[o.last].next = n
	}
	o.last = n
	o.count++
}

func (a *Analysis) sort() {
	a.order = make([]int32, len(a.objs))
	for i := range a.order {
		a.order[i] = int32(i)
	}
	slices.SortFunc(a.order, func(i, j int32) int {
		x, y := &a.objs[i], &a.objs[j]
		return cmp.Or(cmp.Compare(y.count, x.count), cmp.Compare(x.kind, y.kind), cmp.Compare(x.addr, y.addr), cmp.Compare(x.label, y.label))
	})
}

func (a *analyzer) tellFailures() {
	for how, n := range a.failed {
		if n > 0 {
			a.gap("waits", "", "what %d goroutines wait for was not found (%s)", n, waitNames[how])
		}
	}
}

var waitNames = [...]string{
	waitChan: "channels", waitSelect: "channels of a select", waitSema: "semaphores", waitCond: "condition variables",
	waitIO: "file descriptors", waitCoro: "coroutines", waitRuntime: "",
}

// Gaps lists what could not be found out.
func (a *Analysis) Gaps() []evidence.Gap { return a.gaps }

// World returns what was analyzed.
func (a *Analysis) World() *gostate.World { return a.w }

// edgesOf yields the edges of goroutine g.
func (a *Analysis) edgesOf(g int32) iter.Seq[*edge] {
	m := &a.gs[g]
	return func(yield func(*edge) bool) {
		for i := m.first; i < m.first+m.n; i++ {
			if !yield(&a.edges[i]) {
				return
			}
		}
	}
}

// all yields the edges of an object in the order of goroutines.
func (a *Analysis) all(obj int32) iter.Seq[*edge] {
	return func(yield func(*edge) bool) {
		for i := a.objs[obj].first; i >= 0; i = a.edges[i].next {
			if !yield(&a.edges[i]) {
				return
			}
		}
	}
}
