package gostate

import (
	"fmt"
	"slices"
	"sort"

	"moho/core"
)

// A Damage is what is broken about a stack, as opposed to what the core does
// not hold.
//
// Where is the address that is wrong or that holds what is wrong, and Value
// that; Bytes is the memory around it, from At on, nil if there is none. Trusted
// is the index in Goroutine.Frames of the last frame before the damage, -1 for
// none. The frames behind it are guesses (see [Frame.Maybe]), and Recovered says
// how they were made: "frame pointers", "scan", or "" when there are none.
type Damage struct {
	Kind      string
	Where     core.Addr
	Value     uint64
	Why       string
	Trusted   int
	Recovered string
	At        core.Addr
	Bytes     []byte
}

// What [Damage.Kind] says.
const (
	SPOutside     = "stack pointer outside"    // of every stack that it could be on
	SPMisaligned  = "stack pointer misaligned" // no call leaves it so
	ReturnAddress = "return address"           // is not one
	BadGobuf      = "gobuf"                    // where a parked goroutine was cannot be true
	FrameOutside  = "frame outside"            // of the stack, by the size that the tables give
	Cycle         = "cycle"                    // a frame that is its own caller
)

// A hurt is a damage as a walk meets it.
type hurt struct {
	kind         string
	where, value uint64
}

const (
	around = 64 // bytes that are shown on each side of a damage

	maxScan  = 64 << 10 // words of a damaged stack that are searched for return addresses
	maxWalks = 1 << 10  // places of one damaged stack where a walk is tried
)

// fail notes a damage and returns why, the reason for which the walk ends.
func (k *walker) fail(kind string, where, value uint64, why string) string {
	k.hurt = hurt{kind, where, value}
	return why
}

// alignment is what every stack pointer of Go code is a multiple of.
func (w *World) alignment() uint64 {
	if w.arch.HasLR {
		return 16
	}
	return 8
}

func (w *World) misaligned(sp uint64) bool { return sp%w.alignment() != 0 }

// executable reports whether code that is not the program's own may be at pc: a
// C library, a plugin, a just-in-time compiler.
func (w *World) executable(pc uint64) bool {
	r, ok := w.regionOf(pc)
	return ok && r.Exec
}

// regionOf finds the region that a lies in; they are in order.
func (w *World) regionOf(a uint64) (core.Region, bool) {
	all := w.proc.Regions()
	i := sort.Search(len(all), func(i int) bool { return all[i].End() > core.Addr(a) })
	if i == len(all) || all[i].Addr > core.Addr(a) {
		return core.Region{}, false
	}
	return all[i], true
}

// strayed reports whether a thread that runs g in Go code has its stack pointer
// on none of the stacks that it could be on. The bounds of a system stack that
// the kernel or C made are a guess of the runtime's; then all of the region that
// it is in counts.
func (w *World) strayed(m *machine, g *gWords, sp uint64) bool {
	if g.onStack(sp) || m.sigLo <= sp && sp < m.sigHi || m.g0Lo <= sp && sp < m.g0Hi {
		return false
	}
	if m.g0Hi == 0 {
		return false // not known
	}
	r, ok := w.regionOf(m.g0Hi - 1)
	if !ok {
		return true
	}
	inHeap := r.Addr <= core.Addr(g.lo) && core.Addr(g.lo) < r.End()
	return inHeap || core.Addr(sp) < r.Addr || r.End() <= core.Addr(sp)
}

// damaged completes g after a walk that met a damage, or code that writes its
// stack pointer: what is wrong, and the frames that can be guessed behind it.
func (r *reader) damaged(g *Goroutine, o origin) {
	k, w := r.walk, r.w
	if k.hurt.kind != "" {
		d := &Damage{
			Kind: k.hurt.kind, Where: core.Addr(k.hurt.where), Value: k.hurt.value,
			Why: g.Truncated, Trusted: len(g.Frames) - 1,
		}
		d.At, d.Bytes = w.bytesAround(k.hurt.where)
		g.Damage = d
	}
	if g.Stack.Lo == 0 || o.loose {
		return
	}
	if r.rescue == nil {
		r.rescue = newWalker(w, k.spend)
	}
	how := r.guess(o)
	if how == "" {
		return
	}
	n := len(g.Frames)
	g.Frames = r.rescue.expand(g.Frames)
	for i := n; i < len(g.Frames); i++ {
		g.Frames[i].Maybe = true
	}
	if g.Damage != nil {
		g.Damage.Recovered = how
	}
}

