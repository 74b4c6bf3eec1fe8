package waits

import (
	"strings"

	"moho/core"
	"moho/gostate"
	"moho/gostate/internal/layout"
)

// A semtable is where the runtime queues those that wait for semaphores: for
// each of 251 classes of addresses a tree with one sudog for each semaphore.
//
// Source: $GOROOT/src/runtime/sema.go (semTable), go1.21 to go1.27.
type semtable struct {
	addr   uint64 // 0 when it was not found
	stride uint64
}

const semTabSize = 251

// maxDepth bounds the way down in a tree of semaphores. The trees are balanced
// by chance: a million semaphores in one make it some sixty deep.
const maxDepth = 4096

// strides are the sizes of an entry: a cache line.
//
// Source: $GOROOT/src/internal/cpu/cpu_{x86,arm64,wasm}.go (CacheLinePadSize), go1.27.
var strides = map[string]uint64{"amd64": 64, "arm64": 128, "wasm": 64}

// findSemtable finds the table among the program's variables: the root of a tree
// says by its semaphore's address which entry it is in.
func findSemtable(w *gostate.World) semtable {
	f := semFinder{w.Offsets(), w.Process().View(), strides[w.Process().Arch().Name]}
	lo, hi := w.Variables()
	size := semTabSize * f.stride
	if size == 0 || uint64(hi-lo) < size {
		return semtable{}
	}
	at := w.Process().View()
	tried := map[uint64]bool{}
	best, most := uint64(0), 0
	for a := (uint64(lo) + 7) &^ 7; a+8 <= uint64(hi) && len(tried) < maxTables; a += 8 {
		p, err := at.Word(core.Addr(a))
		if err != nil {
			continue
		}
		class, ok := f.root(p)
		base := a - uint64(f.l.SemaRootTreap) - class*f.stride
		if !ok || tried[base] || base < uint64(lo) || base+size > uint64(hi) {
			continue
		}
		tried[base] = true
		if n := f.check(at, base); n > most {
			best, most = base, n
		}
	}
	return semtable{best, f.stride}
}

// maxTables bounds the places that are looked at as if the table were there.
// True programs have as many as there are trees.
const maxTables = 4096

type semFinder struct {
	l      *layout.Layout
	v      *core.View
	stride uint64
}

// root reports whether p points to the root of a tree of semaphores: a sudog
// of a goroutine, on no channel and with no parent; and which class it is of.
func (f semFinder) root(p uint64) (class uint64, ok bool) {
	if p < 4096 || p%8 != 0 {
		return 0, false
	}
	b, err := f.v.Slice(core.Addr(p), int(f.l.SudogSize))
	if err != nil || le64(b[f.l.SudogC:]) != 0 || le64(b[f.l.SudogParent:]) != 0 {
		return 0, false
	}
	g, elem := le64(b[f.l.SudogG:]), le64(b[f.l.SudogElem:])
	if elem == 0 && f.l.Minor >= 26 {
		elem = le64(b[f.l.SudogElem+8:])
	}
	if g%8 != 0 || elem == 0 || elem%4 != 0 {
		return 0, false
	}
	self, err := f.v.Word(core.Addr(g + uint64(f.l.GSchedG)))
	return elem >> 3 % semTabSize, err == nil && self == g
}

// check returns how many trees the table at base has, 0 if it is none: every
// entry has the tree of its own class or is empty, and what follows in the cache
// line is nothing.
func (f semFinder) check(v *core.View, base uint64) int {
	trees := 0
	for i := range uint64(semTabSize) {
		b, err := v.Slice(core.Addr(base+i*f.stride), int(f.stride))
		if err != nil {
			return 0
		}
		for _, x := range b[f.l.SemaRootNWait+4:] {
			if x != 0 {
				return 0
			}
		}
		p, waiters := le64(b[f.l.SemaRootTreap:]), le32(b[f.l.SemaRootNWait:])
		if p == 0 {
			continue // nwait counts before it queues
		}
		if class, ok := f.root(p); !ok || class != i || waiters == 0 {
			return 0
		}
		trees++
	}
	return trees
}

// queued reports whether the table has a queue for the semaphore at addr.
func (a *analyzer) queued(addr uint64) bool {
	l := a.l
	p := a.word(a.table.addr + addr>>3%semTabSize*a.table.stride + uint64(l.SemaRootTreap))
	for n := 0; p != 0 && n < maxDepth && a.budget > 0; n++ {
		a.budget--
		switch elem := a.traced(p + uint64(l.SudogElem)); {
		case elem == addr:
			return true
		case addr < elem:
			p = a.word(p + uint64(l.SudogPrev))
		default:
			p = a.word(p + uint64(l.SudogNext))
		}
	}
	return false
}

