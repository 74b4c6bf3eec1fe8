package wasmbin

import (
	"fmt"
	"unicode/utf8"
)

// A reader reads values of data[off:end]. The first error makes every later
// read return zero.
type reader struct {
	data     []byte
	off, end int
	err      error
	typed    bool // a value type came by that is not of version 2.0
}

// failAt notes an error at an offset, unless there was one before.
func (r *reader) failAt(off int, what string, args ...any) {
	if r.err == nil {
		r.err = &Error{Off: int64(off), What: fmt.Sprintf(what, args...)}
	}
	r.off = r.end
}

func (r *reader) left() int { return r.end - r.off }

func (r *reader) u8() byte {
	if r.off >= r.end {
		r.failAt(r.off, "unexpected end")
		return 0
	}
	b := r.data[r.off]
	r.off++
	return b
}

// bytes returns the next n bytes, not copied.
func (r *reader) bytes(n uint32, what string) []byte {
	if r.err == nil && uint64(n) > uint64(r.left()) {
		r.failAt(r.off, "%s: length %d is out of bounds, %d bytes are left", what, n, r.left())
	}
	if r.err != nil {
		return nil
	}
	b := r.data[r.off : r.off+int(n) : r.off+int(n)]
	r.off += int(n)
	return b
}

// leb reads a LEB128 number of that many bits. The last byte must hold nothing
// beyond them: zeros, or copies of the sign.
func (r *reader) leb(bits uint, signed bool, what string) uint64 {
	at, shift, v := r.off, uint(0), uint64(0)
	for {
		if r.off >= r.end {
			r.failAt(at, "%s: unexpected end", what)
			return 0
		}
		b := r.data[r.off]
		r.off++
		v |= uint64(b&0x7f) << shift
		if rest := bits - shift; rest <= 7 { // the last byte that there may be
			if b&0x80 != 0 {
				r.failAt(at, "%s: integer representation too long", what)
				return 0
			}
			unused := b & 0x7f >> rest
			if signed {
				unused = b & 0x7f >> (rest - 1)
				if ones := byte(0x7f) >> (rest - 1); unused == ones {
					unused = 0
				}
			}
			if unused != 0 {
				r.failAt(at, "%s: integer too large", what)
				return 0
			}
		}
		shift += 7
		if b&0x80 == 0 {
			if signed && shift < 64 && b&0x40 != 0 {
				v |= ^uint64(0) << shift
			}
			return v
		}
	}
}

func (r *reader) u32(what string) uint32 {
	if r.off < r.end && r.data[r.off] < 0x80 { // nearly always
		r.off++
		return uint32(r.data[r.off-1])
	}
	return uint32(r.leb(32, false, what))
}

// count reads the length of a vector whose entries take at least size bytes.
func (r *reader) count(size int, most uint64, what string) uint32 {
	at := r.off
	n := r.u32(what)
	if r.err == nil && uint64(n)*uint64(size) > uint64(r.left()) {
		r.failAt(at, "number of %s is %d: length out of bounds, %d bytes are left", what, n, r.left())
		return 0
	}
	if r.err == nil && most != 0 {
		r.err = limit(what, n, most)
	}
	if r.err != nil {
		return 0
	}
	return n
}

// name reads a string, which must be UTF-8.
func (r *reader) name(what string) string { return string(r.nameBytes(what)) }

func (r *reader) nameBytes(what string) []byte {
	n := r.u32(what)
	at := r.off
	b := r.bytes(n, what)
	if !utf8.Valid(b) {
		r.failAt(at, "%s: malformed UTF-8 encoding", what)
		return nil
	}
	return b
}

// index reads an index into a space of n.
func (r *reader) index(n int, what string) int {
	at := r.off
	i := r.u32(what)
	if r.err == nil && uint64(i) >= uint64(n) {
		r.failAt(at, "unknown %s %d, there are %d", what, i, n)
		return 0
	}
	return int(i)
}
