package gostate

import (
	"encoding/binary"

	"moho/arch"
	"moho/core"
)

// A context is where a thread was: in the core's notes, or as the kernel saved
// it when a signal interrupted it.
type context struct {
	pc, sp, lr uint64
	fp         uint64
	from       string // "prstatus", "coredump" or "ucontext"
	at         uint64 // the ucontext
	signal     int    // what interrupted it here; 0 in a prstatus
	code       int    // si_code of that signal
	addr       uint64 // si_addr
}

// A ucontextLayout says where the kernel puts things in a signal frame.
type ucontextLayout struct {
	stackSP, stackSize uint64 // uc_stack
	link               uint64
	regs               uint64 // the first general register
	pc, sp, lr, fp     uint64 // lr is 0 where there is none
	info               int64  // siginfo, from the start of the ucontext
	size               uint64
}

// Source: linux/arch/x86/include/asm/sigframe.h (struct rt_sigframe),
// linux/arch/arm64/kernel/signal.c (struct rt_sigframe), and
// $GOROOT/src/runtime/defs_linux_{amd64,arm64}.go, go1.26.
var ucontexts = map[string]ucontextLayout{
	"amd64": {link: 8, stackSP: 16, stackSize: 32, regs: 40, fp: 40 + 10*8, sp: 40 + 15*8, pc: 40 + 16*8, info: 304, size: 304},
	"arm64": {link: 8, stackSP: 16, stackSize: 32, regs: 184, fp: 184 + 29*8, lr: 184 + 30*8, sp: 184 + 31*8, pc: 184 + 32*8, info: -128, size: 560},
}

const (
	maxNested   = 16      // signals that interrupted signal handlers
	maxSigStack = 1 << 20 // bytes of a signal stack that are searched; Go's have 32 KB
)

// findContexts finds out where the thread of m was, from the inside out: its
// own registers, and, as long as those are on the signal stack, what the signal
// interrupted. The last one is not on the signal stack, if that could be found.
func (w *World) findContexts(m *machine) []context {
	var list []context
	c := context{from: string(w.threadSource())}
	var ok bool
	if c.pc, ok = w.reg(m.thread, arch.PC); !ok {
		return nil
	}
	c.sp, _ = w.reg(m.thread, arch.SP)
	c.fp, _ = w.reg(m.thread, arch.FP)
	if w.arch.HasLR {
		c.lr, _ = w.reg(m.thread, arch.LR)
	}
	list = append(list, c)
	for m.sigLo < m.sigHi && m.sigLo <= c.sp && c.sp < m.sigHi && len(list) < maxNested {
		next, ok := w.interrupted(m, c.sp)
		if !ok {
			break
		}
		c = next
		list = append(list, c)
	}
	return list
}

// interrupted finds the signal frame nearest above sp on the signal stack of
// m. The kernel copies the bounds of the alternate stack into every frame: that
// is its mark. Frames of earlier signals lie below sp.
func (w *World) interrupted(m *machine, sp uint64) (context, bool) {
	u, ok := ucontexts[w.arch.Name]
	if !ok {
		return context{}, false
	}
	v := view{mem: w.mem}
	end := min(m.sigHi, sp+maxSigStack)
	for a := (sp + 7) &^ 7; a >= sp && a+u.size <= end; a += 8 {
		x, ok := v.word(core.Addr(a + u.stackSP))
		if w.effort--; !ok || w.effort < 0 {
			break
		}
		if x != m.sigLo {
			continue
		}
		if x, _ := v.word(core.Addr(a + u.stackSize)); x != m.sigHi-m.sigLo {
			continue
		}
		if x, _ := v.word(core.Addr(a + u.link)); x != 0 {
			continue
		}
		c := context{from: "ucontext", at: a}
		c.pc, _ = v.word(core.Addr(a + u.pc))
		c.sp, _ = v.word(core.Addr(a + u.sp))
		c.fp, _ = v.word(core.Addr(a + u.fp))
		if u.lr != 0 {
			c.lr, _ = v.word(core.Addr(a + u.lr))
		}
		if b, ok := v.slice(core.Addr(a+uint64(u.info)), 24); ok {
			if n := binary.LittleEndian.Uint32(b); n >= 1 && n <= 64 {
				c.signal = int(n)
				c.code = int(int32(binary.LittleEndian.Uint32(b[8:])))
				c.addr = binary.LittleEndian.Uint64(b[16:])
			}
		}
		return c, true
	}
	return context{}, false
}
