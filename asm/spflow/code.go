package spflow

import (
	"encoding/binary"
	"slices"

	"moho/decode"
	"moho/gotab"
	"moho/objfile"
)

// How an instruction changes SP.
type spKind uint8

const (
	spKeep  spKind = iota
	spAdd          // by inst.delta
	spOther        // in a way for which registers must be followed
)

// What is known of the path to an instruction.
const (
	reached uint8 = 1 << iota
	assumed       // only by coming back from a call that never does, or from a breakpoint
	leader        // something jumps here
	bad           // not an instruction
	filler        // does nothing where code is aligned, or is data
)

// unknownSP stands for a value of SP that is not known.
const unknownSP = -1 << 31

// An inst is what one instruction means to the stack pointer. Indexes are of
// insts; -1 stands for outside of the function.
type inst struct {
	off    uint32
	flow   decode.Flow
	kind   spKind
	mark   uint8
	delta  int32  // what SP grows downwards by
	at     int32  // SP below the entry's when the instruction is about to execute
	to     int32  // of Jump, Branch and Call: target; of JumpIndirect: table, or -1
	target uint64 // of Jump, Branch and Call: address
}

// A body is the code of one function, decoded. Its slices are used again for
// the next.
type body struct {
	fn    gotab.Func
	code  []byte
	entry uint64
	insts []inst
	index []int32 // by offset; valid if insts[index[off]].off == off

	tables   [][2]int32 // ranges of targets
	targets  []int32
	links    []link
	literals []uint64 // addresses of data that are loaded
	starts   []uint32 // offsets at which an instruction begins, whatever is before
	track    tracker
	badAt    int32 // first that is no instruction, or -1
	other    bool  // some instruction is spOther

	// wroteAt is the offset of the first write of SP that is no push or pop, in a
	// function with flag SPWrite. The assembler, which makes the table in order
	// of address, does not know SP from there on.
	wroteAt uint32

	// exit is the instruction at which paths end because the compiler knew that
	// they are never taken, or -1: see impossible.
	exit int32
}

// A link says that what instruction at does to SP was found from instructions
// since from, which holds if nothing jumps between them.
type link struct{ from, at int32 }

// find returns the index of the instruction that begins at addr, -1 if none of
// the function does.
func (b *body) find(addr uint64) int32 {
	off := addr - b.entry
	if addr < b.entry || off >= uint64(len(b.code)) {
		return -1
	}
	if i := b.index[off]; i >= 0 && int(i) < len(b.insts) && uint64(b.insts[i].off) == off {
		return i
	}
	return -1
}

// inside reports whether addr lies in the function.
func (b *body) inside(addr uint64) bool {
	return addr >= b.entry && addr-b.entry < uint64(len(b.code))
}

// read decodes all of fn, in order of address.
func (v *scratch) read(fn gotab.Func) error {
	code, err := v.p.Code(fn)
	if err != nil {
		return err
	}
	v.load(fn, code)
	return nil
}

// load decodes code as that of fn.
func (v *scratch) load(fn gotab.Func, code []byte) {
	b := &v.body
	b.fn, b.code, b.entry, b.exit = fn, code, uint64(fn.Entry()), -1
	if len(b.index) < len(code) {
		b.index = make([]int32, len(code)+len(code)/2)
	}
	b.starts = b.starts[:0]
	for range maxResync {
		v.decode()
		n := len(b.starts)
		if v.connect(); len(b.starts) == n {
			break
		}
		slices.Sort(b.starts)
	}
}

// maxResync is how often a function is decoded again because something jumps
// into the middle of what was taken for an instruction: there are data between
// its instructions, as in crypto/internal/boring/sig.
const maxResync = 4

