package gostate

import (
	"fmt"
	"strings"

	"moho/core"
)

// A Panic is a call of panic, or of runtime.Goexit, that is running deferred
// calls or has run them all.
//
// Arg is where its value lies, an interface of two words: Type and Data are
// those. Text is the value as a crash prints it: numbers, strings and types
// based on them are spelled out, others are (type) address. The runtime replaces
// errors and Stringers by their text before a process dies of them; Thrown is
// then where the value that panic was called with lies, as far as the stack
// still has it, and 0 otherwise.
//
// Frame is the index in Goroutine.Frames of the call, -1 if it was not met.
type Panic struct {
	Arg        core.Addr
	Type, Data core.Addr
	TypeName   string
	Text       string
	Thrown     core.Addr
	Recovered  bool // by a deferred call that has not returned yet
	Repanicked bool // the value was recovered and thrown again
	Goexit     bool // runtime.Goexit; it has no value
	Aborted    bool // a later panic, listed before it, came past its call
	Frame      int

	addr, link uint64
	reached    uint64 // SP of the frame whose deferred calls it runs, since Go 1.22
}

// State says what became of it in one word: panicking, recovered, repanicked,
// aborted or goexit.
func (p *Panic) State() string {
	switch {
	case p.Goexit:
		return "goexit"
	case p.Aborted:
		return "aborted"
	case p.Repanicked:
		return "repanicked"
	case p.Recovered:
		return "recovered"
	}
	return "panicking"
}

const (
	maxPanics = 64      // nested panics that are read
	maxText   = 8 << 10 // bytes of a message that are read
)

// Panics returns the panics of g that are in flight, innermost first. why is
// empty when the list is complete.
//
// Source: $GOROOT/src/runtime/runtime2.go (_panic), go1.21 to go1.27.
func (w *World) Panics(g *Goroutine) (list []Panic, why string) {
	v := view{mem: w.mem}
	head, ok := v.word(g.Addr + core.Addr(w.layout.GPanic))
	if !ok {
		return nil, "the core does not hold the goroutine"
	}
	list, why = w.readPanics(&v, head)
	for i := range list {
		p := &list[i]
		p.Frame = w.panicFrame(&v, g, p)
		p.Thrown = w.thrown(&v, g, p)
		for j := range i {
			p.Aborted = p.Aborted || p.Frame >= 0 && list[j].reached > uint64(g.Frames[p.Frame].SP)
		}
	}
	return list, why
}

// readPanics follows the list that begins at p.
func (w *World) readPanics(v *view, p uint64) (list []Panic, why string) {
	for p != 0 {
		if len(list) == maxPanics {
			return list, fmt.Sprintf("there are more than %d", maxPanics)
		}
		x, ok := w.readPanic(v, p)
		if !ok {
			return list, fmt.Sprintf("the core does not hold the panic at %#x", p)
		}
		list = append(list, x)
		p = x.link
	}
	return list, ""
}

func (w *World) readPanic(v *view, p uint64) (Panic, bool) {
	l := w.layout
	b, ok := v.slice(core.Addr(p), int(l.PanicSize))
	if !ok {
		return Panic{}, false
	}
	flag := func(off int32) bool { return off >= 0 && b[off] != 0 }
	x := Panic{
		Arg:       core.Addr(p) + core.Addr(l.PanicArg),
		Type:      core.Addr(le64(b[l.PanicArg:])),
		Data:      core.Addr(le64(b[l.PanicArg+8:])),
		Recovered: flag(l.PanicRecovered), Repanicked: flag(l.PanicRepanicked), Goexit: flag(l.PanicGoexit),
		Aborted: flag(l.PanicAborted),
		Frame:   -1,
		addr:    p, link: le64(b[l.PanicLink:]),
	}
	if l.PanicStartSP >= 0 {
		x.reached = le64(b[l.PanicSP:])
		if at := max(l.PanicLR, l.PanicPC); le64(b[at:]) == 0 { // there was no frame left
			x.reached = ^uint64(0)
		}
	}
	if x.Goexit {
		x.Arg, x.Type, x.Data = 0, 0, 0
		return x, true
	}
	x.TypeName, _, _ = w.typeName(v, uint64(x.Type))
	if x.Text, ok = w.value(uint64(x.Arg)); !ok {
		x.Text = "(a value that the core does not hold)"
	}
	return x, true
}

// panicFrame returns the index of the call of gopanic or Goexit that p is of:
// it is a variable of that call.
func (w *World) panicFrame(v *view, g *Goroutine, p *Panic) int {
	for i := range g.Frames {
		fr := &g.Frames[i]
		if k := kinds[fr.Func]; k != kindGopanic && k != kindGoexit || fr.Inlined {
			continue
		}
		if core.Addr(p.addr) >= fr.SP && core.Addr(p.addr) < fr.CFA {
			return i
		}
	}
	return -1
}

// thrown returns where the value lies that panic was called with, if the
// runtime has replaced it: in the words in which the call of gopanic keeps its
// arguments, if they are an interface.
func (w *World) thrown(v *view, g *Goroutine, p *Panic) core.Addr {
	if p.Goexit || p.Frame < 0 || p.TypeName != "string" {
		return 0
	}
	fr := &g.Frames[p.Frame]
	f, _, ok := w.FuncAt(fr.PC)
	if !ok {
		return 0
	}
	args, err := f.ArgInfo(nil)
	if err != nil {
		return 0
	}
	top := fr.CFA
	if !w.arch.HasLR {
		top -= 8
	}
	for _, a := range args {
		if a.Size != 8 {
			continue
		}
		at := top + core.Addr(a.Off)
		typ, ok := v.word(at)
		if !ok || typ == uint64(p.Type) {
			return 0
		}
		if _, _, ok := w.typeName(v, typ); !ok {
			return 0
		}
		return at
	}
	return 0
}

// panicText returns what the runtime prints for the panics of g, outermost
// first, with the signal behind the innermost one if there is any.
//
// By the time that a process dies the runtime has replaced errors and Stringers
// by their text; before that, values of such types show as (type) address.
//
// Source: $GOROOT/src/runtime/panic.go (printpanics, dopanic_m), go1.27.
func (w *World) panicText(g *gWords) (string, bool) {
	chain, _ := w.readPanics(&view{mem: w.mem}, g.panics) // innermost first
	var b strings.Builder
	for i := len(chain) - 1; i >= 0; i-- {
		x := &chain[i]
		if x.Goexit || i+1 < len(chain) && chain[i+1].Repanicked {
			continue
		}
		if b.Len() > 0 {
			b.WriteString("\n\t")
		}
		b.WriteString("panic: " + x.Text)
		switch {
		case x.Recovered && x.Repanicked:
			b.WriteString(" [recovered, repanicked]")
		case x.Recovered:
			b.WriteString(" [recovered]")
		}
	}
	if b.Len() == 0 {
		return "", false
	}
	return b.String() + w.signalText(g), true
}

// signalText returns the line about the signal that became a panic, or "".
func (w *World) signalText(g *gWords) string {
	if g.sig == 0 {
		return ""
	}
	name := describeSignal(int(g.sig))
	if w.noSignals() { // the runtime's own number, without a name
		name = fmt.Sprintf("%#x", g.sig)
	}
	return fmt.Sprintf("\n[signal %s code=%#x addr=%#x pc=%#x]", name, g.sigCode0, g.sigCode1, g.sigPC)
}
