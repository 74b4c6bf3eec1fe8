package frame

import (
	"cmp"
	"slices"

	"moho/arch"
	"moho/decode"
	"moho/evidence"
	"moho/gotab"
)

// A layout collects slots. What is put first stays; what comes later gets the
// bytes that are left.
type layout struct {
	slots []Slot // sorted, without overlap
	full  bool   // some were left out
}

// maxSlots bounds the slots of one frame: a list that long is no overview. The
// largest frame of etcd's server has 500.
const maxSlots = 1 << 14

// put adds the parts of s that no slot has yet.
func (l *layout) put(s Slot) {
	for off := s.Off; off < s.End(); {
		i, _ := slices.BinarySearchFunc(l.slots, off+1, func(a Slot, off int64) int { return cmp.Compare(a.End(), off) })
		part := s
		part.Off, part.Size = off, s.End()-off
		if i < len(l.slots) {
			if next := l.slots[i]; next.Off <= off {
				off = next.End()
				continue
			} else if next.Off < part.End() {
				part.Size = next.Off - off
			}
		}
		if len(l.slots) >= maxSlots && s.Kind != Unused && s.Kind != ArgArea {
			l.full = true
			return
		}
		l.slots = slices.Insert(l.slots, i, part)
		off = part.End()
	}
}

// find returns the slot that contains off, or nil.
func (l *layout) find(off int64) *Slot {
	i, _ := slices.BinarySearchFunc(l.slots, off+1, func(a Slot, off int64) int { return cmp.Compare(a.End(), off) })
	if i < len(l.slots) && l.slots[i].Off <= off {
		return &l.slots[i]
	}
	return nil
}

// layout says what every byte of the frame is.
func (l *Layouts) layout(b *body, cl []Class, f *Frame) layout {
	var lay layout
	low, high := -f.Max, int64(8)
	if f.Text.Args.Known() {
		high += f.Text.Args.Value
	}
	use := b.accesses(cl)
	for _, a := range use { // an assembly function that does not say how long its arguments are
		if !f.Text.Args.Known() {
			high = max(high, a.off+a.size)
		}
	}
	b.linkage(&lay, f, &low)
	l.recordedSlots(&lay, b.fn, f)
	argSlots(&lay, b.fn, f)
	l.debugSlots(&lay, b.fn, f)
	if n := l.outgoing(b); n > 0 && f.Frame > 0 {
		base := -f.Frame
		if b.arch.HasLR {
			base += 8
		}
		if top, ok := lay.next(base - 1); ok {
			n = min(n, top-base)
		}
		lay.put(Slot{Off: base, Size: max(n, 0), Kind: Outgoing, How: evidence.Derived, Why: "the longest arguments of a function that is called by name"})
	}
	if f.Max > f.Frame {
		lay.put(Slot{Off: -f.Max, Size: f.Max - f.Frame, Kind: Pushed, How: evidence.Derived, Why: "SP goes below the frame that the prologue makes"})
	}
	lay.fromCode(use, low, high)
	lay.rest(low, high)
	for _, a := range use {
		lay.count(a)
	}
	l.markPointers(&lay, b.fn, f)
	return lay
}

// linkage puts what links the frame with its caller's.
func (b *body) linkage(lay *layout, f *Frame, low *int64) {
	if b.arch == arch.ARM64 {
		lay.put(Slot{Off: 0, Size: 8, Kind: CallerLR, How: evidence.Derived, Why: "0(RSP) of the caller, if that has a frame"})
		if f.Frame > 0 {
			lay.put(Slot{Off: -8, Size: 8, Kind: CallerFP, How: evidence.Derived, Why: "-8(RSP) of the caller: what its prologue has saved there"})
		}
	} else {
		lay.put(Slot{Off: 0, Size: 8, Kind: ReturnPC, How: evidence.Derived, Why: "the call pushes it"})
	}
	if off, ok := f.Opens.savedFP(); ok {
		lay.put(Slot{Off: off, Size: 8, Kind: SavedFP, How: evidence.Derived, Why: "stored by the prologue"})
		*low = min(*low, off)
	}
	if off, ok := f.Opens.savedLR(); ok {
		lay.put(Slot{Off: off, Size: 8, Kind: SavedLR, How: evidence.Derived, Why: "stored by the prologue"})
		*low = min(*low, off)
	}
}

