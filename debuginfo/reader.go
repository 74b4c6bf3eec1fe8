package debuginfo

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"moho/objfile"
)

// A reader reads little-endian values one after the other. The first read past
// the end sets bad and makes all that follow return zero, so that a record is
// read whole and checked once. It is not bounded.Cursor because half a million
// entries are read with it: it makes no error and calls through no interface.
type reader struct {
	b   []byte
	off uint64
	bad bool
}

// take returns the next n bytes, or nil.
func (r *reader) take(n uint64) []byte {
	if r.bad || n > uint64(len(r.b))-r.off {
		r.bad = true
		r.off = uint64(len(r.b))
		return nil
	}
	b := r.b[r.off : r.off+n : r.off+n]
	r.off += n
	return b
}

// seek moves to off, which may be any number.
func (r *reader) seek(off uint64) {
	if off > uint64(len(r.b)) {
		r.bad = true
		return
	}
	r.off = off
}

func (r *reader) u8() uint8 {
	if r.off < uint64(len(r.b)) {
		v := r.b[r.off]
		r.off++
		return v
	}
	r.bad = true
	return 0
}

func (r *reader) u16() uint16 {
	if b := r.take(2); b != nil {
		return binary.LittleEndian.Uint16(b)
	}
	return 0
}

func (r *reader) u32() uint32 {
	if b := r.take(4); b != nil {
		return binary.LittleEndian.Uint32(b)
	}
	return 0
}

func (r *reader) u64() uint64 {
	if b := r.take(8); b != nil {
		return binary.LittleEndian.Uint64(b)
	}
	return 0
}

// uint reads a number of 1, 2, 3, 4 or 8 bytes.
func (r *reader) uint(size uint8) uint64 {
	switch size {
	case 1:
		return uint64(r.u8())
	case 2:
		return uint64(r.u16())
	case 3:
		lo := uint64(r.u16())
		return lo | uint64(r.u8())<<16
	case 4:
		return uint64(r.u32())
	case 8:
		return r.u64()
	}
	r.bad = true
	return 0
}

// uleb reads an unsigned LEB128 number; one of more than 64 bits is bad.
func (r *reader) uleb() uint64 {
	if r.off < uint64(len(r.b)) {
		if v := r.b[r.off]; v < 0x80 { // most are
			r.off++
			return uint64(v)
		}
	}
	return r.leb(false)
}

// sleb reads a signed LEB128 number.
func (r *reader) sleb() int64 { return int64(r.leb(true)) }

func (r *reader) leb(signed bool) uint64 {
	var v uint64
	for shift := uint(0); shift < 70; shift += 7 {
		c := r.u8()
		if r.bad {
			return 0
		}
		if shift < 64 {
			v |= uint64(c&0x7f) << shift
		}
		if c < 0x80 {
			if signed && c&0x40 != 0 && shift+7 < 64 {
				v |= ^uint64(0) << (shift + 7)
			}
			return v
		}
	}
	r.bad = true
	return 0
}

// cstr returns the bytes up to the next NUL, which is read too.
func (r *reader) cstr() []byte {
	if r.bad {
		return nil
	}
	n := bytes.IndexByte(r.b[r.off:], 0)
	if n < 0 {
		r.bad = true
		return nil
	}
	b := r.b[r.off : r.off+uint64(n)]
	r.off += uint64(n) + 1
	return b
}

// malformed makes an error about a place in a section.
func malformed(section string, off uint64, what string, args ...any) error {
	return &objfile.FormatError{
		Format: "dwarf", Off: -1,
		What: fmt.Sprintf("%s+%#x: %s", section, off, fmt.Sprintf(what, args...)),
	}
}
