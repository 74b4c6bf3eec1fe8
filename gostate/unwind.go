package gostate

import (
	"fmt"
	"strings"
	"sync/atomic"

	"moho/core"
)

const (
	// maxKept bounds the physical frames kept of one stack: half of them the
	// innermost, half the outermost. Endless recursion makes millions.
	maxKept = 4096

	// slackSteps is added to the number of words in the core to bound the
	// frames of one pass over all goroutines. True stacks do not overlap, so
	// together they cannot have more frames than the core has words.
	slackSteps = 1 << 16
)

// An origin is where a walk starts.
type origin struct {
	pc, sp, lr uint64
	fp         uint64 // 0 if unknown
	trap       bool   // pc is an instruction, not a return address
	syscall    bool   // pc and sp are those of entersyscall
	g0         bool   // on the system stack of the thread
	loose      bool   // the bounds of the stack are not to be relied on
	fault      bool   // the instruction at pc raised the signal
	from       string // "" when there is nothing to start from, and why says why
	why        string
	strayed    bool   // sp is on no stack that it could be on
	foreign    uint64 // the thread is outside Go code, here; 0 otherwise
}

// A step is one physical frame.
type step struct {
	site    *site
	pc      uint64
	sp, cfa uint64
	g0      bool
	fault   bool
	trap    bool
}

// A walker unwinds stacks, one at a time. It allocates only when a stack is
// longer than all before.
//
// The rules are those of the runtime's own unwinder, so that the answer is what
// the program would have printed; what makes that one throw ends a walk here.
//
// Source: $GOROOT/src/runtime/traceback.go (unwinder), go1.27.
type walker struct {
	w     *World
	stack view
	cache siteCache
	steps []step
	count int           // frames seen, of which steps has the first and last
	hurt  hurt          // what was broken where the walk ended
	wrote bool          // it ended in code that writes its stack pointer
	spend *atomic.Int64 // frames that all walkers of a pass may still visit
}

// budget returns what one pass over all goroutines may spend.
func (w *World) budget() *atomic.Int64 {
	n := new(atomic.Int64)
	n.Store(w.mem.total/8 + slackSteps)
	return n
}

func newWalker(w *World, spend *atomic.Int64) *walker {
	return &walker{w: w, stack: view{mem: w.mem}, spend: spend}
}

// walk fills k.steps with the stack of g from o on. It returns "" when it
// reached the outermost frame, and otherwise why it stopped.
func (k *walker) walk(g *gWords, o origin) string {
	k.steps, k.count, k.hurt, k.wrote = k.steps[:0], 0, hurt{}, false
	defer k.settle()
	if o.from == "" {
		return o.why
	}
	linked := k.w.arch.HasLR
	pc, sp, lr, trap := o.pc, o.sp, o.lr, o.trap
	if pc == 0 { // a call of a nil function: start in the caller
		pc, _ = k.stack.word(core.Addr(sp))
		if !linked {
			sp += 8
		}
		lr = 0
	}
	lo, hi := g.lo, g.hi
	if o.g0 || o.loose { // the bounds of a system stack are a guess of the runtime's
		lo, hi = 0, ^uint64(0)
	}
	g0, innermost, fault := o.g0, true, o.fault && o.foreign == 0
	slot := uint64(0) // where pc was read, if it was on the stack
	for {
		s := k.cache.lookup(k.w, siteKey{pc, trap})
		if s.over {
			return fmt.Sprintf("the stacks of this core have more than %d different return addresses", maxSites)
		}
		if !s.ok {
			switch {
			case g0 || o.loose || o.foreign != 0 && slot == 0 && o.from != "prstatus" && o.from != "ucontext" || k.w.executable(pc):
				return nowhere(pc)
			case innermost && o.from == "gobuf":
				return k.fail(BadGobuf, g.addr+uint64(k.w.layout.GSchedPC), pc, nowhere(pc))
			case innermost:
				return k.fail(ReturnAddress, sp-8, pc, nowhere(pc))
			case k.w.misaligned(sp):
				return k.fail(SPMisaligned, sp, sp, fmt.Sprintf("the stack pointer is %#x, no call leaves it so", sp))
			case trap:
				return k.fail(ReturnAddress, slot, pc, fmt.Sprintf("the program went to %#x, where no Go code is", pc))
			}
			return k.fail(ReturnAddress, slot, pc, fmt.Sprintf("what should be the return address, at %#x, is %#x: not in Go code", slot, pc))
		}
		if k.spend.Add(-1) < 0 {
			return "the stacks of this core add up to more than its memory"
		}
		if g0 && s.kind == kindMorestack {
			// newstack does not return to morestack but continues g's gobuf.
			pc, sp, lr, trap = g.schedPC, g.schedSP, g.schedLR, false
			g0, lo, hi = false, g.lo, g.hi
			continue
		}
		if !s.sized {
			k.add(step{site: s, pc: pc, sp: sp, cfa: sp, g0: g0, fault: fault, trap: trap})
			return "the tables have no frame size for " + s.name()
		}
		spw := s.spw && !(innermost && o.syscall)
		if innermost && o.strayed {
			k.add(step{site: s, pc: pc, sp: sp, cfa: sp, fault: fault, trap: trap})
			return k.fail(SPOutside, sp, sp, fmt.Sprintf("%s: the stack pointer is %#x, on none of the stacks of its thread; that of the goroutine is %#x to %#x", s.name(), sp, g.lo, g.hi))
		}
		if g0 && s.kind == kindSystemstack {
			if linked && s.delta == 0 {
				spw = false // has not switched yet, or has switched back
			} else {
				sp, spw = g.schedSP, false
				g0, lo, hi = false, g.lo, g.hi
			}
		}
		cfa := sp + uint64(int64(s.delta))
		if !linked {
			cfa += 8 // the return address
		}
		if sp < lo || cfa > hi || cfa < sp || s.delta < 0 {
			why := fmt.Sprintf("%s: frame %#x to %#x is outside the stack, %#x to %#x", s.name(), sp, cfa, lo, hi)
			kind, where := FrameOutside, sp
			if innermost && o.from == "gobuf" {
				kind, where = BadGobuf, g.addr+uint64(k.w.layout.GSchedSP)
			}
			return k.fail(kind, where, sp, why)
		}
		k.add(step{site: s, pc: pc, sp: sp, cfa: cfa, g0: g0, fault: fault, trap: trap})
		if s.top {
			return ""
		}
		if k.w.misaligned(sp) && (spw || innermost && trap) {
			return k.fail(SPMisaligned, sp, sp, fmt.Sprintf("%s: the stack pointer is %#x, which is not a multiple of %d", s.name(), sp, k.w.alignment()))
		}
		if spw {
			k.wrote = true
			return s.name() + " switches stacks, the tables do not say where its caller is"
		}
		ret, ok := lr, true
		switch {
		case !linked:
			slot = cfa - 8
			ret, ok = k.stack.word(core.Addr(slot))
		case innermost && sp < cfa || lr == 0:
			slot = sp
			ret, ok = k.stack.word(core.Addr(slot))
		default:
			slot = 0
		}
		if !ok {
			return fmt.Sprintf("%s: the core does not hold its return address, at %#x", s.name(), slot)
		}
		if ret == 0 {
			return k.fail(ReturnAddress, slot, 0, s.name()+": its return address is 0")
		}
		if ret == pc && cfa == sp {
			return k.fail(Cycle, slot, ret, s.name()+": its caller is itself")
		}
		fault = s.kind == kindSigpanic
		trap = s.kind.injected()
		pc, sp, lr, innermost = ret, cfa, 0, false
		if linked && trap {
			// The signal handler saved the link register on the stack before
			// it faked the call; a leaf has its return address only there.
			x, ok := k.stack.word(core.Addr(sp))
			if !ok {
				return fmt.Sprintf("the core does not hold the saved link register, at %#x", sp)
			}
			sp += 16
			if t := k.cache.lookup(k.w, siteKey{pc, trap}); !t.ok {
				pc = x
			} else if t.delta == 0 {
				lr = x
			}
		}
	}
}