// semaphore notes the semaphore that g waits for, as the lock that it is in.
func (a *analyzer) semaphore(g *gostate.Goroutine, op Op) bool {
	addr := a.semaphoreOf(g)
	if addr == 0 {
		return false
	}
	k, op := owner(g, addr, op)
	a.edge(k, op)
	return true
}

// semaphoreOf returns the address of the semaphore that g waits for, or 0. Since
// Go 1.26 the g lists the sudog; before, the function that waits has it on its
// stack, and the table has it too.
func (a *analyzer) semaphoreOf(g *gostate.Goroutine) uint64 {
	l := a.l
	if sg := a.word(uint64(g.Addr) + uint64(l.GWaiting)); sg != 0 && a.word(sg+uint64(l.SudogG)) == uint64(g.Addr) {
		if addr := a.traced(sg + uint64(l.SudogElem)); a.isSemaphore(addr) {
			return addr
		}
	}
	addr := uint64(0)
	a.near(g, func(p uint64) bool {
		if a.word(p+uint64(l.SudogG)) != uint64(g.Addr) {
			return false
		}
		s := a.traced(p + uint64(l.SudogElem))
		if !a.isSemaphore(s) {
			return false
		}
		addr = s
		return true
	})
	return addr
}

// isSemaphore reports whether somebody waits for a semaphore at addr, or, where
// the table of them is missing, there could be one.
func (a *analyzer) isSemaphore(addr uint64) bool {
	if addr == 0 || addr%4 != 0 {
		return false
	}
	if _, seen := a.sems[addr]; seen {
		return true
	}
	if a.table.addr != 0 {
		if !a.queued(addr) {
			return false
		}
	} else if _, err := a.v.Slice(core.Addr(addr), 4); err != nil {
		return false
	}
	a.sems[addr] = struct{}{}
	return true
}

// maxNear bounds how much of a stack is looked at for what its innermost
// functions have in hand: some frames of the runtime and package sync, in bytes.
const maxNear = 4096

// near calls yield with the words on g's stack in the frames of the functions
// that wait, up to the first one of neither the runtime nor a package with locks,
// until yield returns true.
func (a *analyzer) near(g *gostate.Goroutine, yield func(p uint64) bool) {
	end := uint64(g.SP) + 512
	for i := range g.Frames {
		if f := &g.Frames[i]; !waiting(f.Func) {
			end = uint64(f.CFA)
			break
		}
	}
	end = min(end, uint64(g.SP)+maxNear, uint64(g.Stack.Hi))
	for p := uint64(g.SP); p+8 <= end; p += 8 {
		if x := a.word(p); x >= 4096 && x%8 == 0 && yield(x) {
			return
		}
	}
}

// waiting reports whether a function of this name belongs to waiting itself.
func waiting(name string) bool {
	for _, p := range [...]string{"runtime.", "sync.", "internal/sync.", "internal/poll."} {
		if strings.HasPrefix(name, p) {
			return true
		}
	}
	return name == "time.Sleep"
}

// owner says what the semaphore at addr is part of, by the functions of package
// sync that wait for it.
//
// Source: $GOROOT/src/sync/{rwmutex,waitgroup,once}.go, internal/sync/mutex.go,
// internal/poll/fd_mutex.go, go1.21 to go1.27.
func owner(g *gostate.Goroutine, addr uint64, op Op) (objectKey, Op) {
	k := objectKey{addr: addr, kind: Semaphore}
	for i := range g.Frames {
		name := g.Frames[i].Func
		if !waiting(name) {
			break
		}
		switch name {
		case "sync.(*Mutex).lockSlow", "internal/sync.(*Mutex).lockSlow":
			k, op = objectKey{addr: addr - 4, kind: Mutex}, Lock
		case "sync.(*RWMutex).Lock":
			if k.kind == Mutex { // its first field: another writer has its turn
				return objectKey{addr: addr - 4, kind: RWMutex}, Lock
			}
			return objectKey{addr: addr - 8, kind: RWMutex}, Drain
		case "sync.(*RWMutex).RLock":
			return objectKey{addr: addr - 12, kind: RWMutex}, RLock
		case "sync.(*WaitGroup).Wait":
			return objectKey{addr: addr - 8, kind: WaitGroup}, Wait
		case "sync.(*Once).doSlow":
			if k.kind == Mutex {
				return objectKey{addr: addr - 8, kind: Once}, Wait
			}
		case "internal/poll.(*FD).readLock":
			return objectKey{addr: addr - 8, kind: FDLock}, Read
		case "internal/poll.(*FD).writeLock":
			return objectKey{addr: addr - 12, kind: FDLock}, Write
		}
	}
	return k, op
}