// recordedSlots puts what the function's tables name.
func (l *Layouts) recordedSlots(lay *layout, fn gotab.Func, f *Frame) {
	d, ok, err := fn.OpenDefers()
	if err != nil {
		f.gap("open-coded defers", err.Error())
	}
	if ok {
		lay.put(Slot{Off: d.Bits, Size: 1, Kind: DeferBits, How: evidence.Recorded, Why: "FUNCDATA_OpenCodedDeferInfo"})
		n := d.Count
		if words := (l.p.Table.VarPointer() - d.Slots) / 8; n == 0 && words >= 1 && words <= gotab.MaxOpenDefers {
			n = int(words)
		}
		for i := range n {
			off, _ := d.Slot(i)
			s := Slot{Off: off, Size: 8, Kind: DeferSlot, How: evidence.Recorded, Why: "FUNCDATA_OpenCodedDeferInfo"}
			if i > 0 && d.Count == 0 {
				s.How, s.Why = evidence.Derived, "the compiler puts these slots together at the top of the frame"
			}
			lay.put(s)
		}
	}
	_, objs, err := fn.StackObjects()
	if err != nil {
		f.gap("stack objects", err.Error())
	}
	for o := range objs {
		s := Slot{Off: o.Off, Size: o.Size, Kind: Object, How: evidence.Recorded, Why: "FUNCDATA_StackObjects", Pointer: o.PtrBytes > 0}
		if o.Off >= 8 {
			s.Kind = ArgSpill
			if f.Text.ABI.Value != abiInternal {
				s.Kind = Argument
			}
		}
		lay.put(s)
	}
}

// argSlots puts the arguments as FUNCDATA_ArgInfo has them: words, which are in
// memory from the start or in registers first.
func argSlots(lay *layout, fn gotab.Func, f *Frame) {
	args, err := fn.ArgInfo(nil)
	if err != nil {
		f.gap("arguments", err.Error())
		return
	}
	// Where the first map of liveness begins no register has been spilled yet.
	rows, err := fn.PCDataRows(gotab.PCDataArgLiveIndex)
	if err == nil {
		for _, row := range rows {
			if row.Value > 0 {
				err = fn.ArgsLive(args, fn.Entry()+gotab.PC(row.Start))
				break
			}
		}
	}
	if err != nil {
		f.gap("liveness of arguments", err.Error())
	}
	f.Args = args
	for _, a := range args {
		if a.Kind != gotab.ArgValue {
			continue
		}
		s := Slot{Off: a.Off, Size: int64(a.Size), Kind: Argument, How: evidence.Recorded, Why: "FUNCDATA_ArgInfo"}
		if !a.Live {
			s.Kind, s.Why = ArgSpill, "FUNCDATA_ArgInfo, and ArgLiveInfo: in a register first"
		}
		lay.put(s)
	}
}

// outgoing returns how many bytes at the bottom of the frame belong to
// functions that b calls: at least what each that it calls by name says.
func (l *Layouts) outgoing(b *body) int64 {
	most := int32(0)
	for i := range b.insts {
		in := &b.insts[i]
		if in.Flow != decode.Call || l.isMorestack(in.Target) {
			continue
		}
		if to, ok := l.p.Table.FuncAt(gotab.PC(in.Target)); ok && uint64(to.Entry()) == in.Target {
			if n, ok := to.Args(); ok {
				most = max(most, n)
			}
		}
	}
	return int64(most+7) &^ 7
}

// rest puts what is left: in the caller's frame, and what nothing touches.
func (l *layout) rest(low, high int64) {
	if n := len(l.slots); n > 0 { // assembly may use arguments that its directive does not declare
		high = max(high, l.slots[n-1].End())
	}
	how, why := evidence.Derived, "in the size of the arguments; no table says which it is of"
	l.put(Slot{Off: 8, Size: high - 8, Kind: ArgArea, How: how, Why: why})
	l.put(Slot{Off: low, Size: -low, Kind: Unused, How: evidence.Unknown, Why: "no instruction names it: padding, part of a variable, or arguments of a call"})
}

// markPointers marks slots of which a map says that they hold a live pointer.
func (l *Layouts) markPointers(lay *layout, fn gotab.Func, f *Frame) {
	for _, get := range []func() (gotab.StackMaps, error){fn.ArgsMaps, fn.LocalsMaps} {
		m, err := get()
		if err != nil {
			f.gap("pointer maps", err.Error())
			continue
		}
		for bit := range m.Bits {
			for i := range m.N {
				if m.Live(i, bit) {
					if s := lay.find(m.Offset(bit)); s != nil {
						s.Pointer = true
					}
					break
				}
			}
		}
	}
}
