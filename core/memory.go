package core

import (
	"fmt"
	"iter"
)

// maxCopy bounds a read that has to be put together from several regions.
const maxCopy = 256 << 20

// piece is memory at [addr, end); data are its first bytes, the rest is absent.
type piece struct {
	addr, end Addr
	data      []byte
}

// memory is the address space: pieces in order, without overlap. The start
// addresses stand apart, so that a search touches few cache lines.
type memory struct {
	starts []Addr
	pieces []piece
}

func newMemory(pieces []piece) memory {
	m := memory{starts: make([]Addr, len(pieces)), pieces: pieces}
	for i, q := range pieces {
		m.starts[i] = q.addr
	}
	return m
}

// find returns the index of the last piece that starts at or before a, or -1.
// It halves without branching on the comparison's outcome where the compiler
// can make a conditional move of it; addresses come in no order, so a branch
// would be guessed wrong half of the time.
func (m *memory) find(a Addr) int {
	s := m.starts
	base, n := 0, len(s)
	for n > 1 {
		half := n >> 1
		if mid := base + half; s[mid] <= a {
			base = mid
		}
		n -= half
	}
	if n == 0 || s[base] > a {
		return -1
	}
	return base
}

// Slice returns the n bytes of memory at a.
//
// The result is a view of the file that must not be written to; only when the
// bytes lie in several regions is it a copy, of 256 MiB at most ([ErrLimit]).
// A [*MemoryError] says which byte is missing and wraps [ErrUnmapped] or
// [ErrAbsent]; then the result is nil. Slice does not allocate when it returns
// a view, and is safe for concurrent use.
func (p *Process) Slice(a Addr, n int) ([]byte, error) {
	if i := p.mem.find(a); i >= 0 {
		q := &p.mem.pieces[i]
		off := uint64(a - q.addr)
		if off < uint64(len(q.data)) && uint64(n) <= uint64(len(q.data))-off {
			return q.data[off : off+uint64(n) : off+uint64(n)], nil
		}
	}
	return p.gather(a, n)
}

// Word returns the pointer-sized word at a, which need not be aligned.
func (p *Process) Word(a Addr) (uint64, error) {
	b, err := p.Slice(a, 8)
	if err != nil {
		return 0, err
	}
	return le64(b), nil
}

// ReadMemory copies memory at a into b. It returns how many bytes it copied and,
// if that is less than len(b), the error that [Process.Slice] has for the next.
func (p *Process) ReadMemory(b []byte, a Addr) (int, error) {
	n := 0
	for n < len(b) {
		run := p.mem.run(a + Addr(n))
		if run == nil {
			return n, p.missingAt(a + Addr(n))
		}
		n += copy(b[n:], run)
	}
	return n, nil
}

// Memory yields the memory that there is, in order of address, including what
// [Process.AddImage] put there. Runs are as long as the regions of the core.
func (p *Process) Memory() iter.Seq2[Addr, []byte] {
	return func(yield func(Addr, []byte) bool) {
		for _, q := range p.mem.pieces {
			if n := len(q.data); n > 0 && !yield(q.addr, q.data[:n:n]) {
				return
			}
		}
	}
}

// Held returns the first memory at or after a that there is: where it begins
// and its bytes, up to the end of its region. It is how to pass over holes,
// which can be of any size; at the end of all memory the result is nil.
func (p *Process) Held(a Addr) (Addr, []byte) {
	if b := p.mem.run(a); b != nil {
		return a, b[:len(b):len(b)]
	}
	for i := p.mem.find(a) + 1; i < len(p.mem.pieces); i++ {
		if q := &p.mem.pieces[i]; len(q.data) > 0 {
			return q.addr, q.data[:len(q.data):len(q.data)]
		}
	}
	return 0, nil
}

// gather serves what is not in one piece.
func (p *Process) gather(a Addr, n int) ([]byte, error) {
	if n < 0 {
		return nil, fmt.Errorf("core: read of %d bytes at %#x: %w", n, uint64(a), ErrLimit)
	}
	if n == 0 {
		return []byte{}, nil
	}
	if a+Addr(n-1) < a {
		return nil, p.missingAt(^Addr(0))
	}
	// All of it must be there before anything is allocated for it.
	for have := 0; have < n; {
		run := p.mem.run(a + Addr(have))
		if run == nil {
			return nil, p.missingAt(a + Addr(have))
		}
		have += len(run)
	}
	if n > maxCopy {
		return nil, fmt.Errorf("core: read of %d bytes at %#x crosses regions, at most %d can be copied: %w",
			n, uint64(a), maxCopy, ErrLimit)
	}
	b := make([]byte, n)
	if _, err := p.ReadMemory(b, a); err != nil {
		return nil, err
	}
	return b, nil
}

// run returns what there is from a to the end of its piece, or nil.
func (m *memory) run(a Addr) []byte {
	if i := m.find(a); i >= 0 {
		q := &m.pieces[i]
		if off := uint64(a - q.addr); off < uint64(len(q.data)) {
			return q.data[off:]
		}
	}
	return nil
}

// next returns the start of the first piece after a, or 0.
func (m *memory) next(a Addr) Addr {
	if i := m.find(a) + 1; i < len(m.starts) {
		return m.starts[i]
	}
	return 0
}

// missingAt says why there is nothing at a.
func (p *Process) missingAt(a Addr) error {
	if i := p.mem.find(a); i >= 0 && a < p.mem.pieces[i].end {
		return &MemoryError{Addr: a, Err: ErrAbsent}
	}
	if _, ok := p.mappingAt(a); ok { // NT_FILE knows mappings that got no segment
		return &MemoryError{Addr: a, Err: ErrAbsent}
	}
	return &MemoryError{Addr: a, Err: ErrUnmapped}
}
