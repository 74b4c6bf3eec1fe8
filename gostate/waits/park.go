package waits

import (
	"strings"

	"moho/core"
	"moho/gostate"
)

// Offsets of package sync, which no table has: the runtime does not use them.
//
// Source: $GOROOT/src/sync/{cond,runtime2}.go, go1.21 to go1.27.
const (
	condLocker  = 0
	condNotify  = 16
	notifySize  = 32 // without GOEXPERIMENT=staticlockranking
	condChecker = condNotify + notifySize
)

// cond notes the sync.Cond that g waits for. Since Go 1.26 the g lists the
// sudog, which has the address; before, sync.(*Cond).Wait has it on its stack.
func (a *analyzer) cond(g *gostate.Goroutine) bool {
	l := a.l
	if sg := a.word(uint64(g.Addr) + uint64(l.GWaiting)); sg != 0 && a.word(sg+uint64(l.SudogG)) == uint64(g.Addr) {
		if list := a.traced(sg + uint64(l.SudogElem)); list != 0 && a.isCond(list-condNotify) {
			a.edge(objectKey{addr: list - condNotify, kind: Cond}, Wait)
			return true
		}
	}
	found := false
	a.near(g, func(p uint64) bool {
		for _, c := range [...]uint64{p, p - condNotify} {
			if a.isCond(c) {
				a.edge(objectKey{addr: c, kind: Cond}, Wait)
				found = true
				return true
			}
		}
		return false
	})
	return found
}

// isCond reports whether there is a sync.Cond at c that somebody waits for: it
// knows its own address since it was first used, and its list begins with a
// sudog of a goroutine.
func (a *analyzer) isCond(c uint64) bool {
	if i, ok := a.byAddr[c]; ok {
		return a.objs[i].kind == Cond
	}
	if a.word(c+condChecker) != c+condChecker {
		return false
	}
	head := a.word(c + condNotify + uint64(a.l.NotifyListHead))
	g := a.word(head + uint64(a.l.SudogG))
	return head != 0 && g != 0 && a.word(g+uint64(a.l.GSchedG)) == g
}

// sleep notes the timer of a goroutine that sleeps.
func (a *analyzer) sleep(g *gostate.Goroutine) {
	a.edge(objectKey{addr: a.word(uint64(g.Addr) + uint64(a.l.GTimer)), label: g.WaitReason, kind: Timer}, Sleep)
}

// poll notes the descriptor that g waits for: the runtime's pollDesc names g as
// the one that waits to read or to write, and is in the hands of the function
// that waits.
func (a *analyzer) poll(g *gostate.Goroutine) bool {
	l := a.l
	found := false
	a.near(g, func(p uint64) bool {
		for _, side := range [...]struct {
			off uint64
			op  Op
		}{{uint64(l.PollDescRG), Read}, {uint64(l.PollDescWG), Write}} {
			for _, pd := range [...]uint64{p, p - side.off} {
				if a.word(pd+side.off) == uint64(g.Addr) && (l.PollDescSelf < 0 || a.word(pd+uint64(l.PollDescSelf)) == pd) {
					a.edge(objectKey{addr: pd, kind: FD}, side.op)
					found = true
					return true
				}
			}
		}
		return false
	})
	return found
}

// coroutine notes the runtime.coro that g is to be resumed through: its first
// word is the goroutine that is blocked in it. Not every function that waits in
// one has it on its stack.
//
// Source: $GOROOT/src/runtime/coro.go (coro), go1.23 to go1.27.
func (a *analyzer) coroutine(g *gostate.Goroutine) bool {
	coro := uint64(0)
	if c := a.word(uint64(g.Addr) + uint64(max(a.l.GCoro, 0))); a.l.GCoro >= 0 && c != 0 && a.word(c) == uint64(g.Addr) {
		coro = c // it has not started
	}
	if coro == 0 {
		a.near(g, func(p uint64) bool {
			if a.word(p) != uint64(g.Addr) || !a.isFunc(a.word(p+8)) {
				return false
			}
			coro = p
			return true
		})
	}
	a.edge(objectKey{addr: coro, label: g.WaitReason, kind: Coroutine}, Resume)
	return true
}

// isFunc reports whether p is nil or points to a closure of Go code.
func (a *analyzer) isFunc(p uint64) bool {
	if p == 0 {
		return true
	}
	f, at, ok := a.w.FuncAt(core.Addr(a.word(p)))
	return ok && f.Entry() == at
}

// systemCall names what a goroutine does in the kernel: the outermost function
// of a package of system calls.
func systemCall(g *gostate.Goroutine) string {
	name := ""
	for i := range g.Frames {
		f := g.Frames[i].Func
		switch {
		case strings.HasPrefix(f, "syscall."), strings.HasPrefix(f, "golang.org/x/sys/unix."), strings.HasPrefix(f, "internal/runtime/syscall."),
			strings.HasPrefix(f, "internal/syscall/"):
			name = f
		case strings.HasPrefix(f, "runtime.cgocall"), strings.HasPrefix(f, "runtime.asmcgocall"):
			name = "cgo"
		case strings.HasPrefix(f, "_cgo") || strings.Contains(f, "._Cfunc_"):
			if name == "cgo" || name == "" {
				name = f
			}
		case g.Frames[i].System || g.Frames[i].Foreign || strings.HasPrefix(f, "runtime."):
		default:
			if name != "" {
				return name
			}
		}
	}
	return name
}
