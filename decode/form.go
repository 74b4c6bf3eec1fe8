package decode

import "encoding/binary"

// A form is an instruction without its place: everything that the same bytes
// mean wherever they lie. It lives in a Decoder's memo until another takes its
// slot there.
type form struct {
	key  key
	inst Inst

	// What depends on the place: the address that is computed from the PC goes
	// into Target, into Mem.Disp and into N of the first effect.
	relTarget, relMem, relEffect bool

	// rel is the offset of an amd64 displacement of relLen bytes from the end
	// of the instruction; relKind is how an arm64 word holds one.
	rel, relLen uint8
	relKind     relKind

	// The text in Go's syntax, once it was asked for: inline, or else long.
	hole   holeKind
	hasTxt bool
	at, n  uint8
	inline [maxInline]byte
	long   []byte
}

// maxInline is the length of text that is kept beside a form: 99.9 % of what Go
// programs are made of is shorter.
const maxInline = 48

// place writes into in the instruction that f is at pc, where code is its bytes.
func (f *form) place(code []byte, pc uint64, in *Inst) {
	*in = f.inst
	in.PC, in.form, in.key = pc, f, f.key
	if !(f.relTarget || f.relMem || f.relEffect) {
		return
	}
	var addr uint64
	switch f.relLen {
	case 0:
		addr = f.relKind.address(binary.LittleEndian.Uint32(code), pc)
	case 1:
		addr = pc + uint64(in.Len) + uint64(int8(code[f.rel]))
	case 2:
		addr = pc + uint64(in.Len) + uint64(int16(binary.LittleEndian.Uint16(code[f.rel:])))
	default:
		addr = pc + uint64(in.Len) + uint64(int32(binary.LittleEndian.Uint32(code[f.rel:])))
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

// address returns what place filled in.
func (in *Inst) address() uint64 {
	switch {
	case in.Target != 0:
		return in.Target
	case in.HasMem && in.Mem.PCRel:
		return uint64(in.Mem.Disp)
	case in.NEffect > 0 && in.Effects[0].Op == Set:
		return uint64(in.Effects[0].N)
	}
	return 0
}

// keep stores t as the text of f.
func (f *form) keep(t *template) {
	f.hasTxt, f.hole, f.at, f.n = true, t.kind, uint8(t.at), uint8(len(t.b))
	if copy(f.inline[:], t.b) < len(t.b) {
		f.long = append([]byte(nil), t.b...)
		f.n = 0
	}
}

// template returns the text of f.
func (f *form) template() template {
	if f.long != nil {
		return template{f.long, int(f.at), f.hole}
	}
	return template{f.inline[:f.n], int(f.at), f.hole}
}
