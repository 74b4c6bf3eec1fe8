package bounded

import (
	"encoding/binary"
	"fmt"
)

// A Cursor reads values one after the other. The first read past the end makes
// every later one return zero and is what Err reports, so that a decoder can
// read a whole record and check once.
type Cursor struct {
	data  []byte
	off   int
	order binary.ByteOrder
	err   error
}

// NewCursor returns a Cursor at the start of data.
func NewCursor(data []byte, order binary.ByteOrder) *Cursor {
	return &Cursor{data: data, order: order}
}

// Err returns the first error, which wraps ErrShort, or nil.
func (c *Cursor) Err() error { return c.err }

// Off returns the offset of the next byte.
func (c *Cursor) Off() int { return c.off }

// Len returns how many bytes remain.
func (c *Cursor) Len() int { return len(c.data) - c.off }

// Bytes returns the next n bytes, not copied, or nil.
func (c *Cursor) Bytes(n uint64) []byte {
	if c.err != nil {
		return nil
	}
	b, ok := Sub(c.data, uint64(c.off), n)
	if !ok {
		c.err = fmt.Errorf("%d bytes at offset %#x of %d: %w", n, c.off, len(c.data), ErrShort)
		return nil
	}
	c.off += int(n)
	return b
}

// Skip passes over n bytes.
func (c *Cursor) Skip(n uint64) { c.Bytes(n) }

// Align moves to the next multiple of n, counted from the start; n is a power
// of two. Missing padding at the very end is no error.
func (c *Cursor) Align(n int) {
	if c.err == nil {
		c.off = min((c.off+n-1)&^(n-1), len(c.data))
	}
}

// U8 reads one byte.
func (c *Cursor) U8() uint8 {
	if b := c.Bytes(1); b != nil {
		return b[0]
	}
	return 0
}

// U16 reads two bytes.
func (c *Cursor) U16() uint16 {
	if b := c.Bytes(2); b != nil {
		return c.order.Uint16(b)
	}
	return 0
}

// U32 reads four bytes.
func (c *Cursor) U32() uint32 {
	if b := c.Bytes(4); b != nil {
		return c.order.Uint32(b)
	}
	return 0
}

// U64 reads eight bytes.
func (c *Cursor) U64() uint64 {
	if b := c.Bytes(8); b != nil {
		return c.order.Uint64(b)
	}
	return 0
}

// Uint reads an unsigned integer of size 4 or 8 bytes.
func (c *Cursor) Uint(size int) uint64 {
	if size == 4 {
		return uint64(c.U32())
	}
	return c.U64()
}

// Uvarint reads an unsigned LEB128 number of at most 64 bits.
func (c *Cursor) Uvarint() uint64 {
	if c.err != nil {
		return 0
	}
	v, n := binary.Uvarint(c.data[c.off:])
	if n <= 0 {
		c.err = fmt.Errorf("varint at offset %#x of %d bytes: %w", c.off, len(c.data), ErrShort)
		return 0
	}
	c.off += n
	return v
}
