package gostate

import (
	"fmt"
	"iter"
	"path"
	"slices"
	"strings"

	"moho/core"
)

// A Stack is the memory of a goroutine's stack: [Lo, Hi), of which the Used
// bytes at the top hold frames.
type Stack struct {
	Lo, Hi core.Addr
	Size   uint64
	Used   uint64
}

// A Creator is the go statement that started a goroutine. GoID is 0 for those
// that the runtime started before there were any, and before Go 1.21.
type Creator struct {
	GoID uint64
	Func string
	File string
	Line int
	PC   core.Addr
}

// A Goroutine is one goroutine of the process.
//
// Status is the runtime's word: idle, runnable, running, syscall, waiting,
// dead, copystack, preempted, leaked. WaitReason is set while it is waiting or
// leaked. WaitSince is when that began, in nanoseconds of the process's
// monotonic clock, or 0: the runtime stamps it only now and then.
//
// Frames are innermost first. Truncated says why they end before the outermost
// one, and is empty if they do not; Elided physical frames are left out before
// Frames[ElidedAt] if the stack is very deep. RegsFrom names the source of PC,
// SP and FP: prstatus, coredump, ucontext, syscall, vdso, gobuf, or "" when they are
// unknown.
type Goroutine struct {
	ID         uint64
	Addr       core.Addr
	Status     string
	Scan       bool // the garbage collector has hold of the stack
	WaitReason string
	WaitSince  int64
	System     bool // the runtime's own
	Thread     int  // id of the thread that executes it, 0 for none
	Locked     bool // wired to its thread
	CreatedBy  Creator
	Start      string // function that it started with
	Stack      Stack
	Frames     []Frame
	Truncated  string
	Elided     int
	ElidedAt   int
	RegsFrom   string
	PC, SP, FP core.Addr
	Damage     *Damage  // what is broken about the stack; nil if nothing was found
	Printed    *Printed // nil where memory was read
}

// Clone returns a copy that stays valid when an iteration goes on.
func (g *Goroutine) Clone() *Goroutine {
	c := *g
	c.Frames = slices.Clone(g.Frames)
	if g.Damage != nil {
		d := *g.Damage
		c.Damage = &d
	}
	if g.Printed != nil {
		p := *g.Printed
		p.Args, p.Notes = slices.Clone(p.Args), slices.Clone(p.Notes)
		c.Printed = &p
	}
	return &c
}

// NumG returns how many goroutines there are. Dead ones, which the runtime keeps
// to use again, do not count.
func (w *World) NumG() int { return len(w.gs) }

// Goroutines yields all goroutines in the order in which the runtime lists them. The value is reused for the next one: [Goroutine.Clone]
// it to keep it. Frames of one stack allocate nothing.
func (w *World) Goroutines() iter.Seq[*Goroutine] {
	return func(yield func(*Goroutine) bool) {
		r := newReader(w)
		var g Goroutine
		for _, addr := range w.gs {
			if !r.read(addr) {
				continue
			}
			if r.resolve(&g); !yield(&g) {
				return
			}
		}
	}
}

// Goroutine returns the goroutine with the given id.
func (w *World) Goroutine(id uint64) (*Goroutine, bool) {
	if id == 0 {
		return nil, false
	}
	r := newReader(w)
	for _, addr := range w.gs {
		if x, ok := r.view.word(core.Addr(addr + uint64(w.layout.GID))); !ok || x != id {
			continue
		}
		if r.read(addr) {
			g := new(Goroutine)
			r.resolve(g)
			return g, true
		}
	}
	return nil, false
}

// GoroutineAt returns the goroutine whose g is at addr.
func (w *World) GoroutineAt(addr core.Addr) (*Goroutine, bool) {
	r := newReader(w)
	if !r.read(uint64(addr)) || r.words.status.dead() {
		return nil, false
	}
	g := new(Goroutine)
	r.resolve(g)
	return g, true
}

// A reader turns g structs into Goroutines, one at a time.
type reader struct {
	w     *World
	view  view
	words gWords
	walk  *walker

	rescue *walker // behind a damage
}

func newReader(w *World) *reader {
	return &reader{w: w, view: view{mem: w.mem}, walk: newWalker(w, w.budget())}
}

// read reads the g at addr. It returns false for one that is not in the core or
// that cannot be one; World.Gaps has counted those.
func (r *reader) read(addr uint64) bool {
	return readG(&r.view, r.w.layout, addr, &r.words) && r.words.plausible()
}

