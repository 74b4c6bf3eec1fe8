package value

import (
	"encoding/binary"
	"fmt"

	"moho/core"
	"moho/gostate/internal/layout"
)

// What a byte of tophash says when it is less than the hash of an entry.
//
// Source: $GOROOT/src/runtime/map.go, go1.23; map_noswiss.go, go1.25.
const (
	evacuatedX     = 2
	evacuatedEmpty = 4
	minTopHash     = 5

	sameSizeGrow = 8 // in hmap.flags
	maxLogarithm = 40
)

// buckets reads a map as it was until Go 1.23. While it grows, the buckets that
// have not been moved are read where they were.
//
// Source: $GOROOT/src/runtime/map.go (hmap, bmap, mapiternext), go1.23.
func (m *mapReader) buckets() error {
	l, a := m.w.Offsets(), m.v.Pointer
	if l.HMapCount < 0 { // GOEXPERIMENT=noswissmap
		l, _ = layout.Lookup(23, l.Arch)
	}
	var err error
	if m.v.Len, err = m.word(place{addr: a + core.Addr(l.HMapCount)}); err != nil {
		return err
	}
	flags, err := m.read(place{addr: a + core.Addr(l.HMapFlags)}, 1)
	if err != nil {
		return err
	}
	log, err := m.read(place{addr: a + core.Addr(l.HMapB)}, 1)
	if err != nil {
		return err
	}
	at, err := m.word(place{addr: a + core.Addr(l.HMapBuckets)})
	if err != nil {
		return err
	}
	old, err := m.word(place{addr: a + core.Addr(l.HMapOldBuckets)})
	if err != nil {
		return err
	}
	if log[0] > maxLogarithm || int64(m.v.Len) < 0 {
		return fmt.Errorf("no map: 2^%d buckets, %d entries", log[0], int64(m.v.Len))
	}
	if m.v.Len == 0 || at == 0 {
		return nil
	}
	if err := m.array(at, uint64(1)<<log[0], false); err != nil || old == 0 {
		return err
	}
	m.v.Note = "growing"
	n := uint64(1) << log[0]
	if flags[0]&sameSizeGrow == 0 {
		n = max(n/2, 1)
	}
	return m.array(old, n, true)
}

// array reads n buckets one after the other, and what overflowed them.
func (m *mapReader) array(at, n uint64, old bool) error {
	for i := uint64(0); i < n && !m.full(); i++ {
		b := core.Addr(at + i*m.l.size)
		for first := true; b != 0 && !m.full(); first = false {
			moved, err := m.bucket(b, old && first)
			if err != nil {
				return err
			}
			if moved {
				break
			}
			next, err := m.word(place{addr: b + core.Addr(m.l.size-8)})
			if err != nil {
				return err
			}
			b = core.Addr(next)
		}
	}
	return nil
}

// bucket reads one bucket; moved reports that its entries are in the new ones.
func (m *mapReader) bucket(b core.Addr, old bool) (moved bool, err error) {
	if err := m.visit(); err != nil {
		return false, err
	}
	top, err := m.read(place{addr: b}, perGroup)
	if err != nil {
		return false, err
	}
	if old && top[0] >= evacuatedX && top[0] <= evacuatedEmpty {
		return true, nil
	}
	if binary.LittleEndian.Uint64(top) == 0 {
		return false, nil
	}
	for i, t := range top {
		if t < minTopHash {
			continue
		}
		if m.full() {
			m.found++
			break
		}
		if err := m.slot(b, uint64(i)); err != nil {
			return false, err
		}
	}
	return false, nil
}
