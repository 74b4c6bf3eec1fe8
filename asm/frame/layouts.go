package frame

import (
	"fmt"

	"moho/asm"
	"moho/debuginfo"
	"moho/decode"
	"moho/evidence"
	"moho/gotab"
)

// Options say how much is looked at. The zero value looks at everything.
type Options struct {
	NoDWARF bool // take no names and types from debugging information
}

// Layouts makes frames of the functions of one program. It keeps buffers and
// what it has looked up, and must not be used concurrently.
type Layouts struct {
	p       *asm.Program
	opts    Options
	r       reader
	class   []Class
	more    map[uint64]more   // what is at the target of a call
	scratch map[uint64]string // names of callees

	dwarf       *debuginfo.Data
	dwarfOpened bool
	dwarfErr    error
}

// New returns Layouts of p. On wasm, whose code has no addresses, frames hold
// what tables say. The error is of an architecture that decode does not read.
func New(p *asm.Program, opts Options) (*Layouts, error) {
	l := &Layouts{p: p, opts: opts, more: map[uint64]more{}, scratch: map[uint64]string{}}
	l.r.p = p
	if p.Arch().BytePC {
		d, err := decode.New(p.Arch())
		if err != nil {
			return nil, err
		}
		l.r.dec = d
	}
	return l, nil
}

// maxGaps bounds what is said to be missing of one frame.
const maxGaps = 16

// isMorestack reports whether a function that makes room on the stack begins at
// pc. A call may go through a trampoline, which has no name of its own.
func (l *Layouts) isMorestack(pc uint64) bool { return l.moreAt(pc) != noMore }

// moreAt tells which of the runtime's functions that make room on the stack
// begins at pc.
func (l *Layouts) moreAt(pc uint64) more {
	m, known := l.more[pc]
	if known {
		return m
	}
	if fn, ok := l.p.Table.FuncAt(gotab.PC(pc)); ok && uint64(fn.Entry()) == pc {
		var buf [64]byte
		switch string(fn.AppendName(buf[:0])) {
		case "runtime.morestack", "runtime.morestackc":
			m = moreContext
		case "runtime.morestack_noctxt":
			m = moreNoContext
		}
	}
	l.more[pc] = m // as many as there are functions that are called
	return m
}

// more is a function that makes room on the stack: with a closure context to
// keep, or without.
type more uint8

const (
	noMore more = iota
	moreContext
	moreNoContext
)

// Of returns the frame of fn. It is New followed by [Layouts.Of], for one
// function; so are its errors.
func Of(p *asm.Program, fn gotab.Func, opts Options) (Frame, error) {
	l, err := New(p, opts)
	if err != nil {
		return Frame{}, err
	}
	return l.Of(fn)
}

// Of returns the frame of fn. The error wraps objfile.ErrFormat where the
// tables of fn cannot be read, objfile.ErrUnmapped where its code is not there.
func (l *Layouts) Of(fn gotab.Func) (Frame, error) {
	f := Frame{Name: fn.Name(), Entry: fn.Entry(), Arch: l.p.Arch().Name}
	var err error
	if f.Size, err = fn.Size(); err != nil {
		return Frame{}, err
	}
	if !l.p.Arch().BytePC {
		return l.ofTables(fn, f)
	}
	if l.p.Foreign(fn) {
		const why = "code of C, of which Go's tables say nothing"
		f.Text = Text{Symbol: symbolName(f.Name), ABI: unknown[string](why), Size: unknown[int64](why), Args: unknown[int64](why), Flags: []Flag{}}
		f.Slots, f.Calls, f.Ranges = []Slot{}, []Call{}, []Range{}
		f.gap("frame", why)
		return f, nil
	}
	b, err := l.r.read(fn)
	if err != nil {
		return Frame{}, err
	}
	l.fill(b, &f)
	return f, nil
}

// fill takes everything from the code of b.
func (l *Layouts) fill(b *body, f *Frame) {
	f.SP = b.rows
	for _, row := range b.rows {
		f.Max = max(f.Max, int64(row.Value))
	}
	cl := l.classify(b)
	f.Ranges = b.ranges(cl)
	more := moreIndex(cl)
	f.Opens = b.shape(l.p.StackCheck(b.fn), more)
	f.Frame = f.Opens.Size
	f.DeferReturn = b.fn.DeferReturn()
	if b.holes > 0 {
		f.gap("code", fmt.Sprintf("%d bytes of %s are no known instruction", b.holes, f.Name))
	}
	f.Text = l.text(b, f, more)
	lay := l.layout(b, cl, f)
	if lay.full {
		f.gap("slots", fmt.Sprintf("more than %d; what comes later is not told apart", maxSlots))
	}
	f.Slots = lay.slots
	f.Calls = l.calls(b, cl, f)
}

func moreIndex(cl []Class) int {
	for i, c := range cl {
		if c&Morestack != 0 {
			return i
		}
	}
	return -1
}

func (f *Frame) gap(what, why string) {
	if len(f.Gaps) >= maxGaps {
		return
	}
	f.Gaps = append(f.Gaps, evidence.Gap{What: what, Where: f.Name, Why: why})
}

// callee returns the name of the function that begins at pc, or "".
func (l *Layouts) callee(pc uint64) string {
	if s, ok := l.scratch[pc]; ok {
		return s
	}
	s := ""
	if f, ok := l.p.Table.FuncAt(gotab.PC(pc)); ok {
		s = f.Name()
		if d := pc - uint64(f.Entry()); d != 0 {
			s = fmt.Sprintf("%s+%#x", s, d)
		}
	}
	if len(l.scratch) < 1<<16 {
		l.scratch[pc] = s
	}
	return s
}
