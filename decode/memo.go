package decode

import (
	"encoding/binary"
	"math/bits"

	"golang.org/x/arch/arm64/arm64asm"
)

// MaxMemo is how many instructions a Decoder remembers, by their bytes without
// displacements from the PC: 16,384 forms of at most half a kilobyte. A program
// has ten times as many, but most of what it executes is among the last seen.
const MaxMemo = 1 << 14

// A key is the bytes of an instruction without displacements from the PC.
type key struct{ lo, hi uint64 }

func (k key) slot() uint64 {
	h := (k.lo ^ bits.RotateLeft64(k.hi, 29)) * 0x9e3779b97f4a7c15
	return h >> (64 - 14)
}

// keyOf returns the key of the instruction at the start of code with shape s.
func keyOf(code []byte, s shape) key {
	var pad [16]byte
	if len(code) < len(pad) {
		copy(pad[:], code)
		code = pad[:]
	}
	k := key{binary.LittleEndian.Uint64(code), binary.LittleEndian.Uint64(code[8:])}
	k.keep(0, s.n)
	if s.rel != 0 {
		k.clear(s.rel, s.relLen)
	}
	return k
}

// keep clears what is not among the n bytes at i.
func (k *key) keep(i, n uint8) {
	if n < 8 {
		k.lo &= 1<<(n*8) - 1
		k.hi = 0
	} else {
		k.hi &= 1<<((n-8)*8) - 1
	}
}

// clear clears the n bytes at i.
func (k *key) clear(i, n uint8) {
	m := uint64(1)<<(n*8) - 1
	switch {
	case i >= 8:
		k.hi &^= m << ((i - 8) * 8)
	default:
		k.lo &^= m << (i * 8)
		if i+n > 8 {
			k.hi &^= m >> ((8 - i) * 8)
		}
	}
}

// amd64 returns the form of the instruction at the start of code, or nil.
func (d *Decoder) amd64(code []byte) *form {
	s, ok := shapeOf(code)
	if !ok {
		return nil
	}
	k := keyOf(code, s)
	at := &d.memo[k.slot()]
	if f := *at; f != nil && f.key == k {
		return f
	}
	x, ok := readAMD64(code, s)
	if !ok {
		return nil
	}
	f := &form{key: k}
	copy(f.code[:], code[:s.n])
	f.amd64(d.ops, &x, s)
	*at = f
	return f
}

// arm64 returns the form of the instruction at the start of code, or nil.
func (d *Decoder) arm64(code []byte) *form {
	if len(code) < 4 {
		return nil
	}
	w := binary.LittleEndian.Uint32(code)
	k := key{lo: uint64(w & relKindOf(w).mask())}
	at := &d.memo[k.slot()]
	if f := *at; f != nil && f.key == k {
		return f
	}
	if _, err := arm64asm.Decode(code[:4]); err != nil && !ownARM64(w) {
		return nil
	}
	f := &form{key: k}
	copy(f.code[:], code[:4])
	f.arm64(w)
	*at = f
	return f
}
