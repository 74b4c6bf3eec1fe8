package gotab

// MaxOpenDefers is how many open-coded defers a function can have: one bit each
// in a byte.
const MaxOpenDefers = 8

// OpenDefers says where a function with open-coded defers keeps them: calls that
// the compiler put at the function's exits, each behind a bit that tells whether
// its defer statement was reached.
type OpenDefers struct {
	Bits  int64 // of the byte with the bits, from the entry SP
	Slots int64 // of the closure of the first defer statement, from the entry SP

	// Count is how many there are; 0 since Go 1.22, which does not record it.
	// The slot of each, in the order of the statements, is in Slot.
	Count int
	slot  [MaxOpenDefers]int64
}

// Slot returns where the closure of defer statement i lies, from the entry SP.
// Where the count is not recorded slots are words in ascending order.
func (d OpenDefers) Slot(i int) (int64, bool) {
	switch {
	case i < 0 || i >= MaxOpenDefers || d.Count > 0 && i >= d.Count:
		return 0, false
	case d.Count == 0:
		return d.Slots + 8*int64(i), true
	}
	return d.slot[i], true
}

// OpenDefers returns the function's open-coded defers, not ok if it has none.
// The error wraps objfile.ErrFormat.
//
// Source: emitOpenDeferInfo in $GOROOT/src/cmd/compile/internal/ssagen/ssa.go,
// go1.16 and go1.17 (with arguments), go1.18 to go1.21 (with a count), go1.22
// and newer (first slot only).
func (f Func) OpenDefers() (OpenDefers, bool, error) {
	b, err := f.funcDataUpTo(FuncDataOpenCodedDeferInfo, 0, maxDeferInfo)
	if err != nil || b == nil {
		return OpenDefers{}, false, err
	}
	r := varints{b: b}
	varp := f.t.VarPointer()
	if f.t.hdr.version < V118 {
		r.next() // the longest arguments
	}
	d := OpenDefers{Bits: varp - int64(r.next())}
	if f.t.firstSlotOnly() {
		d.Slots = varp - int64(r.next())
	} else {
		n := r.next()
		if n == 0 || n > MaxOpenDefers {
			return OpenDefers{}, false, f.dataErr(FuncDataOpenCodedDeferInfo, "there are %d, want 1 to %d", n, MaxOpenDefers)
		}
		d.Count = int(n)
		for i := d.Count - 1; i >= 0; i-- { // the last one runs first
			d.slot[i] = varp - int64(f.t.deferSlot(&r))
		}
		d.Slots = d.slot[0]
	}
	if r.bad {
		return OpenDefers{}, false, f.dataErr(FuncDataOpenCodedDeferInfo, "ends or overflows within a number")
	}
	return d, true, nil
}

// maxDeferInfo bounds the description of open-coded defers, in bytes. Since Go
// 1.18 ten numbers of five bytes suffice; before, arguments are described too.
const maxDeferInfo = 4096

// maxDeferArgs bounds the arguments of one open-coded defer before Go 1.18. They
// are no more than fit maxDeferInfo, three numbers each.
const maxDeferArgs = maxDeferInfo / 3

// deferSlot reads one defer and returns the offset of its closure, down from varp.
func (t *Table) deferSlot(r *varints) uint32 {
	if t.hdr.version >= V118 {
		return r.next()
	}
	r.next() // bytes of arguments
	slot := r.next()
	n := r.next()
	if n > maxDeferArgs {
		r.bad = true
		return 0
	}
	for range n {
		r.next() // where the argument lies
		r.next() // its size
		r.next() // its place in the call
	}
	return slot
}

// firstSlotOnly reports whether the description is that of Go 1.22 and newer.
// Nothing else in the tables tells: the second number of each description does.
// It was a count, of 1 to 8, and is the offset of a word.
func (t *Table) firstSlotOnly() bool {
	if t.hdr.version < V120 {
		return false
	}
	t.defersOnce.Do(func() {
		t.newDefers = true
		for i := range t.nfunc {
			f, err := t.Func(i)
			if err != nil {
				continue
			}
			b, err := f.funcDataUpTo(FuncDataOpenCodedDeferInfo, 0, 10)
			if err != nil || b == nil {
				continue
			}
			r := varints{b: b}
			r.next()
			if n := r.next(); !r.bad && n != MaxOpenDefers { // 8 may be both
				t.newDefers = n > MaxOpenDefers
				return
			}
		}
	})
	return t.newDefers
}

// varints reads unsigned LEB128 numbers; after one that is malformed it returns 0.
type varints struct {
	b   []byte
	bad bool
}

func (r *varints) next() uint32 {
	v, n := uvarint32(r.b)
	if n == 0 || r.bad {
		r.bad = true
		return 0
	}
	r.b = r.b[n:]
	return v
}
