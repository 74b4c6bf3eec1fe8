package core

// A View reads memory for one goroutine and remembers where it read last. Most
// reads of a walk, along a stack or through a list, stay in the region of the
// one before, and those need no search. Views of a process are independent, so
// that concurrent readers do not write to anything they share.
//
// A View is of the memory at the time it was made: before [Process.AddImage],
// without the image.
type View struct {
	p    *Process
	addr Addr
	data []byte
}

// View returns a new view.
func (p *Process) View() *View { return &View{p: p} }

// Slice is [Process.Slice].
func (v *View) Slice(a Addr, n int) ([]byte, error) {
	if off := uint64(a - v.addr); off < uint64(len(v.data)) && uint64(n) <= uint64(len(v.data))-off {
		return v.data[off : off+uint64(n) : off+uint64(n)], nil
	}
	v.move(a)
	return v.p.Slice(a, n)
}

// Word is [Process.Word].
func (v *View) Word(a Addr) (uint64, error) {
	if off := uint64(a - v.addr); off < uint64(len(v.data)) && uint64(len(v.data))-off >= 8 {
		return le64(v.data[off:]), nil
	}
	v.move(a)
	return v.p.Word(a)
}

// move remembers the piece that holds a, if there is one.
func (v *View) move(a Addr) {
	if i := v.p.mem.find(a); i >= 0 {
		q := &v.p.mem.pieces[i]
		v.addr, v.data = q.addr, q.data
	}
}
