package coretest

import (
	"encoding/binary"
	"math/rand/v2"
)

// Damage is a core in memory and the places in it, as offsets, where words are
// worth changing.
type Damage struct {
	Data  []byte
	Spots []uint64
}

// damageSize is how many bytes of input one change takes.
const damageSize = 12

// With writes to the core what input says, words of eight bytes at the places
// that matter, calls f with it and puts everything back.
func (d Damage) With(input []byte, f func(data []byte)) {
	type old struct{ at, word uint64 }
	var undo []old
	for ; len(input) >= damageSize; input = input[damageSize:] {
		at := d.Spots[binary.LittleEndian.Uint32(input)%uint32(len(d.Spots))]
		word := binary.LittleEndian.Uint64(input[4:])
		if word&0xff == 0xff { // a word from elsewhere: likelier to be believed
			word = binary.LittleEndian.Uint64(d.Data[d.Spots[(word>>8)%uint64(len(d.Spots))]:])
		}
		undo = append(undo, old{at, binary.LittleEndian.Uint64(d.Data[at:])})
		binary.LittleEndian.PutUint64(d.Data[at:], word)
	}
	f(d.Data)
	for i := len(undo) - 1; i >= 0; i-- {
		binary.LittleEndian.PutUint64(d.Data[undo[i].at:], undo[i].word)
	}
}

// RandomDamage returns an input of [Damage.With] that changes words words, the
// same for each seed. Half of them come from elsewhere in the core.
func RandomDamage(seed uint64, words int) []byte {
	r := rand.New(rand.NewPCG(seed, 1))
	b := make([]byte, damageSize*words)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	for i := 4; i < len(b); i += damageSize {
		if r.IntN(2) == 0 {
			b[i] = 0xff
		}
	}
	return b
}

// FileOffset returns where in an ELF core the word at addr is.
func FileOffset(data []byte, addr uint64) (uint64, bool) {
	phoff := binary.LittleEndian.Uint64(data[32:])
	for i := range int(binary.LittleEndian.Uint16(data[56:])) {
		h := data[phoff+uint64(i)*56:]
		off, vaddr, size := binary.LittleEndian.Uint64(h[8:]), binary.LittleEndian.Uint64(h[16:]), binary.LittleEndian.Uint64(h[32:])
		if binary.LittleEndian.Uint32(h) == 1 && vaddr <= addr && addr+8 <= vaddr+size {
			return off + addr - vaddr, true
		}
	}
	return 0, false
}
