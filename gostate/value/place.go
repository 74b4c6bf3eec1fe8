package value

import (
	"encoding/binary"
	"errors"
	"fmt"

	"moho/core"
)

// A place is where a value is: at an address, or in bytes that were put together.
type place struct {
	addr  core.Addr
	bytes *Bytes // nil in memory
	off   uint64 // in bytes
}

// plus returns the place off bytes further on.
func (p place) plus(off uint64) place {
	if p.bytes == nil {
		p.addr += core.Addr(off)
	} else {
		p.off += off
	}
	return p
}

// read returns n bytes at p. The error says why they are not to be had.
func (r *Reader) read(p place, n int) ([]byte, error) {
	if p.bytes == nil {
		b, err := r.view.Slice(p.addr, n)
		if err != nil {
			return nil, memoryError(err)
		}
		return b, nil
	}
	for _, m := range p.bytes.Missing {
		if p.off < m.Off+m.Size && m.Off < p.off+uint64(n) {
			return nil, errors.New(m.Why)
		}
	}
	if p.off > uint64(len(p.bytes.Data)) || uint64(n) > uint64(len(p.bytes.Data))-p.off {
		return nil, errors.New("DWARF does not say where this part is")
	}
	return p.bytes.Data[p.off : p.off+uint64(n)], nil
}

func (r *Reader) word(p place) (uint64, error) {
	b, err := r.read(p, 8)
	if err != nil {
		return 0, err
	}
	return binary.LittleEndian.Uint64(b), nil
}

// memoryError says in few words what is missing.
func memoryError(err error) error {
	if m, ok := errors.AsType[*core.MemoryError](err); ok {
		return fmt.Errorf("%#x: %w", uint64(m.Addr), m.Err)
	}
	return err
}
