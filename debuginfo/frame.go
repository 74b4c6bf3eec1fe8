package debuginfo

import (
	"iter"

	"moho/internal/bounded"
	"moho/objfile"
)

// A CallFrame is what call frame information says about the code of one function.
type CallFrame struct {
	Range
	d     *Data
	cie   cie
	instr []byte
	off   uint64
}

// A CFA says that in a range of code the canonical frame address, what SP was
// before the call pushed anything, is register Reg plus Off. Known is false
// where it is an expression.
type CFA struct {
	Range
	Reg   int
	Off   int64
	Known bool
}

// cie is what the frames of many functions have in common.
type cie struct {
	off      uint64
	addrSize uint8
	code     uint64 // factor of advances
	data     int64  // factor of offsets
	instr    []byte
}

// CallFrames yields the entries of .debug_frame, which Go's linker writes from the
// pclntab, in the order of the file; nothing if there is no such section. An
// error ends them.
//
// Source: DWARF 5, section 6.4; $GOROOT/src/cmd/link/internal/ld/dwarf.go
// (writeframes), go1.26.
func (d *Data) CallFrames() iter.Seq2[CallFrame, error] {
	return func(yield func(CallFrame, error) bool) {
		b, err := d.frame.get()
		if err != nil {
			yield(CallFrame{}, err)
			return
		}
		var common cie
		for off := uint64(0); off < uint64(len(b)); {
			r, at, size, err := frameEntry(b, off)
			if err != nil {
				yield(CallFrame{}, err)
				return
			}
			end := uint64(len(r.b))
			id := r.uint(size)
			if id == 0xffffffff && size == 4 || id == ^uint64(0) {
				off = end // of a CIE, which is read when something refers to it
				continue
			}
			if common.instr == nil || common.off != id {
				if common, err = d.readCIE(b, id); err != nil {
					yield(CallFrame{}, err)
					return
				}
			}
			low := r.uint(common.addrSize)
			n := r.uint(common.addrSize)
			if r.bad || low+n < low {
				yield(CallFrame{}, malformed(".debug_frame", at, "the entry of a function is cut off"))
				return
			}
			f := CallFrame{Range{objfile.Addr(low), objfile.Addr(low + n)}, d, common, r.b[r.off:end], at}
			off = end
			if a, ok := d.live(low, common.addrSize); ok && n > 0 {
				f.Low = a
				if !yield(f, nil) {
					return
				}
			}
		}
	}
}

// frameEntry returns a reader of the entry at off that ends where it does, and
// the size of the field that follows.
func frameEntry(b []byte, off uint64) (r reader, at uint64, size uint8, err error) {
	r = reader{b: b}
	r.seek(off)
	size = 4
	n := uint64(r.u32())
	if n == 0xffffffff {
		size = 8
		n = r.u64()
	}
	if r.bad || n > uint64(len(b))-r.off || n < uint64(size) {
		return reader{}, off, 0, malformed(".debug_frame", off, "length %#x of an entry does not fit the section of %#x bytes", n, len(b))
	}
	r.b = b[:r.off+n]
	return r, off, size, nil
}

func (d *Data) readCIE(b []byte, off uint64) (cie, error) {
	r, _, size, err := frameEntry(b, off)
	if err != nil {
		return cie{}, err
	}
	if err := bounded.Check("dwarf: size of a CIE", uint64(len(r.b))-off, maxCIE); err != nil {
		return cie{}, err
	}
	c := cie{off: off, addrSize: 8}
	if d.file.PtrSize() == 4 {
		c.addrSize = 4
	}
	id := r.uint(size)
	version := r.u8()
	augmentation := string(r.cstr())
	if version >= 4 {
		c.addrSize = r.u8()
		r.u8() // size of segment selectors
	}
	c.code, c.data = r.uleb(), r.sleb()
	if version == 1 {
		r.u8()
	} else {
		r.uleb()
	}
	switch {
	case r.bad || id != 0xffffffff && id != ^uint64(0):
		return cie{}, malformed(".debug_frame", off, "a reference leads here, where no CIE is")
	case version != 1 && version != 3 && version != 4 || augmentation != "" || c.addrSize != 4 && c.addrSize != 8:
		return cie{}, malformed(".debug_frame", off, "version %d, augmentation %q and address size %d of a CIE are not read", version, augmentation, c.addrSize)
	}
	c.instr = r.b[r.off:]
	if c.instr == nil {
		c.instr = []byte{}
	}
	return c, nil
}

