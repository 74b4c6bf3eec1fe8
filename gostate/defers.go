package gostate

import (
	"fmt"

	"moho/core"
	"moho/gotab"
)

// DeferKind says where the runtime keeps a deferred call.
type DeferKind string

const (
	OpenCoded   DeferKind = "open"      // a bit and a slot in the frame
	OnStack     DeferKind = "stack"     // a record in the frame
	OnHeap      DeferKind = "heap"      // a record in the heap, as loops need
	OfRangeFunc DeferKind = "rangefunc" // deferred by the body of a range-over-func loop for the function around it
	UnknownKind DeferKind = ""          // it runs, and its record is gone
)

// A Defer is a deferred call that has not returned.
//
// Func is the function that the defer statement called for, as Frame has names,
// "" for a nil one; File and Line are where it is declared. The compiler wraps a
// call with arguments in a closure: then Func is that (…deferwrap1), and Wraps
// what it calls, where the tables say so. Closure is the func value in memory,
// a code pointer with the captured variables behind it; it is 0 once the call
// has begun and the runtime has let go of it.
//
// Frame is the index in Goroutine.Frames of the function with the statement and
// In its name; -1 and "" if that is not known. Statement is the line of the
// defer statement there, 0 if nothing tells.
//
// Running says that the call has begun. Abandoned says in addition that it will
// not return: a panic in it is being handled further out.
type Defer struct {
	Func      string
	File      string
	Line      int
	Entry     core.Addr
	Wraps     string
	Closure   core.Addr
	Kind      DeferKind
	Running   bool
	Abandoned bool
	Frame     int
	In        string
	SP        core.Addr // of that frame
	Statement int
}

// State is "running" or "pending".
func (d *Defer) State() string {
	if d.Running {
		return "running"
	}
	return "pending"
}

// maxDefers bounds the deferred calls of one goroutine that are listed. A loop
// that defers has no bound of its own.
const maxDefers = 1 << 16

// Defers returns the deferred calls of g in the order in which they run when
// all of its frames return or are unwound, those that have begun where they
// stand on the stack. g must be of this World, with its frames. why is empty
// when the list is complete.
//
// Source: $GOROOT/src/runtime/panic.go (nextDefer, nextFrame, deferconvert,
// deferreturn, Goexit), go1.22 to go1.27; (gopanic, runOpenDeferFrame,
// addOneOpenDeferFrame), go1.21.
func (w *World) Defers(g *Goroutine) (list []Defer, why string) {
	k := &deferWalk{w: w, g: g, view: view{mem: w.mem}}
	k.readRecords()
	k.walk()
	if why := g.Truncated; why != "" && g.Status != "dead" {
		k.doubt("the stack ends early: %s", why)
	}
	if g.Elided > 0 {
		k.doubt("%d frames in the middle of the stack were not looked at", g.Elided)
	}
	return k.list, k.why
}

// deferWalk collects the deferred calls of one goroutine.
type deferWalk struct {
	w       *World
	g       *Goroutine
	view    view
	list    []Defer
	why     string
	records []deferRecord // those that the goroutine links to and no frame has claimed
	passing []passing     // panics whose frames lie further in
	calls   int           // frames from which the runtime calls deferred functions
}

// doubt notes why the list may be incomplete; the first reason is kept.
func (k *deferWalk) doubt(format string, args ...any) {
	if k.why == "" {
		k.why = fmt.Sprintf(format, args...)
	}
}

func (k *deferWalk) add(d Defer) {
	if len(k.list) < maxDefers {
		k.list = append(k.list, d)
	} else {
		k.doubt("there are more than %d", maxDefers)
	}
}

// A callFrame is one physical frame: a Frame that is not inlined, and what is
// above it.
type callFrame struct {
	*Frame
	index int
	trap  bool   // PC is an instruction, not a return address
	top   uint64 // SP when the function was entered
}

// framed reports whether the function has set up its frame.
func (f *callFrame) framed() bool { return f.Frame != nil && f.top != uint64(f.SP) }

// walk goes from the innermost frame outwards, which is the order in which
// deferred calls run: of each frame first the open-coded ones, then the records.
func (k *deferWalk) walk() {
	var callee callFrame
	frames := k.g.Frames
	trap := exact(k.g.RegsFrom)
	for i := range frames {
		fr := &frames[i]
		if fr.Maybe {
			k.doubt("the stack is damaged, and what lies behind that is a guess")
			break
		}
		if fr.Foreign {
			trap = false
			continue
		}
		if fr.Inlined {
			continue
		}
		f := k.physical(i)
		f.trap = trap
		kind := kinds[fr.Func]
		trap = kind.injected()
		if kind == kindDeferStep {
			continue // between the runtime and the call that it makes
		}
		if kind.defers() {
			k.called(f, callee)
		}
		if f.framed() && !fr.G0 {
			k.lost(f)
			k.openCoded(f, callee)
			k.linked(f)
		}
		callee = f
	}
	for _, r := range k.records {
		k.pending(r, nil)
	}
}

// describe fills in which function a func value calls.
func (k *deferWalk) describe(d *Defer, closure uint64) bool {
	d.Closure = core.Addr(closure)
	if closure == 0 {
		return true
	}
	code, ok := k.view.word(core.Addr(closure))
	return ok && k.describeCode(d, code)
}

// describeCode fills in which function begins at code.
func (k *deferWalk) describeCode(d *Defer, code uint64) bool {
	c, ok := k.w.opens.callee(k.w, code)
	if ok {
		d.Entry, d.Func, d.File, d.Line, d.Wraps = core.Addr(code), c.name, c.file, c.line, c.wraps
	}
	return ok
}

// statement returns the line of the call that returns to pc, which is the
// defer statement if it called the runtime to record one.
func (k *deferWalk) statement(pc uint64) int {
	if s := k.w.lookup(siteKey{pc, false}); s.ok && len(s.calls) > 0 {
		return s.calls[len(s.calls)-1].line
	}
	return 0
}

// entry returns where the function of a frame begins.
func (k *deferWalk) entry(f callFrame) (fn gotab.Func, entry uint64, ok bool) {
	fn, _, ok = k.w.FuncAt(f.PC)
	return fn, uint64(fn.Entry()) + k.w.bias, ok
}
