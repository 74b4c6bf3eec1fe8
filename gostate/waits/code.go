package waits

import (
	"strings"

	"moho/arch"
	"moho/core"
	"moho/decode"
	"moho/gostate"
	"moho/gotab"
)

// A lockOp is what a function of package sync does to a lock.
type lockOp uint8

const (
	noLockOp lockOp = iota
	locks
	unlocks
	rlocks
	runlocks
)

func (o lockOp) releases() bool { return o == unlocks || o == runlocks }

// lockFuncs are the functions that lock and unlock, and those that they call
// when they have been inlined themselves.
//
// Source: $GOROOT/src/sync/{mutex,rwmutex}.go, internal/sync/mutex.go, go1.21 to go1.27.
var lockFuncs = map[string]lockOp{
	"sync.(*Mutex).Lock":                  locks,
	"sync.(*Mutex).lockSlow":              locks,
	"internal/sync.(*Mutex).Lock":         locks,
	"internal/sync.(*Mutex).lockSlow":     locks,
	"sync.(*Mutex).Unlock":                unlocks,
	"sync.(*Mutex).unlockSlow":            unlocks,
	"internal/sync.(*Mutex).Unlock":       unlocks,
	"internal/sync.(*Mutex).unlockSlow":   unlocks,
	"sync.(*RWMutex).Lock":                locks,
	"sync.(*RWMutex).Unlock":              unlocks,
	"sync.(*RWMutex).RLock":               rlocks,
	"sync.(*RWMutex).RUnlock":             runlocks,
	"sync.(*RWMutex).rUnlockSlow":         runlocks,
	"sync.runtime_SemacquireRWMutexR":     noLockOp,
	"sync.(*Once).doSlow":                 noLockOp,
	"internal/sync.runtime_SemacquireRWM": noLockOp,
}

// An origin is where the value of a register comes from.
type origin uint8

const (
	fromNowhere origin = iota
	fromContext        // the closure itself
	fromCapture        // the word at disp of the closure
	fromNumber         // the code: an address
)

// An operand is an origin and what was added.
type operand struct {
	from origin
	disp int64
	add  int64
}

// A release is what a deferred function unlocks: the lock at what it captured at
// disp, plus add, or at the address add.
type release struct {
	op   lockOp
	what operand
}

// code reads functions of the program. What is found of each is remembered.
type code struct {
	w        *gostate.World
	v        *core.View
	dec      *decode.Decoder // nil for architectures that are not decoded
	ctx, arg decode.Reg
	sp       decode.Reg
	releases map[uint64][]release
	events   map[uint64][]event
}

// maxRemembered bounds the functions that are remembered of each kind. Programs
// have fewer that lock.
const maxRemembered = 1 << 16

func newCode(w *gostate.World) *code {
	c := &code{w: w, v: w.Process().View(), releases: map[uint64][]release{}, events: map[uint64][]event{}}
	switch a := w.Process().Arch(); a {
	case arch.AMD64:
		c.ctx, c.arg, c.sp = 2, 0, 4
	case arch.ARM64:
		c.ctx, c.arg, c.sp = 26, 0, 31
	default:
		return c
	}
	c.dec, _ = decode.New(w.Process().Arch())
	return c
}

// releasesOf returns what the function that begins at entry unlocks, as far as
// its code says which lock that is.
func (c *code) releasesOf(entry uint64) []release {
	if r, ok := c.releases[entry]; ok {
		return r
	}
	r := c.findReleases(entry)
	if len(c.releases) < maxRemembered {
		c.releases[entry] = r
	}
	return r
}

// maxCode bounds the code of a function that is read, in bytes.
const maxCode = 64 << 10

// body returns the code of the function at entry.
func (c *code) body(entry uint64) (f gotab.Func, b []byte, ok bool) {
	f, at, ok := c.w.FuncAt(core.Addr(entry))
	if !ok || c.dec == nil || f.Entry() != at {
		return f, nil, false
	}
	size, err := f.Size()
	if err != nil || size == 0 {
		return f, nil, false
	}
	b, err = c.v.Slice(core.Addr(entry), int(min(size, maxCode)))
	return f, b, err == nil
}

// callee returns what a call to target does to a lock.
func (c *code) callee(target uint64) lockOp {
	f, at, ok := c.w.FuncAt(core.Addr(target))
	if !ok || f.Entry() != at {
		return noLockOp
	}
	return lockFuncs[f.Name()]
}

// findReleases notes the first argument of calls that unlock, as far as it comes
// from the closure or is an address in the code.
func (c *code) findReleases(entry uint64) []release {
	var list []release
	whole := c.walk(entry, func(_ uint64, op lockOp, x operand) {
		if op.releases() && (x.from == fromCapture || x.from == fromNumber) {
			list = appendRelease(list, release{op, x})
		}
	})
	if !whole {
		return nil
	}
	return list
}