// resolve fills g, whose Frames are reused.
func (r *reader) resolve(g *Goroutine) {
	x, w := &r.words, r.w
	*g = Goroutine{
		ID: x.id, Addr: core.Addr(x.addr), Status: x.status.String(), Scan: x.status&gScan != 0,
		Locked: x.lockedM != 0,
		Stack:  Stack{Lo: core.Addr(x.lo), Hi: core.Addr(x.hi), Size: x.hi - x.lo},
		Frames: g.Frames[:0],
	}
	if s := x.status &^ gScan; s == gWaiting || s == gLeaked {
		g.WaitReason = w.waitReason(x.waitReason)
		g.WaitSince = x.waitSince
	} else if s == gSyscall {
		g.WaitSince = x.waitSince
	}
	if m := w.machineOf(x); m != nil && m.thread >= 0 {
		g.Thread = w.threads[m.thread].TID
	}
	w.origins(x, g)

	o := w.start(&r.view, x)
	if o.from != "" {
		g.RegsFrom, g.PC, g.SP, g.FP = o.from, core.Addr(o.pc), core.Addr(o.sp), core.Addr(o.fp)
		if x.onStack(o.sp) {
			g.Stack.Used = x.hi - o.sp
		}
	}
	r.finish(g, o)
	if s := w.lookup(siteKey{x.startPC, true}); s.ok {
		g.System = w.isSystem(x, s, r.walk)
	}
}

// finish walks from o and fills in the frames of g.
func (r *reader) finish(g *Goroutine, o origin) {
	w := r.w
	g.Truncated = r.walk.walk(&r.words, o)
	if o.foreign != 0 {
		if f, ok := w.foreign(o); ok {
			g.Frames = append(g.Frames, f)
		}
	}
	if n := r.walk.elided(); n > 0 {
		g.Elided = n
		g.ElidedAt = len(g.Frames) + r.walk.logical(maxKept/2)
	}
	g.Frames = r.walk.expand(g.Frames)
	if g.Truncated != "" && r.words.status&^gScan == gCopystack {
		g.Truncated += "; its stack was being copied"
		return
	}
	if r.walk.hurt.kind != "" || r.walk.wrote {
		r.damaged(g, o)
	}
}

// logical returns how many logical frames the first n steps are.
func (k *walker) logical(n int) int {
	sum := 0
	for i := range k.steps[:n] {
		sum += len(k.steps[i].site.calls)
	}
	return sum
}

// origins says where the goroutine came from.
func (w *World) origins(x *gWords, g *Goroutine) {
	if s := w.lookup(siteKey{x.startPC, true}); s.ok {
		g.Start = s.name()
	}
	if x.goPC == 0 || x.id == 1 { // the runtime's start-up code, not a go statement
		return
	}
	g.CreatedBy.GoID, g.CreatedBy.PC = x.parent, core.Addr(x.goPC)
	if s := w.lookup(siteKey{x.goPC, false}); s.ok && len(s.calls) > 0 {
		// As the traceback has it: the line of the innermost call, the name of
		// the function that it is compiled into.
		g.CreatedBy.Func = s.name()
		g.CreatedBy.File, g.CreatedBy.Line = s.calls[0].file, s.calls[0].line
	}
}

// isSystem reports whether the runtime counts the goroutine as its own. k has
// just walked its stack.
//
// Source: $GOROOT/src/runtime/traceback.go (isSystemGoroutine), go1.27.
func (w *World) isSystem(x *gWords, start *site, k *walker) bool {
	name := start.name()
	switch name {
	case "runtime.main", "runtime.corostart", "runtime.handleAsyncEvent":
		return false
	case "runtime.runfinq", "runtime.runFinalizers":
		// Its own unless it is calling a finalizer.
		return !k.leavesRuntime()
	case "runtime.runCleanups":
		return !x.runningCleanups
	}
	return strings.HasPrefix(name, "runtime.")
}

func (w *World) waitReason(n uint8) string {
	if int(n) < len(w.layout.WaitReasons) {
		return w.layout.WaitReasons[n]
	}
	return fmt.Sprintf("unknown wait reason %d", n)
}

// foreign makes a frame of a place outside Go code.
func (w *World) foreign(o origin) (Frame, bool) {
	pc := core.Addr(o.foreign)
	f := Frame{PC: pc, SP: core.Addr(o.sp), CFA: core.Addr(o.sp), PCIndex: -1, Foreign: true, Fault: o.fault}
	for _, m := range w.proc.Mappings() {
		if m.Start <= pc && pc < m.End {
			f.Func = fmt.Sprintf("%s+%#x", path.Base(m.File), uint64(pc-m.Start)+uint64(m.Off))
			f.File = m.File
			return f, true
		}
	}
	f.Func = fmt.Sprintf("%#x", o.foreign)
	return f, o.from == "" || o.from != "vdso" && o.from != "syscall"
}
