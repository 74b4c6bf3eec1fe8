package gostate

import (
	"strings"

	"moho/core"
)

// passing is a panic, or Goexit, that runs deferred calls: up to which frame it
// has come.
type passing struct {
	sp   uint64
	done bool // it has run all there were
}

// maxDeferCalls bounds the deferred calls that have begun, one within the other,
// on one stack: for each of them the frames further out are searched.
const maxDeferCalls = 256

// defers reports whether the runtime calls deferred functions from here.
func (k kind) defers() bool {
	return k == kindGopanic || k == kindGoexit || k == kindDeferReturn
}

// called adds the deferred call that the runtime is making from frame m, if
// callee is one.
func (k *deferWalk) called(m, callee callFrame) {
	if k.calls++; k.calls > maxDeferCalls {
		k.doubt("more than %d deferred calls have begun", maxDeferCalls)
		return
	}
	run := k.runner(m)
	if callee.Frame != nil && !machinery(callee.Func) {
		k.running(m, callee, run)
	}
	if kinds[m.Func] != kindDeferReturn && run.found {
		k.passing = append(k.passing, passing{run.sp, run.done})
	}
}

// machinery reports whether a function that gopanic, Goexit or deferreturn
// called is a part of their own work. Deferred functions of the runtime are
// closures, or exported.
func machinery(name string) bool {
	rest, ok := strings.CutPrefix(name, "runtime.")
	return ok && !exportedRuntime(rest) && !strings.Contains(rest, ".func") && !strings.Contains(rest, ".deferwrap")
}

// A runner is what gopanic, Goexit and deferreturn keep of their progress.
type runner struct {
	found bool
	sp    uint64 // frame whose deferred calls are being run
	retpc uint64 // where that frame goes on: behind the defer statement, for a record
	bits  uint64 // where its bits are, 0 if it has none
	slots uint64
	done  bool
	rec   *deferRecord // until Go 1.21, the record whose call is being made
}

// runner finds the _panic in the frame of m: it says itself which frame it is in.
//
// Source: $GOROOT/src/runtime/panic.go ((*_panic).start), go1.22 to go1.27.
func (k *deferWalk) runner(m callFrame) runner {
	l := k.w.layout
	if l.PanicStartSP < 0 {
		return k.runner121(m)
	}
	_, entry, ok := k.entry(m)
	if !ok || uint64(m.CFA-m.SP) > maxRunnerFrame {
		return runner{}
	}
	for a := m.SP; a+core.Addr(l.PanicSize) <= m.CFA; a += 8 {
		if x, ok := k.view.word(a + core.Addr(l.PanicStartSP)); !ok || x != uint64(m.SP) {
			continue
		}
		pc, _ := k.view.word(a + core.Addr(l.PanicStartPC))
		if f, _, ok := k.w.FuncAt(core.Addr(pc)); !ok || uint64(f.Entry())+k.w.bias != entry {
			continue
		}
		word := func(off int32) uint64 {
			x, _ := k.view.word(a + core.Addr(off))
			return x
		}
		r := runner{
			found: true, sp: word(l.PanicSP), retpc: word(l.PanicRetPC),
			bits: word(l.PanicDeferBits), slots: word(l.PanicSlots),
		}
		// Where the search for the next frame begins, 0 when there is none left.
		r.done = word(max(l.PanicLR, l.PanicPC)) == 0 && kinds[m.Func] != kindDeferReturn
		return r
	}
	return runner{}
}

// maxRunnerFrame bounds the frames of gopanic, Goexit and deferreturn, in bytes.
// The largest, of Go 1.27's gopanic on arm64, has 208.
const maxRunnerFrame = 4096

// runner121 finds what Go 1.21 knows: records keep the address of the _panic
// that runs them, which lies in the frame of m.
func (k *deferWalk) runner121(m callFrame) runner {
	for i := range k.records {
		r := &k.records[i]
		if r.started && uint64(m.SP) <= r.panic && r.panic < uint64(m.CFA) {
			return runner{found: true, sp: r.sp, retpc: r.pc, rec: r}
		}
	}
	return runner{}
}