// walk follows, through the code of a function, what registers hold, and calls
// found with each call that does something to a lock, and with what is known of
// its first argument. It goes along addresses; where a branch jumped forward,
// what it knew is taken up again. It returns false when not all could be read.
func (c *code) walk(entry uint64, found func(pc uint64, op lockOp, arg operand)) bool {
	_, b, ok := c.body(entry)
	if !ok {
		return false
	}
	s := machine{c: c, stack: map[int64]operand{}, saved: map[uint64][64]operand{}}
	s.regs[c.ctx] = operand{from: fromContext}
	call := func(in *decode.Inst) {
		if op := c.callee(in.Target); op != noLockOp {
			found(in.PC, op, s.regs[c.arg])
		}
	}
	falls := true
	for off := 0; off < len(b); {
		pc := entry + uint64(off)
		if regs, ok := s.saved[pc]; ok {
			if falls {
				regs = both(regs, s.regs)
			}
			s.regs = regs
		}
		var in decode.Inst
		if err := c.dec.Decode(b[off:], pc, &in); err != nil {
			s.regs = [64]operand{}
		}
		off += max(in.Len, 1)
		falls = true
		switch in.Flow {
		case decode.Call:
			call(&in)
			if c.keeps(in.Target) {
				s.regs[11], s.regs[25] = operand{}, operand{} // what it returns, on amd64 and arm64
			} else {
				s.regs = [64]operand{}
			}
		case decode.CallIndirect:
			s.regs = [64]operand{}
		case decode.Branch, decode.Jump:
			if !s.branch(&in) {
				return false
			}
			if in.Flow == decode.Jump {
				call(&in) // a tail call
				falls = false
			}
		case decode.JumpIndirect, decode.Return, decode.Trap:
			falls = false
		default:
			s.step(&in)
		}
	}
	return true
}

// branch keeps what is known for where a branch goes. It returns false when that
// is too much.
func (s *machine) branch(in *decode.Inst) bool {
	if regs, ok := s.saved[in.Target]; ok {
		s.saved[in.Target] = both(regs, s.regs)
	} else if in.Target > in.PC {
		if len(s.saved) == maxBranches {
			return false
		}
		s.saved[in.Target] = s.regs
	}
	return true
}

// both returns what two ways to the same place agree on.
func both(x, y [64]operand) [64]operand {
	for r := range x {
		if x[r] != y[r] {
			x[r] = operand{}
		}
	}
	return x
}

// keeps reports whether a call leaves registers as they are: a write barrier
// has its own convention.
func (c *code) keeps(target uint64) bool {
	f, _, ok := c.w.FuncAt(core.Addr(target))
	return ok && strings.HasPrefix(f.Name(), "runtime.gcWriteBarrier")
}

// maxBranches bounds the branches of one function whose registers are kept. Of
// one with more nothing is said.
const maxBranches = 256

func appendRelease(list []release, r release) []release {
	for _, x := range list {
		if x == r {
			return list
		}
	}
	return append(list, r)
}

// machine is what registers and stack slots hold, as far as it matters.
type machine struct {
	c     *code
	regs  [64]operand
	stack map[int64]operand // by offset from SP at the entry
	sp    int64
	saved map[uint64][64]operand
}

// step does to the registers what an instruction does.
func (s *machine) step(in *decode.Inst) {
	known := decode.RegSet(0)
	regs := s.regs
	for _, e := range in.Effects[:in.NEffect] {
		if e.Dst >= 64 && e.Op != decode.Store {
			continue
		}
		var x operand
		switch e.Op {
		case decode.Set:
			x = operand{from: fromNumber, add: e.N}
		case decode.Copy:
			if e.Dst == s.c.sp && e.Src == s.c.sp {
				s.sp += e.N
				continue
			}
			if e.Src < 64 {
				if x = regs[e.Src]; x.from != fromNowhere {
					x.add += e.N
				}
			}
		case decode.Load:
			switch {
			case e.Src == s.c.sp:
				x = s.stack[s.sp+e.N]
			case e.Src < 64 && regs[e.Src].from == fromContext:
				x = operand{from: fromCapture, disp: regs[e.Src].add + e.N}
			}
		case decode.Store:
			if e.Dst == s.c.sp && e.Src < 64 {
				s.stack[s.sp+e.N] = regs[e.Src]
			}
			continue
		}
		regs[e.Dst] = x
		known |= 1 << e.Dst
	}
	for r := range decode.Reg(64) {
		if in.Defs.Has(r) && !known.Has(r) {
			regs[r] = operand{}
		}
	}
	s.regs = regs
}
