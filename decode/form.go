package decode

import "encoding/binary"

// A form is an instruction without its place: everything that the same bytes
// mean wherever they lie. It is never changed once it is complete, but for text,
// which is made when it is first asked for.
type form struct {
	inst Inst

	// What depends on the place: the address that is computed from the PC goes
	// into Target, into Mem.Disp and into N of the first effect.
	relTarget, relMem, relEffect bool

	// rel is the offset in code of an amd64 displacement of relLen bytes from
	// the end of the instruction; relKind is how an arm64 word holds one.
	rel, relLen uint8
	relKind     relKind

	key  key
	text *template // Go's syntax
	code [16]byte  // the bytes, displacement included, of the first occurrence
}

// place writes into in the instruction that f is at pc, where code is its bytes.
func (f *form) place(code []byte, pc uint64, in *Inst) {
	*in = f.inst
	in.PC, in.form = pc, f
	if !(f.relTarget || f.relMem || f.relEffect) {
		return
	}
	var addr uint64
	if f.relLen != 0 {
		i := int(f.rel)
		addr = pc + uint64(in.Len)
		switch f.relLen {
		case 1:
			addr += uint64(int8(code[i]))
		case 2:
			addr += uint64(int16(binary.LittleEndian.Uint16(code[i:])))
		default:
			addr += uint64(int32(binary.LittleEndian.Uint32(code[i:])))
		}
	} else {
		addr = f.relKind.address(binary.LittleEndian.Uint32(code), pc)
	}
	if f.relTarget {
		in.Target = addr
	}
	if f.relMem {
		in.Mem.Disp = int64(addr)
	}
	if f.relEffect {
		in.Effects[0].N = int64(addr)
	}
}