// bytesAround returns the memory around a, as much of it as the core has in one
// piece.
func (w *World) bytesAround(a uint64) (core.Addr, []byte) {
	start, run, ok := w.mem.find(core.Addr(a))
	if !ok {
		return 0, nil
	}
	off := a - uint64(start)
	lo, hi := off-min(off, around), min(off+around, uint64(len(run)))
	lo = (lo + 7) &^ 7
	return start + core.Addr(lo), slices.Clip(run[lo:max(lo, hi)])
}

// guess fills r.rescue with frames that may be those behind a damage: a chain
// that reaches the outermost frame, from where the frame pointer leads, or else
// from the innermost word of the stack that can be a return address.
func (r *reader) guess(o origin) string {
	k, g := r.walk, &r.words
	from := g.lo
	if n := len(k.steps); n > 0 {
		last := &k.steps[n-1]
		if g.onStack(last.cfa) && !last.g0 {
			from = max(from, last.cfa)
			if r.linked(last.cfa-16, last.sp-8, last) {
				return "frame pointers"
			}
		}
		if n == 1 && (r.linkRegister(o.lr, o.fp) || r.linked(o.fp, o.fp, last)) {
			return "frame pointers"
		}
		if n > 1 && k.steps[n-2].site.kind.injected() && r.savedLink(last.sp) {
			return "frame pointers"
		}
	} else if r.linked(o.fp, o.fp, nil) {
		return "frame pointers"
	}
	if r.scan(from) {
		return "scan"
	}
	return ""
}

// linked follows the frame pointer: that which last has saved at amd64 or
// arm64, or, if both are the same, that in a register.
func (r *reader) linked(amd64, arm64 uint64, last *step) bool {
	at, arm := amd64, r.w.arch.HasLR
	if arm {
		at = arm64
	}
	fp, ok := at, true
	if amd64 != arm64 {
		if fp, ok = r.view.word(core.Addr(at)); !ok {
			return false
		}
	}
	if !r.words.onStack(fp) || fp%8 != 0 || last != nil && !last.g0 && amd64 != arm64 && fp <= at {
		return false
	}
	return r.try(fp + 8)
}

// savedLink is linkRegister with what the signal handler saved below sp before
// it faked a call (arm64).
func (r *reader) savedLink(sp uint64) bool {
	lr, ok := r.view.word(core.Addr(sp - 16))
	fp, also := r.view.word(core.Addr(sp - 24))
	return ok && also && r.linkRegister(lr, fp)
}

// linkRegister walks from the link register of a function that has no frame of
// its own, so that the frame pointer is its caller's (arm64).
func (r *reader) linkRegister(lr, fp uint64) bool {
	if !r.w.arch.HasLR || !r.isReturn(lr) || !r.words.onStack(fp) || fp%8 != 0 {
		return false
	}
	return r.rescue.walk(&r.words, origin{pc: lr, sp: fp + 8, from: "guess"}) == ""
}

// try walks from the return address at slot, whose frame pointer is below it.
func (r *reader) try(slot uint64) bool {
	g := &r.words
	pc, ok := r.view.word(core.Addr(slot))
	if !ok || !r.isReturn(pc) {
		return false
	}
	sp := slot + 8
	if r.w.arch.HasLR {
		// The size of the frame that holds it is not known, but what it saved
		// of its caller's frame pointer is 8 below the caller's stack pointer.
		fp, ok := r.view.word(core.Addr(slot - 8))
		if !ok || fp <= slot || !g.onStack(fp) || fp%8 != 0 {
			return false
		}
		sp = fp + 8
	}
	return r.rescue.walk(g, origin{pc: pc, sp: sp, from: "guess"}) == ""
}

// isReturn reports whether pc can be a return address.
func (r *reader) isReturn(pc uint64) bool {
	s := r.walk.cache.lookup(r.w, siteKey{pc, false})
	return s.ok && !s.over && pc > s.entry
}

// scan tries the words of the stack from a on.
func (r *reader) scan(a uint64) bool {
	g := &r.words
	a = (a + 7) &^ 7
	end := min(g.hi, a+maxScan*8)
	walks := maxWalks
	for ; a+8 <= end && walks > 0; a += 8 {
		if r.walk.spend.Add(-1) < 0 {
			return false
		}
		pc, ok := r.view.word(core.Addr(a))
		if !ok {
			return false
		}
		if pc-r.w.textLo() >= r.w.textHi()-r.w.textLo() {
			continue
		}
		walks--
		if r.try(a) {
			return true
		}
	}
	return false
}

// textLo and textHi bound the program's code, as far as it is known.
func (w *World) textLo() uint64 { return uint64(w.mod.MinPC) }

func (w *World) textHi() uint64 {
	if w.mod.MaxPC == 0 {
		return ^uint64(0)
	}
	return uint64(w.mod.MaxPC)
}

// nowhere is why a walk stops at a pc.
func nowhere(pc uint64) string { return fmt.Sprintf("%#x is not in Go code", pc) }
