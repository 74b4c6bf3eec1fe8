package gostate

import (
	"fmt"
	"strings"

	"moho/core"
)

const (
	maxPanics = 64      // nested panics that are read
	maxText   = 8 << 10 // bytes of a message that are read
)

// panicText returns what the runtime prints for the panics of g, outermost
// first, with the signal behind the innermost one if there is any.
//
// By the time that a process dies the runtime has replaced errors and Stringers
// by their text; before that, values of such types show as (type) address.
//
// Source: $GOROOT/src/runtime/panic.go (printpanics, dopanic_m), go1.27.
func (w *World) panicText(g *gWords) (string, bool) {
	v := view{mem: w.mem}
	var chain []panicking // innermost first
	for p := g.panics; p != 0 && len(chain) < maxPanics; {
		x, ok := w.readPanic(&v, p)
		if !ok {
			break
		}
		chain = append(chain, x)
		p = x.link
	}
	var b strings.Builder
	for i := len(chain) - 1; i >= 0; i-- {
		x := &chain[i]
		if x.goexit || i+1 < len(chain) && chain[i+1].repanicked {
			continue
		}
		if b.Len() > 0 {
			b.WriteString("\n\t")
		}
		b.WriteString("panic: " + x.text)
		switch {
		case x.recovered && x.repanicked:
			b.WriteString(" [recovered, repanicked]")
		case x.recovered:
			b.WriteString(" [recovered]")
		}
	}
	if b.Len() == 0 {
		return "", false
	}
	return b.String() + w.signalText(g), true
}

// panicking is one _panic.
type panicking struct {
	text                          string
	recovered, repanicked, goexit bool
	link                          uint64
}

func (w *World) readPanic(v *view, p uint64) (panicking, bool) {
	l := w.layout
	b, ok := v.slice(core.Addr(p), int(l.PanicSize))
	if !ok {
		return panicking{}, false
	}
	x := panicking{
		recovered:  b[l.PanicRecovered] != 0,
		repanicked: l.PanicRepanicked >= 0 && b[l.PanicRepanicked] != 0,
		goexit:     b[l.PanicGoexit] != 0,
	}
	if x.text, ok = w.value(p + uint64(l.PanicArg)); !ok {
		x.text = "(a value that the core does not hold)"
	}
	x.link, _ = v.word(core.Addr(p + uint64(l.PanicLink)))
	return x, true
}

// signalText returns the line about the signal that became a panic, or "".
func (w *World) signalText(g *gWords) string {
	if g.sig == 0 {
		return ""
	}
	return fmt.Sprintf("\n[signal %s code=%#x addr=%#x pc=%#x]", describeSignal(int(g.sig)), g.sigCode0, g.sigCode1, g.sigPC)
}

// throwText returns the argument of runtime.throw or runtime.fatal from its
// frame. It is in the closure that they print it through; the closure's code
// pointer, which must be that of a literal in the same function, makes it
// certain which words those are.
//
// Source: $GOROOT/src/runtime/panic.go (throw), go1.24 to go1.27.
func (w *World) throwText(f *Frame) (string, bool) {
	if f.CFA < f.SP || f.CFA-f.SP > 4096 {
		return "", false
	}
	v := view{mem: w.mem}
	for a := f.SP; a+24 <= f.CFA; a += 8 {
		code, ok := v.word(a)
		if !ok || !w.isEntry(code) {
			continue
		}
		if !strings.HasPrefix(w.lookup(siteKey{code, true}).name(), f.Func+".func") {
			continue
		}
		if s, ok := readString(&v, a+8); ok && s != "" {
			return indent(s), true
		}
		if s, ok := readString(&v, a+16); ok && s != "" { // fatal captures _panic first
			return indent(s), true
		}
	}
	return "", false
}

// readString reads the string whose header is at a, or its beginning if it is long.
func readString(v *view, a core.Addr) (string, bool) {
	p, ok1 := v.word(a)
	n, ok2 := v.word(a + 8)
	if !ok1 || !ok2 || int64(n) < 0 {
		return "", false
	}
	if n == 0 {
		return "", true
	}
	b, ok := v.slice(core.Addr(p), int(min(n, maxText)))
	if !ok {
		return "", false
	}
	if n > maxText {
		return fmt.Sprintf("%s… (%d bytes)", b, n), true
	}
	return string(b), true
}

// indent does to a message what the runtime does when it prints one.
func indent(s string) string { return strings.ReplaceAll(s, "\n", "\n\t") }
