package core

// A View reads memory for one goroutine and remembers where it read last. Most
// reads of a walk, along a stack or through a list, stay in the region of the
// one before, and those need no search. Views of a process are independent, so
// that concurrent readers do not write to anything they share.
//
// Make views after [Process.AddImage]: one that is older may not see the image.
type View struct {
	p    *Process
	addr Addr
	data []byte
}

// View returns a new view.
func (p *Process) View() *View { return &View{p: p} }

// Slice is [Process.Slice].
func (v *View) Slice(a Addr, n int) ([]byte, error) {
	off := uint64(a - v.addr)
	if off >= uint64(len(v.data)) {
		off = v.move(a)
	}
	if off < uint64(len(v.data)) && uint64(n) <= uint64(len(v.data))-off {
		return v.data[off : off+uint64(n) : off+uint64(n)], nil
	}
	return v.p.gather(a, n)
}

// Word is [Process.Word].
func (v *View) Word(a Addr) (uint64, error) {
	if off := uint64(a - v.addr); off < uint64(len(v.data)) && uint64(len(v.data))-off >= 8 {
		return le64(v.data[off:]), nil
	}
	b, err := v.Slice(a, 8)
	if err != nil {
		return 0, err
	}
	return le64(b), nil
}

// move goes to the piece that begins at or before a, and returns how far into
// it a is; that may be beyond its data.
func (v *View) move(a Addr) uint64 {
	if i := v.p.mem.find(a); i >= 0 {
		q := &v.p.mem.pieces[i]
		v.addr, v.data = q.addr, q.data
	}
	return uint64(a - v.addr)
}
