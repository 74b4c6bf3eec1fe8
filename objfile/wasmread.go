package objfile

// A wasmReader reads the primitives of the binary format, in bodies of
// functions. After the first error every read returns zero.
//
// Source: WebAssembly core specification 2.0, "Binary Format", "Values".
type wasmReader struct {
	b   []byte
	off int
	at  Off // of b in the file
	err error
}

func (r *wasmReader) here() Off { return r.at + Off(r.off) }
func (r *wasmReader) len() int  { return len(r.b) - r.off }

func (r *wasmReader) fail(what string, args ...any) {
	if r.err == nil {
		r.err = formatErr("wasm", r.here(), what, args...)
	}
}

func (r *wasmReader) u8(what string) byte {
	if r.err != nil || r.off >= len(r.b) {
		r.fail("%s: unexpected end", what)
		return 0
	}
	r.off++
	return r.b[r.off-1]
}

func (r *wasmReader) bytes(n uint32, what string) []byte {
	if r.err != nil || uint64(n) > uint64(r.len()) {
		r.fail("%s: %d bytes, but %d remain", what, n, r.len())
		return nil
	}
	b := r.b[r.off : r.off+int(n) : r.off+int(n)]
	r.off += int(n)
	return b
}

// uleb reads an unsigned number of at most bits bits; a longer encoding than
// they can need is malformed.
func (r *wasmReader) uleb(bits int, what string) uint64 {
	var v uint64
	for shift := 0; ; shift += 7 {
		c := r.u8(what)
		if r.err != nil {
			return 0
		}
		if shift+7 > bits && (shift >= bits || c>>(bits-shift) != 0) {
			r.off--
			r.fail("%s: integer representation too long or too large for %d bits", what, bits)
			return 0
		}
		v |= uint64(c&0x7f) << shift
		if c < 0x80 {
			return v
		}
	}
}

func (r *wasmReader) u32(what string) uint32 { return uint32(r.uleb(32, what)) }

// sleb reads a signed number of at most bits bits.
func (r *wasmReader) sleb(bits int, what string) int64 {
	var v int64
	for shift := 0; ; shift += 7 {
		c := r.u8(what)
		if r.err != nil {
			return 0
		}
		if left := bits - shift; left < 7 { // the last byte: what is unused must extend the sign
			top := int8(c<<1) >> 1 >> (left - 1) // 0 or -1
			if left <= 0 || c >= 0x80 || top != 0 && top != -1 {
				r.off--
				r.fail("%s: integer representation too long or too large for %d bits", what, bits)
				return 0
			}
		}
		v |= int64(c&0x7f) << shift
		if c < 0x80 {
			if shift+7 < 64 && c&0x40 != 0 {
				v |= -1 << (shift + 7)
			}
			return v
		}
	}
}

// count reads the length of a vector whose items take at least one byte each.
func (r *wasmReader) count(what string) uint32 {
	n := r.u32("number of " + what)
	if r.err == nil && uint64(n) > uint64(r.len()) {
		r.fail("number of %s is %d, but %d bytes remain", what, n, r.len())
		return 0
	}
	return n
}

// index reads an index into a space of n things.
func (r *wasmReader) index(what string, n int) uint32 {
	i := r.u32(what)
	if r.err == nil && int64(i) >= int64(n) {
		r.fail("%s: unknown index %d of %d", what, i, n)
		return 0
	}
	return i
}
