package gostate

import (
	"encoding/binary"
	"math/bits"
	"strings"
	"sync"

	"moho/arch"
	"moho/core"
	"moho/decode"
	"moho/gotab"
)

// openFunc is a function with open-coded defers.
type openFunc struct {
	gotab.OpenDefers
	ready uint64                   // from this pc on the bits have been cleared; 0 if not known
	lines [gotab.MaxOpenDefers]int // of the defer statements, 0 if not known
	bad   string
}

// opens remembers what frames' functions have, by Frame.PCIndex; nil is none.
type opens struct {
	mu      sync.RWMutex
	byIndex map[int32]*openFunc
	byEntry map[uint64]*openFunc
	callees map[uint64]deferFunc // that are deferred
}

// A deferFunc is a function that is deferred; line is where it is declared.
type deferFunc struct {
	name, file, wraps string
	line              int
}

// callee returns the function that begins at code; not ok if none does.
func (o *opens) callee(w *World, code uint64) (deferFunc, bool) {
	o.mu.RLock()
	c, ok := o.callees[code]
	o.mu.RUnlock()
	if ok {
		return c, true
	}
	f, at, ok := w.FuncAt(core.Addr(code))
	if !ok || f.Entry() != at {
		return deferFunc{}, false
	}
	c = deferFunc{name: shortName(f.Name(), w.layout.Minor), line: f.StartLine()}
	if frames := w.table.Frames(nil, f, at); len(frames) > 0 {
		c.file = frames[len(frames)-1].File
	}
	if pc, ok := f.WrapInfo(); ok {
		if t, ok := w.table.FuncAt(pc); ok && t.Entry() == pc {
			c.wraps = shortName(t.Name(), w.layout.Minor)
		}
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.callees == nil {
		o.callees = make(map[uint64]deferFunc)
	}
	o.callees[code] = c
	return c, true
}

// openDefers returns the open-coded defers of the function of a frame, or nil.
func (w *World) openDefers(f callFrame) *openFunc {
	o := &w.opens
	o.mu.RLock()
	fn, ok := o.byIndex[f.PCIndex]
	o.mu.RUnlock()
	if ok {
		return fn
	}
	t, _, ok := w.FuncAt(f.PC)
	if !ok {
		return nil
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.byIndex == nil {
		o.byIndex, o.byEntry = make(map[int32]*openFunc), make(map[uint64]*openFunc)
	}
	entry := uint64(t.Entry())
	if fn, ok = o.byEntry[entry]; !ok {
		fn = w.readOpenFunc(t)
		o.byEntry[entry] = fn
	}
	if f.PCIndex >= 0 {
		o.byIndex[f.PCIndex] = fn
	}
	return fn
}

func (w *World) readOpenFunc(t gotab.Func) *openFunc {
	d, ok, err := t.OpenDefers()
	if err != nil {
		return &openFunc{bad: err.Error()}
	}
	if !ok {
		return nil
	}
	fn := &openFunc{OpenDefers: d}
	w.readOpenCode(t, fn)
	return fn
}

// maxOpenCode bounds how much code of a function is read for its defers, in
// bytes; the largest function of etcd has 50,000.
const maxOpenCode = 1 << 20

// readOpenCode finds, in the code of a function, the store that clears the bits
// at its beginning, and the stores of the closures, whose lines are those of the
// defer statements. Blocks are laid out in the order of the source; the first one,
// which clears the bits, is the first.
func (w *World) readOpenCode(t gotab.Func, fn *openFunc) {
	size, err := t.Size()
	dec, err2 := decode.New(w.arch)
	if err != nil || err2 != nil || size == 0 || size > maxOpenCode {
		return
	}
	start := uint64(t.Entry()) + w.bias
	v := view{mem: w.mem}
	code, ok := v.bytes(core.Addr(start), int(size))
	if !ok {
		return
	}
	sp := decode.Reg(4)
	if w.arch.HasLR {
		sp = 31
	}
	walk := t.Walk()
	var in decode.Inst
	for off := uint64(0); off < size; off += uint64(max(in.Len, 1)) {
		if dec.Decode(code[off:], start+off, &in) != nil || !in.HasMem {
			continue
		}
		m := &in.Mem
		if !m.Store || m.Base != sp || m.Index != decode.NoReg {
			continue
		}
		p := walk.At(uint32(off))
		if !p.HasSP {
			continue
		}
		at := m.Disp - int64(p.SP)
		if fn.ready == 0 {
			if m.Size == 1 && at == fn.Bits {
				fn.ready = start + off + uint64(in.Len)
			}
			continue
		}
		first := fn.stores(at, int64(m.Size))
		if first < 0 {
			continue
		}
		if next := fn.stores(at+8, int64(m.Size)-8); next >= 0 {
			continue // two slots in one instruction: it has the line of only one
		}
		if fn.lines[first] == 0 {
			fn.lines[first] = int(p.Line)
		}
	}
}

// stores returns which slot lies at the beginning of what is stored, or -1.
func (fn *openFunc) stores(at, size int64) int {
	if size < 8 {
		return -1
	}
	for i := range gotab.MaxOpenDefers {
		if s, ok := fn.Slot(i); ok && s == at {
			return i
		}
	}
	return -1
}

// initialised reports whether a frame that stands at pc has cleared the bits.
// Every call of the function comes after that; only an interrupted instruction
// may come before. known is false if the code does not tell.
func (fn *openFunc) initialised(w *World, f callFrame) (is, known bool) {
	if !f.trap {
		return true, true
	}
	if fn.ready != 0 {
		return uint64(f.PC) >= fn.ready, true
	}
	t, at, ok := w.FuncAt(f.PC)
	if !ok {
		return false, false
	}
	_, named := t.StackMapIndex(at) // the address of a first call is behind
	return named, named
}

// openCoded adds the open-coded defers of a frame, those first that run first.
func (k *deferWalk) openCoded(f, callee callFrame) {
	fn := k.w.openDefers(f)
	if fn == nil {
		return
	}
	if fn.bad != "" {
		k.doubt("%s: %s", f.Func, fn.bad)
		return
	}
	switch is, known := fn.initialised(k.w, f); {
	case !known:
		k.doubt("%s stopped at %#x, and nothing tells whether its defers are set up there", f.Func, uint64(f.PC))
		return
	case !is:
		return
	}
	b, ok := k.view.slice(core.Addr(f.top+uint64(fn.Bits)), 1)
	if !ok {
		k.doubt("%s: the core does not hold the frame", f.Func)
		return
	}
	set := b[0]
	if fn.Count > 0 && set>>fn.Count != 0 {
		k.doubt("%s: its frame says %#b, it has %d defer statements", f.Func, set, fn.Count)
		return
	}
	k.returning(f, callee, fn, set)
	for i := 7; i >= 0; i-- {
		if set>>i&1 == 0 {
			continue
		}
		d := k.of(f, fn, i)
		closure, ok := k.slot(f.top, fn, i)
		if !ok || !k.describe(&d, closure) {
			k.doubt("%s: the closure of its defer statement %d is not in the core", f.Func, i+1)
			continue
		}
		if d.Statement == 0 {
			d.Statement = wrapperLine(&d)
		}
		k.add(d)
	}
}

// of begins a Defer for open-coded statement i of a frame.
func (k *deferWalk) of(f callFrame, fn *openFunc, i int) Defer {
	return Defer{Kind: OpenCoded, Frame: f.index, In: f.Func, SP: f.SP, Statement: fn.lines[i]}
}

// slot returns the func value of open-coded statement i.
func (k *deferWalk) slot(top uint64, fn *openFunc, i int) (uint64, bool) {
	off, ok := fn.Slot(i)
	if !ok {
		return 0, false
	}
	return k.view.word(core.Addr(top + uint64(off)))
}

// returning adds the deferred call that f is making itself on its way out. Its
// bit is cleared before the call, and those above it are; its closure still lies
// in the slot, because only the statement writes there. So the lowest slot above
// the bits left that holds one is that of the call, if it is the callee's.
func (k *deferWalk) returning(f, callee callFrame, fn *openFunc, set uint8) {
	if callee.Frame == nil || f.trap {
		return
	}
	_, entry, ok := k.entry(callee)
	if !ok {
		return
	}
	for i := bits.Len8(set); i < gotab.MaxOpenDefers; i++ {
		closure, ok := k.slot(f.top, fn, i)
		if !ok {
			return
		}
		if closure == 0 {
			continue
		}
		if code, ok := k.view.word(core.Addr(closure)); !ok || code != entry {
			return
		}
		d := k.of(f, fn, i)
		d.Running = true
		k.describe(&d, closure)
		k.add(d)
		return
	}
}

// callTarget returns the function whose direct call returns to pc, by the
// bytes of the call.
func (w *World) callTarget(pc uint64) string {
	v := view{mem: w.mem}
	var to uint64
	switch w.arch {
	case arch.AMD64:
		b, ok := v.slice(core.Addr(pc-5), 5)
		if !ok || b[0] != 0xe8 {
			return ""
		}
		to = pc + uint64(int64(int32(binary.LittleEndian.Uint32(b[1:]))))
	case arch.ARM64:
		b, ok := v.slice(core.Addr(pc-4), 4)
		if !ok {
			return ""
		}
		op := binary.LittleEndian.Uint32(b)
		if op>>26 != 0b100101 { // BL
			return ""
		}
		to = pc - 4 + uint64(int64(int32(op<<6))>>4)
	default:
		return ""
	}
	f, at, ok := w.FuncAt(core.Addr(to))
	if !ok || f.Entry() != at {
		return ""
	}
	return strings.TrimSuffix(f.Name(), ".abi0")
}

// recorders are what defer statements call, by the kind of record they make.
var recorders = map[string]DeferKind{
	"runtime.deferproc":      OnHeap,
	"runtime.deferprocStack": OnStack,
	"runtime.deferrangefunc": OfRangeFunc,
}