// running adds callee, which the runtime calls from m.
func (k *deferWalk) running(m, callee callFrame, run runner) {
	d := Defer{Running: true, Frame: -1}
	_, entry, ok := k.entry(callee)
	if !ok || !k.describeCode(&d, entry) {
		return
	}
	for _, p := range k.passing {
		d.Abandoned = d.Abandoned || p.done || p.sp > uint64(m.SP)
	}
	sp := run.sp
	if !run.found && kinds[m.Func] == kindDeferReturn {
		sp = uint64(m.CFA)
	}
	f := k.frameAt(sp, m.index)
	if sp == 0 {
		f = k.frameWith(entry, m.index)
	}
	if f.Frame != nil {
		d.Frame, d.In, d.SP = f.index, f.Func, f.SP
		if k.runningOpen(&d, f, entry, run) {
			k.add(d)
			return
		}
	}
	if r := run.rec; r != nil && !r.open {
		d.Closure = core.Addr(r.fn)
	}
	d.Kind = k.w.madeBy(run.retpc)
	if d.Kind != OfRangeFunc && d.Kind != UnknownKind {
		d.Statement = k.statement(run.retpc)
	}
	if d.Statement == 0 {
		d.Statement = wrapperLine(&d)
	}
	k.add(d)
}

// runningOpen fills in what the frame of an open-coded defer knows of the call.
func (k *deferWalk) runningOpen(d *Defer, f callFrame, entry uint64, run runner) bool {
	fn := k.w.openDefers(f)
	if fn == nil || fn.bad != "" || run.found && run.rec == nil && run.bits == 0 {
		return false
	}
	b, ok := k.view.slice(core.Addr(f.top+uint64(fn.Bits)), 1)
	if !ok {
		return false
	}
	for i := range 8 {
		closure, ok := k.slot(f.top, fn, i)
		if !ok || closure == 0 || b[0]>>i != 0 {
			continue
		}
		if code, ok := k.view.word(core.Addr(closure)); ok && code == entry {
			d.Kind, d.Closure, d.Statement = OpenCoded, core.Addr(closure), fn.lines[i]
			return true
		}
	}
	return false
}

// frameWith returns the nearest physical frame beyond index that has an
// open-coded defer of the function at entry, called already. It is for a call
// of Go 1.21 that a later panic came past: there the runtime has forgotten whose
// it was.
func (k *deferWalk) frameWith(entry uint64, index int) callFrame {
	for i := index + 1; i < len(k.g.Frames); i++ {
		if fr := &k.g.Frames[i]; !fr.Inlined && !fr.Foreign {
			f := k.physical(i)
			if d := (Defer{}); f.framed() && k.runningOpen(&d, f, entry, runner{}) {
				return f
			}
		}
	}
	return callFrame{}
}

// frameAt returns the physical frame beyond index whose SP it is.
func (k *deferWalk) frameAt(sp uint64, index int) callFrame {
	for i := index + 1; i < len(k.g.Frames); i++ {
		fr := &k.g.Frames[i]
		if fr.Inlined || uint64(fr.SP) != sp {
			continue
		}
		if f := k.physical(i); f.framed() {
			return f
		}
	}
	return callFrame{}
}

// physical returns frame i, which is not inlined.
func (k *deferWalk) physical(i int) callFrame {
	f := callFrame{Frame: &k.g.Frames[i], index: i, top: uint64(k.g.Frames[i].CFA)}
	if !k.w.arch.HasLR {
		f.top -= 8 // the return address
	}
	return f
}

// wrapperLine returns the line of the defer statement that the compiler made a
// closure for: the closure begins there.
func wrapperLine(d *Defer) int {
	if strings.Contains(d.Func, ".deferwrap") {
		return d.Line
	}
	return 0
}
