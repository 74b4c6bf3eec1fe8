package gostate

import (
	"encoding/binary"
	"sort"

	"moho/core"
)

// A memory is the process's memory as runs of bytes in order of address. It
// exists beside [core.View] because the unwinder reads millions of words, many of
// which are not there, and an error for each would be garbage; and because what
// it looked for in vain is what [Gather] has to fetch.
type memory struct {
	starts []core.Addr
	runs   [][]byte
	total  int64 // bytes in all runs

	missing func(core.Addr) // if not nil, is told of reads that find nothing
}

func newMemory(p *core.Process) *memory {
	m := new(memory)
	for a, b := range p.Memory() {
		m.starts = append(m.starts, a)
		if last := len(m.runs) - 1; last < 0 || &m.runs[last][0] != &b[0] {
			m.total += int64(len(b)) // zeros that stand for many pages count once
		}
		m.runs = append(m.runs, b)
	}
	return m
}

// find returns the run that holds a.
func (m *memory) find(a core.Addr) (start core.Addr, run []byte, ok bool) {
	i := sort.Search(len(m.starts), func(i int) bool { return m.starts[i] > a }) - 1
	if i < 0 || a-m.starts[i] >= core.Addr(len(m.runs[i])) {
		if m.missing != nil {
			m.missing(a)
		}
		return 0, nil, false
	}
	return m.starts[i], m.runs[i], true
}

// A view reads words of a memory and remembers where it was. It is for one
// user at a time.
type view struct {
	mem   *memory
	start core.Addr
	run   []byte
}

// word returns the pointer-sized word at a.
func (v *view) word(a core.Addr) (uint64, bool) {
	if off := uint64(a - v.start); off < uint64(len(v.run)) && uint64(len(v.run))-off >= 8 {
		return binary.LittleEndian.Uint64(v.run[off:]), true
	}
	b, ok := v.slice(a, 8)
	if !ok {
		return 0, false
	}
	return binary.LittleEndian.Uint64(b), true
}

// slice returns n bytes at a. It is a view of the core that must not be
// written to, unless the bytes lie in two runs; then it is a copy.
func (v *view) slice(a core.Addr, n int) ([]byte, bool) {
	if off := uint64(a - v.start); off < uint64(len(v.run)) && uint64(len(v.run))-off >= uint64(n) {
		return v.run[off : off+uint64(n) : off+uint64(n)], true
	}
	start, run, ok := v.mem.find(a)
	if !ok {
		return nil, false
	}
	v.start, v.run = start, run
	if off := uint64(a - start); uint64(len(run))-off >= uint64(n) {
		return run[off : off+uint64(n) : off+uint64(n)], true
	}
	return v.join(a, n)
}

// maxJoin bounds what is copied for fixed-size things like a g.
const maxJoin = 64 << 10

func (v *view) join(a core.Addr, n int) ([]byte, bool) {
	if n > maxJoin {
		return nil, false
	}
	return v.bytes(a, n)
}

// bytes is slice without a bound other than the memory that there is: nothing
// is allocated before all n bytes are known to be there.
func (v *view) bytes(a core.Addr, n int) ([]byte, bool) {
	if n < 0 {
		return nil, false
	}
	for have := 0; have < n; {
		start, run, ok := v.mem.find(a + core.Addr(have))
		if !ok {
			return nil, false
		}
		run = run[a+core.Addr(have)-start:]
		if have == 0 && len(run) >= n {
			return run[:n:n], true
		}
		have += len(run)
	}
	b := make([]byte, 0, n)
	for len(b) < n {
		start, run, _ := v.mem.find(a + core.Addr(len(b)))
		run = run[a+core.Addr(len(b))-start:]
		b = append(b, run[:min(len(run), n-len(b))]...)
	}
	return b, true
}

func le64(b []byte) uint64 { return binary.LittleEndian.Uint64(b) }