// add keeps a frame: the first half of maxKept as they come, the rest in a ring.
func (k *walker) add(s step) {
	if k.count < maxKept {
		k.steps = append(k.steps, s)
	} else {
		k.steps[maxKept/2+(k.count-maxKept)%(maxKept/2)] = s
	}
	k.count++
}

// settle turns the ring so that the steps are in order.
func (k *walker) settle() {
	if k.count <= maxKept {
		return
	}
	ring := k.steps[maxKept/2:]
	first := (k.count - maxKept) % len(ring)
	reverse(ring[:first])
	reverse(ring[first:])
	reverse(ring)
}

func reverse(s []step) {
	for i, j := 0, len(s)-1; i < j; i, j = i+1, j-1 {
		s[i], s[j] = s[j], s[i]
	}
}

// elided returns how many physical frames are missing after the first maxKept/2.
func (k *walker) elided() int { return max(0, k.count-maxKept) }

// expand appends the logical frames of the walk to dst.
func (k *walker) expand(dst []Frame) []Frame {
	shown, callee := 0, kindNormal
	for i := range k.steps {
		st := &k.steps[i]
		for j := range st.site.calls {
			c := &st.site.calls[j]
			system := c.hidden(shown == 0, callee)
			if !system {
				shown++
			}
			callee = c.kind
			dst = append(dst, Frame{
				Func: c.name, File: c.file, Line: c.line,
				PC: core.Addr(st.pc), SP: core.Addr(st.sp), CFA: core.Addr(st.cfa),
				PCIndex: st.site.index, Inline: int16(j),
				Exact: st.trap, Inlined: c.inlined, Fault: st.fault && j == 0,
				System: system, Wrapper: c.wrapper, G0: st.g0,
			})
		}
	}
	return dst
}

// hidden reports whether a default traceback leaves the call out. first means
// that it has shown none yet, callee is what this one called.
//
// Source: $GOROOT/src/runtime/traceback.go (showfuncinfo), go1.27.
func (c *call) hidden(first bool, callee kind) bool {
	switch {
	case c.wrapper && !callee.panics():
		return true
	case c.kind == kindAlwaysShown, c.kind == kindGopanic && !first:
		return false
	}
	return c.internal
}

// name returns the name of the function that the site is in.
func (s *site) name() string {
	if n := len(s.calls); n > 0 {
		return s.calls[n-1].name
	}
	return fmt.Sprintf("function at %#x", s.entry)
}

// leavesRuntime reports whether any call of the stack walked last is of code
// outside the runtime.
func (k *walker) leavesRuntime() bool {
	for i := range k.steps {
		for _, c := range k.steps[i].site.calls {
			if !strings.HasPrefix(c.name, "runtime.") {
				return true
			}
		}
	}
	return false
}