// decode decodes the code from its first byte to its last, and anew from each
// offset in starts.
func (v *scratch) decode() {
	b, in := &v.body, &v.in
	code, starts := b.code, b.starts
	b.insts, b.tables, b.targets, b.links, b.literals = b.insts[:0], b.tables[:0], b.targets[:0], b.links[:0], b.literals[:0]
	b.badAt, b.other, b.wroteAt = -1, false, ^uint32(0)
	b.track.reset(v.regs)
	for off := 0; off < len(code); {
		end := len(code)
		for len(starts) > 0 && int(starts[0]) <= off {
			starts = starts[1:]
		}
		if len(starts) > 0 {
			end = int(starts[0])
		}
		b.index[off] = int32(len(b.insts))
		x := inst{off: uint32(off), at: unknownSP, to: -1}
		if err := v.dec.Decode(code[off:end], b.entry+uint64(off), in); err != nil {
			x.flow = decode.Trap
			if !v.undef(code[off:]) {
				x.mark = bad
				if b.badAt < 0 {
					b.badAt = int32(len(b.insts))
				}
			}
			off += max(in.Len, 1)
			b.insts = append(b.insts, x)
			continue
		}
		x.flow = in.Flow
		switch in.Flow {
		case decode.Call, decode.Jump, decode.Branch:
			x.target = in.Target
		}
		if v.fills(code[off:], in) {
			x.mark |= filler
		}
		if in.HasMem && in.Mem.PCRel && in.Mem.Load {
			b.literals = append(b.literals, uint64(in.Mem.Disp))
		}
		b.track.step(b, &x, in)
		b.other = b.other || x.kind == spOther
		b.insts = append(b.insts, x)
		off += in.Len
	}
}

// undef reports whether code begins with the word that Go's assembler for arm64
// made of UNDEF before Go 1.24: no instruction of the architecture.
//
// Source: $GOROOT/src/cmd/internal/obj/arm64/asm7.go (asmout, case 90), go1.23.
func (v *scratch) undef(code []byte) bool {
	return v.regs.push == 0 && len(code) >= 4 && binary.LittleEndian.Uint32(code) == 0xbea71700
}

// fills reports whether in, at the start of code, is one that assemblers align
// with: a NOP, or what traps.
func (v *scratch) fills(code []byte, in *decode.Inst) bool {
	if v.regs.push == 0 {
		w := binary.LittleEndian.Uint32(code)
		return w == 0 || w == 0xd503201f
	}
	if code[0] == 0xcc {
		return true
	}
	if in.Flow != decode.Next || in.NEffect != 0 {
		return false
	}
	for i := range in.Len {
		switch code[i] {
		case 0x66: // makes what follows longer
		case 0x2e:
		case 0x90:
			return i == in.Len-1
		case 0x0f:
			return i+1 < in.Len && code[i+1] == 0x1f
		default:
			return false
		}
	}
	return false
}

// connect turns addresses into indexes, reads jump tables, and notes to where
// something jumps. Then it takes back what was found about SP across such
// places.
func (v *scratch) connect() {
	b := &v.body
	for i := range b.insts {
		x := &b.insts[i]
		switch x.flow {
		case decode.Jump, decode.Branch, decode.Call:
			if x.to = b.find(x.target); x.to >= 0 {
				b.insts[x.to].mark |= leader
			} else if b.inside(x.target) && x.flow != decode.Call {
				b.starts = append(b.starts, uint32(x.target-b.entry))
			}
		case decode.JumpIndirect:
			if table := x.target; table != 0 {
				x.to = v.table(table)
			}
		}
	}
	for _, addr := range b.literals {
		if i := b.find(addr); i >= 0 { // data of 4 or 8 bytes on arm64, behind the code
			b.insts[i].mark |= filler
		}
	}
	if d := b.fn.DeferReturn(); d != 0 {
		if i := b.find(b.entry + uint64(d)); i >= 0 {
			b.insts[i].mark |= leader
		}
	}
	for _, l := range b.links {
		for i := l.from + 1; i <= l.at; i++ {
			if b.insts[i].mark&leader != 0 {
				b.insts[l.at].kind, b.other = spOther, true
				break
			}
		}
	}
}

// maxTable is how many entries of a jump table are read: the compiler makes
// tables for switches of up to some thousand cases.
const maxTable = 1 << 14

// table reads the jump table at addr: addresses of instructions of this
// function, as many as there are. Behind it may lie another table of the same
// function; its targets are as good. It returns the table's index, or -1.
func (v *scratch) table(addr uint64) int32 {
	b := &v.body
	from := int32(len(b.targets))
	for k := range uint64(maxTable) {
		w, err := v.p.File.Word(objfile.Addr(addr + 8*k))
		if err != nil {
			break
		}
		i := b.find(w)
		if i < 0 {
			break
		}
		b.insts[i].mark |= leader
		b.targets = append(b.targets, i)
	}
	if int(from) == len(b.targets) {
		return -1
	}
	b.tables = append(b.tables, [2]int32{from, int32(len(b.targets))})
	return int32(len(b.tables) - 1)
}

// table targets of instruction x, a JumpIndirect.
func (b *body) tableOf(x *inst) []int32 {
	if x.to < 0 {
		return nil
	}
	t := b.tables[x.to]
	return b.targets[t[0]:t[1]]
}
