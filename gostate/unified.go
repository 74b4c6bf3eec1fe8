package gostate

import (
	"fmt"

	"moho/arch"
	"moho/core"
)

// A Unified is what a frame has on every architecture, however that keeps it.
//
// CFA is the stack pointer of the caller, before its call has pushed anything. Ret
// is the address that the function returns to, and RetAt where that is stored;
// RetAt is 0 while it is in the link register, and both are when NoRet says why
// Ret is not known. FP is the frame pointer as the function has it (0 in the
// outermost one), and not known when NoFP says why. Inlined calls have those of
// the frame that they are in. [arch.Arch.Frame] says how an architecture has each.
type Unified struct {
	CFA   core.Addr
	Ret   core.Addr
	RetAt core.Addr
	FP    core.Addr
	NoRet string
	NoFP  string
}

// Unify appends one Unified for each of g.Frames to dst. Frame pointers are those
// that callees have saved, and are given only where that is where the frame has
// to have it: two answers, or none.
//
// Source: $GOROOT/src/cmd/internal/obj/x86/obj6.go and arm64/obj7.go (preprocess),
// $GOROOT/src/runtime/signal_{amd64,arm64}.go (pushCall), go1.21 to go1.27.
func (w *World) Unify(dst []Unified, g *Goroutine) []Unified {
	c := chain{w: w, v: view{mem: w.mem}, g: g, exact: true}
	c.link = link{uint64(g.FP), g.RegsFrom != "" && g.FP != 0}
	if !c.link.ok {
		c.why = "no register says it where the goroutine stopped"
	}
	for i := 0; i < len(g.Frames); {
		end := i + 1
		for end < len(g.Frames) && g.Frames[end-1].Inlined {
			end++
		}
		if g.Elided > 0 && i <= g.ElidedAt && g.ElidedAt < end && i > 0 {
			c.link, c.why = link{}, "the frame that it called is among those left out"
		}
		u := c.next(&g.Frames[end-1], i == 0)
		for ; i < end; i++ {
			dst = append(dst, u)
		}
	}
	return dst
}

// A link is a frame pointer, if it is known.
type link struct {
	fp uint64
	ok bool
}

// A chain follows frame pointers outwards.
type chain struct {
	w     *World
	v     view
	g     *Goroutine
	link  link   // as the function called last leaves it to its caller
	other link   // the same, if that function had not saved it yet
	why   string // why link is not known
	exact bool   // the frame was interrupted, or stopped here: link is a register
}

// next returns what is known of the next physical frame.
func (c *chain) next(fr *Frame, first bool) Unified {
	w := c.w
	u := Unified{CFA: fr.CFA}
	s := w.lookup(siteKey{uint64(fr.PC), false})
	if fr.Foreign || !s.ok || !s.sized || s.delta < 0 {
		u.NoRet, u.NoFP = "not described by Go's tables", "not described by Go's tables"
		c.link, c.other, c.why, c.exact = link{}, link{}, "the function that it called is not described by Go's tables", false
		return u
	}
	u.Ret, u.RetAt, u.NoRet = c.ret(fr, s, first)
	if w.arch.Index(arch.FP) < 0 {
		u.NoFP = w.arch.Name + " has no frame pointer"
		c.exact = s.kind.injected()
		return u
	}
	u.FP, u.NoFP = c.frame(fr, s)
	// What its caller has is what it has saved, or else still the same.
	c.other = link{uint64(u.FP), u.NoFP == ""}
	if s.delta != 0 {
		at := core.Addr(slot(w.arch, fr))
		c.link.fp, c.link.ok = c.v.word(at)
		c.why = fmt.Sprintf("the core does not hold %#x, where the function that it called has saved it", uint64(at))
	}
	c.exact = s.kind.injected()
	return u
}

// slot is where a function with a frame saves its caller's frame pointer, and
// what it then sets its own to.
func slot(a *arch.Arch, fr *Frame) uint64 {
	if a.HasLR {
		return uint64(fr.SP) - 8
	}
	return uint64(fr.CFA) - 16
}

// frame returns the frame pointer of fr.
func (c *chain) frame(fr *Frame, s *site) (core.Addr, string) {
	if c.exact || s.delta == 0 {
		if c.link.ok {
			return core.Addr(c.link.fp), ""
		}
		return 0, c.why
	}
	want := slot(c.w.arch, fr)
	switch {
	case c.link == (link{want, true}), c.other == (link{want, true}):
		return core.Addr(want), ""
	case !c.link.ok:
		return 0, c.why
	}
	return 0, fmt.Sprintf("the function that it called has saved %#x, its frame would have %#x", c.link.fp, want)
}

// ret returns where fr returns to.
func (c *chain) ret(fr *Frame, s *site, first bool) (ret, at core.Addr, why string) {
	if s.top {
		return 0, 0, "nothing called it"
	}
	a := fr.CFA - 8
	if c.w.arch.HasLR {
		a = fr.SP
		if s.delta == 0 && c.exact {
			if !first {
				a -= 16 // where the signal handler has put the link register
			} else if lr := c.lr(); lr != 0 {
				return core.Addr(lr), 0, ""
			}
		}
	}
	x, ok := c.v.word(a)
	if !ok {
		return 0, 0, fmt.Sprintf("the core does not hold %#x, where it is", uint64(a))
	}
	return core.Addr(x), a, ""
}

// lr returns the link register where the goroutine stopped, or 0.
func (c *chain) lr() uint64 {
	var words gWords
	if c.g.ID == 0 || !readG(&c.v, c.w.layout, uint64(c.g.Addr), &words) {
		return 0
	}
	return c.w.start(&c.v, &words).lr
}