// Call frame instructions. Those that say where registers are saved are passed
// over.
const (
	cfaAdvance          = 0x40 // with six bits
	cfaOffset           = 0x80
	cfaRestore          = 0xc0
	cfaNop              = 0x00
	cfaSetLoc           = 0x01
	cfaAdvance1         = 0x02
	cfaAdvance2         = 0x03
	cfaAdvance4         = 0x04
	cfaOffsetExtended   = 0x05
	cfaRestoreExtended  = 0x06
	cfaUndefined        = 0x07
	cfaSameValue        = 0x08
	cfaRegister         = 0x09
	cfaRememberState    = 0x0a
	cfaRestoreState     = 0x0b
	cfaDefCFA           = 0x0c
	cfaDefCFARegister   = 0x0d
	cfaDefCFAOffset     = 0x0e
	cfaDefCFAExpression = 0x0f
	cfaExpression       = 0x10
	cfaOffsetExtendedSF = 0x11
	cfaDefCFASF         = 0x12
	cfaDefCFAOffsetSF   = 0x13
	cfaValOffset        = 0x14
	cfaValOffsetSF      = 0x15
	cfaValExpression    = 0x16
	cfaGNUArgsSize      = 0x2e
)

// AppendCFAs appends where the CFA is in all of the function, in adjacent ranges
// of which no two that follow each other say the same. Errors wrap
// objfile.ErrFormat or objfile.ErrLimit; dst is returned as it was then.
func (f CallFrame) AppendCFAs(dst []CFA) ([]CFA, error) {
	m := frameMachine{f: f, out: dst, base: len(dst), loc: uint64(f.Low)}
	m.cur.Known = true
	for _, instr := range [][]byte{f.cie.instr, f.instr} {
		if err := m.run(instr); err != nil {
			return dst, err
		}
	}
	m.flush(uint64(f.High))
	return m.out, nil
}

type frameMachine struct {
	f     CallFrame
	out   []CFA
	base  int
	loc   uint64
	cur   CFA
	saved []CFA
}

// flush ends the current row at a place.
func (m *frameMachine) flush(to uint64) {
	to = min(to, uint64(m.f.High))
	if to <= m.loc {
		return
	}
	row := m.cur
	row.Low, row.High = objfile.Addr(m.loc), objfile.Addr(to)
	m.loc = to
	if n := len(m.out); n > m.base {
		if last := &m.out[n-1]; last.Reg == row.Reg && last.Off == row.Off && last.Known == row.Known {
			last.High = row.High
			return
		}
	}
	m.out = append(m.out, row)
}

func (m *frameMachine) run(instr []byte) error {
	r := reader{b: instr}
	c := &m.f.cie
	for r.off < uint64(len(instr)) {
		op := r.u8()
		switch op & 0xc0 {
		case cfaAdvance:
			m.flush(m.loc + uint64(op&0x3f)*c.code)
			continue
		case cfaOffset:
			r.uleb()
			continue
		case cfaRestore:
			continue
		}
		switch op {
		case cfaNop:
		case cfaSetLoc:
			if to := r.uint(c.addrSize); to > m.loc {
				m.flush(to)
			}
		case cfaAdvance1:
			m.flush(m.loc + uint64(r.u8())*c.code)
		case cfaAdvance2:
			m.flush(m.loc + uint64(r.u16())*c.code)
		case cfaAdvance4:
			m.flush(m.loc + uint64(r.u32())*c.code)
		case cfaDefCFA:
			m.cur = CFA{Reg: int(min(r.uleb(), 0xffff)), Off: int64(r.uleb()), Known: true}
		case cfaDefCFASF:
			m.cur = CFA{Reg: int(min(r.uleb(), 0xffff)), Off: r.sleb() * c.data, Known: true}
		case cfaDefCFARegister:
			m.cur.Reg = int(min(r.uleb(), 0xffff))
		case cfaDefCFAOffset:
			m.cur.Off = int64(r.uleb())
		case cfaDefCFAOffsetSF:
			m.cur.Off = r.sleb() * c.data
		case cfaDefCFAExpression:
			r.take(r.uleb())
			m.cur = CFA{}
		case cfaRememberState:
			if err := bounded.Check("dwarf: remembered frame states", uint64(len(m.saved))+1, maxStates); err != nil {
				return err
			}
			m.saved = append(m.saved, m.cur)
		case cfaRestoreState:
			if n := len(m.saved); n > 0 {
				m.cur, m.saved = m.saved[n-1], m.saved[:n-1]
			}
		case cfaOffsetExtended, cfaRegister, cfaValOffset:
			r.uleb()
			r.uleb()
		case cfaOffsetExtendedSF, cfaValOffsetSF:
			r.uleb()
			r.sleb()
		case cfaUndefined, cfaSameValue, cfaRestoreExtended, cfaGNUArgsSize:
			r.uleb()
		case cfaExpression, cfaValExpression:
			r.uleb()
			r.take(r.uleb())
		default:
			return malformed(".debug_frame", m.f.off, "call frame instruction %#x is not known", op)
		}
		if r.bad {
			return malformed(".debug_frame", m.f.off, "call frame instruction %#x is cut off", op)
		}
		if err := bounded.Check("dwarf: rows of a frame", uint64(len(m.out)-m.base), maxRows); err != nil {
			return err
		}
	}
	return nil
}
