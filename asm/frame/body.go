package frame

import (
	"errors"
	"fmt"
	"sort"

	"moho/arch"
	"moho/asm"
	"moho/decode"
	"moho/gotab"
	"moho/objfile"
)

// MaxInsts bounds the instructions of a function that is looked at. The longest
// function of etcd's server has 38,000.
const MaxInsts = 1 << 20

// roles are the registers that frames are made of.
type roles struct{ sp, fp, lr, g, closure, scratch1, scratch2 decode.Reg }

var (
	rolesAMD64 = roles{sp: 4, fp: 5, lr: decode.NoReg, g: 14, closure: 2, scratch1: 12, scratch2: 13}
	rolesARM64 = roles{sp: 31, fp: 29, lr: 30, g: 28, closure: 26, scratch1: 20, scratch2: 27}
)

func rolesOf(a *arch.Arch) roles {
	if a == arch.ARM64 {
		return rolesARM64
	}
	return rolesAMD64
}

// A body is one function, decoded: what everything else is derived from.
type body struct {
	fn    gotab.Func
	arch  *arch.Arch
	roles roles
	entry uint64
	size  uint64
	insts []decode.Inst
	rows  []gotab.Row
	delta []int32 // of SP below the entry SP, when the instruction is next
	holes int     // bytes that are no instruction
}

// off returns the offset of instruction i from the entry.
func (b *body) off(i int) uint64 {
	if i >= len(b.insts) {
		return b.size
	}
	return b.insts[i].PC - b.entry
}

// end returns the offset of the first byte after instruction i.
func (b *body) end(i int) uint64 { return b.off(i) + uint64(b.insts[i].Len) }

// at returns the index of the instruction that begins at pc, or -1.
func (b *body) at(pc uint64) int {
	i := sort.Search(len(b.insts), func(i int) bool { return b.insts[i].PC >= pc })
	if i < len(b.insts) && b.insts[i].PC == pc {
		return i
	}
	return -1
}

// inside reports whether pc lies in the function.
func (b *body) inside(pc uint64) bool { return pc-b.entry < b.size }

// deltaAfter returns the row of pcsp for what follows instruction i.
func (b *body) deltaAfter(i int) int32 {
	if i+1 < len(b.delta) {
		return b.delta[i+1]
	}
	return b.delta[i]
}

// A reader decodes functions; it keeps its buffers and must not be used
// concurrently.
type reader struct {
	p   *asm.Program
	dec *decode.Decoder
	b   body
}

// read decodes fn. The result is overwritten by the next call.
func (r *reader) read(fn gotab.Func) (*body, error) {
	rows, err := fn.SPRows()
	if err != nil {
		return nil, err
	}
	code, err := r.p.Code(fn)
	if err != nil {
		return nil, err
	}
	return r.decode(fn, code, rows)
}

func (r *reader) decode(fn gotab.Func, code []byte, rows []gotab.Row) (*body, error) {
	b := &r.b
	*b = body{
		fn: fn, arch: r.p.Arch(), roles: rolesOf(r.p.Arch()), entry: uint64(fn.Entry()), size: uint64(len(code)),
		rows: rows, insts: b.insts[:0], delta: b.delta[:0],
	}
	for at := 0; at < len(code); {
		if len(b.insts) >= MaxInsts {
			return nil, fmt.Errorf("function at %#x: more than %d instructions: %w", b.entry, MaxInsts, objfile.ErrLimit)
		}
		var in decode.Inst
		if err := r.dec.Decode(code[at:], b.entry+uint64(at), &in); err != nil {
			if !errors.Is(err, decode.ErrUnknown) || in.Len <= 0 {
				return nil, fmt.Errorf("function at %#x: offset %#x: %w", b.entry, at, err)
			}
			b.holes += in.Len
			at += in.Len
			continue
		}
		b.insts = append(b.insts, in)
		at += in.Len
	}
	b.setDelta()
	return b, nil
}

// setDelta spreads the rows of pcsp over the instructions.
func (b *body) setDelta() {
	row := 0
	for i := range b.insts {
		off := uint32(b.off(i))
		for row < len(b.rows)-1 && off >= b.rows[row].End {
			row++
		}
		d := int32(0)
		if row < len(b.rows) {
			d = b.rows[row].Value
		}
		b.delta = append(b.delta, d)
	}
}
