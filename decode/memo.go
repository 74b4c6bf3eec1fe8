package decode

import (
	"encoding/binary"
	"math/bits"
)

// MaxMemo is how many instructions a Decoder remembers, by their bytes without
// displacements from the PC: 16,384 forms of 300 bytes, 5 MB. A program of 2.9
// million amd64 instructions has 77,000 different ones; 95 times of 100 the next
// is one of those that were seen last.
const MaxMemo = 1 << 14

// memoBits is how many bits the number of a set has in a memo of MaxMemo forms.
const memoBits = 13

// A memo is a cache of two ways.
type memo struct {
	forms []form
	last  []uint8 // the way of each set that was used last
	shift uint8
}

// newMemo returns a memo of 1<<bits sets.
func newMemo(bits uint8) memo {
	return memo{make([]form, 2<<bits), make([]uint8, 1<<bits), 64 - bits}
}

// A key is the bytes of an instruction without displacements from the PC.
type key struct{ lo, hi uint64 }

// hash mixes what tells instructions apart into the upper bits.
func (k key) hash() uint64 {
	return (k.lo ^ bits.RotateLeft64(k.hi, 29)) * 0x9e3779b97f4a7c15
}

// find returns the form with the given key, or a slot for it and false. What was
// in the slot is gone: the form is zero but for its key.
func (m *memo) find(k key) (*form, bool) {
	set := k.hash() >> m.shift
	ways := m.forms[set*2 : set*2+2 : set*2+2]
	last := m.last[set] & 1
	if f := &ways[last]; f.key == k && f.inst.Len != 0 {
		return f, true
	}
	last ^= 1
	m.last[set] = last
	f := &ways[last]
	if f.key == k && f.inst.Len != 0 {
		return f, true
	}
	*f = form{key: k}
	return f, false
}

// bytes returns the instruction that k stands for, without its displacement.
func (k key) bytes() (b [16]byte) {
	binary.LittleEndian.PutUint64(b[:], k.lo)
	binary.LittleEndian.PutUint64(b[8:], k.hi)
	return b
}

// keyOf returns the key of the instruction at the start of code with shape s.
func keyOf(code []byte, s *shape) key {
	var k key
	if len(code) >= 16 {
		k = key{binary.LittleEndian.Uint64(code), binary.LittleEndian.Uint64(code[8:])}
	} else {
		var pad [16]byte
		copy(pad[:], code)
		k = key{binary.LittleEndian.Uint64(pad[:]), binary.LittleEndian.Uint64(pad[8:])}
	}
	if s.n < 8 {
		k.lo &= 1<<(s.n*8) - 1
		k.hi = 0
	} else {
		k.hi &= 1<<((s.n-8)*8) - 1
	}
	if s.rel != 0 {
		k.clear(s.rel, s.relLen)
	}
	return k
}

// clear clears the n bytes at i.
func (k *key) clear(i, n uint8) {
	m := uint64(1)<<(n*8) - 1
	if i >= 8 {
		k.hi &^= m << ((i - 8) * 8)
		return
	}
	k.lo &^= m << (i * 8)
	if i+n > 8 {
		k.hi &^= m >> ((8 - i) * 8)
	}
}

// amd64 returns the form of the instruction at the start of code, or nil.
func (d *Decoder) amd64(code []byte) *form {
	var s shape
	if !s.read(code) {
		return nil
	}
	f, ok := d.memo.find(keyOf(code, &s))
	if ok {
		return f
	}
	x, ok := readAMD64(code, s)
	if !ok {
		return nil
	}
	f.amd64(d.ops, &x, s)
	if d.texts {
		t := d.scratch()
		d.ops.goAMD64(t, &x, s)
		f.keep(t)
	}
	return f
}

// arm64 returns the form of the instruction at the start of code, or nil.
func (d *Decoder) arm64(code []byte) *form {
	if len(code) < 4 {
		return nil
	}
	w := binary.LittleEndian.Uint32(code)
	f, ok := d.memo.find(key{lo: uint64(w & relKindOf(w).mask())})
	if ok {
		return f
	}
	t := d.scratch()
	switch {
	case t.fastARM64(w):
		f.keep(t)
	case ownARM64(w):
	default:
		if _, err := decodeARM64(code[:4]); err != nil {
			return nil
		}
	}
	f.arm64(w)
	return f
}

// scratch returns an empty template.
func (d *Decoder) scratch() *template {
	d.template = template{b: d.template.b[:0]}
	return &d.template
}

// withText returns the form of in, with its text.
func (d *Decoder) withText(in *Inst) *form {
	d.texts = true
	f := in.form
	if f.key != in.key { // another took its slot
		b := in.key.bytes()
		if d.ops != nil {
			f = d.amd64(b[:])
		} else {
			f = d.arm64(b[:4])
		}
	}
	if !f.hasTxt {
		t := d.scratch()
		b := f.key.bytes()
		if d.ops != nil {
			s, _ := shapeOf(b[:])
			if x, ok := readAMD64(b[:], s); ok {
				d.ops.goAMD64(t, &x, s)
			}
		} else {
			t.goARM64(binary.LittleEndian.Uint32(b[:]), f)
		}
		f.keep(t)
	}
	return f
}
