package debuginfo_test

import (
	"bytes"
	"encoding/binary"
	"slices"
	"testing"

	"moho/debuginfo"
	"moho/objfile"
)

// image wraps sections into an ELF file for amd64 that has nothing else.
func image(sections map[string][]byte) []byte {
	names := []string{""}
	for name := range sections {
		names = append(names, name)
	}
	slices.Sort(names)
	names = append(names, ".shstrtab")
	var strtab, body bytes.Buffer
	type shdr struct {
		Name, Type             uint32
		Flags, Addr, Off, Size uint64
		Link, Info             uint32
		Align, Entsize         uint64
	}
	var hdrs []shdr
	for _, name := range names {
		h := shdr{Name: uint32(strtab.Len()), Type: 1, Off: uint64(64 + body.Len()), Size: uint64(len(sections[name]))}
		strtab.WriteString(name + "\x00")
		switch name {
		case "":
			h = shdr{}
		case ".shstrtab":
			h.Type, h.Size = 3, uint64(strtab.Len())
			body.Write(strtab.Bytes())
		default:
			body.Write(sections[name])
		}
		hdrs = append(hdrs, h)
	}
	out := []byte("\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00")
	le := binary.LittleEndian
	out = le.AppendUint16(out, 2)
	out = le.AppendUint16(out, 62)
	out = le.AppendUint32(out, 1)
	out = le.AppendUint64(out, 0x401000)
	out = le.AppendUint64(out, 0)
	out = le.AppendUint64(out, uint64(64+body.Len()))
	out = le.AppendUint32(out, 0)
	for _, v := range []int{64, 56, 0, 64, len(hdrs), len(hdrs) - 1} {
		out = le.AppendUint16(out, uint16(v))
	}
	out = append(out, body.Bytes()...)
	w := bytes.NewBuffer(out)
	_ = binary.Write(w, le, hdrs)
	return w.Bytes()
}

// openImage opens the DWARF of sections.
func openImage(sections map[string][]byte) (*debuginfo.Data, error) {
	f, err := objfile.NewBytes("synth", image(sections))
	if err != nil {
		return nil, err
	}
	return debuginfo.Open(f)
}

// A writer appends what DWARF is made of.
type writer struct{ b []byte }

func (w *writer) u8(v ...uint8) *writer { w.b = append(w.b, v...); return w }
func (w *writer) u16(v uint16) *writer  { w.b = binary.LittleEndian.AppendUint16(w.b, v); return w }

func (w *writer) u32(v uint32) *writer { w.b = binary.LittleEndian.AppendUint32(w.b, v); return w }

func (w *writer) u64(v uint64) *writer      { w.b = binary.LittleEndian.AppendUint64(w.b, v); return w }
func (w *writer) uleb(v uint64) *writer     { w.b = binary.AppendUvarint(w.b, v); return w }
func (w *writer) str(s string) *writer      { w.b = append(append(w.b, s...), 0); return w }
func (w *writer) expr(ops ...uint8) *writer { return w.uleb(uint64(len(ops))).u8(ops...) }
func (w *writer) at() uint32                { return uint32(len(w.b)) }

// abbrevs writes a table: each row is a tag, whether there are children, and
// pairs of attribute and form.
func abbrevs(rows ...[]uint64) []byte {
	w := &writer{}
	for i, row := range rows {
		w.uleb(uint64(i + 1)).uleb(row[0]).u8(uint8(row[1]))
		for _, v := range row[2:] {
			w.uleb(v)
		}
		w.u8(0, 0)
	}
	w.u8(0)
	return w.b
}

// unit5 wraps entries into a unit of version 5.
func unit5(entries []byte) []byte {
	w := &writer{}
	w.u32(uint32(8+len(entries))).u16(5).u8(1, 8).u32(0)
	return append(w.b, entries...)
}

// Offsets of things in sample.
const sampleHeader = 12

// sample is DWARF of one function with a parameter, a block, an inlined call and
// a structure, in most of the forms that version 5 has.
func sample() map[string][]byte {
	ab := abbrevs(
		[]uint64{0x11, 1, 0x03, 0x1f, 0x13, 0x0b, 0x11, 0x01, 0x73, 0x17, 0x74, 0x17, 0x8c, 0x17, 0x72, 0x17}, // 1 unit
		[]uint64{0x2e, 1, 0x03, 0x0e, 0x11, 0x1b, 0x12, 0x0f, 0x40, 0x18, 0x3b, 0x0b},                         // 2 function
		[]uint64{0x05, 0, 0x03, 0x08, 0x49, 0x13, 0x02, 0x22},                                                 // 3 parameter, list
		[]uint64{0x0b, 1, 0x55, 0x23},                                     // 4 block
		[]uint64{0x34, 0, 0x03, 0x25, 0x49, 0x13, 0x02, 0x18},             // 5 variable
		[]uint64{0x1d, 1, 0x31, 0x10, 0x11, 0x01, 0x12, 0x06, 0x59, 0x0f}, // 6 inlined call
		[]uint64{0x05, 0, 0x31, 0x13, 0x1c, 0x0d},                         // 7 its parameter, a constant
		[]uint64{0x2e, 1, 0x03, 0x08, 0x20, 0x21, 1, 0x3b, 0x0b},          // 8 abstract function
		[]uint64{0x05, 0, 0x03, 0x08, 0x49, 0x13, 0x4b, 0x19},             // 9 its result
		[]uint64{0x13, 1, 0x03, 0x08, 0x0b, 0x0b},                         // 10 struct
		[]uint64{0x0d, 0, 0x03, 0x08, 0x38, 0x0b, 0x49, 0x13},             // 11 member
		[]uint64{0x24, 0, 0x03, 0x08, 0x0b, 0x0b, 0x3e, 0x0b},             // 12 base type
		[]uint64{0x01, 1, 0x49, 0x13},                                     // 13 array
		[]uint64{0x21, 0, 0x37, 0x0b},                                     // 14 its bound
	)
	w := &writer{b: make([]byte, sampleHeader)} // so that at is the offset in the unit
	w.uleb(1).u32(0).u8(0x16).u64(0x401000).u32(8).u32(12).u32(12).u32(8)
	intType := w.at()
	w.uleb(12).str("int").u8(8, 5)
	array := w.at()
	w.uleb(13).u32(intType).uleb(14).u8(3).u8(0)
	pair := w.at()
	w.uleb(10).str("main.pair").u8(32)
	w.uleb(11).str("n").u8(0).u32(intType)
	w.uleb(11).str("xs").u8(8).u32(array)
	w.u8(0)
	abstract := w.at()
	w.uleb(8).str("main.in").u8(7)
	result := w.at()
	w.uleb(9).str("r").u32(intType).u8(0)
	w.uleb(2).u32(1).uleb(0).uleb(0x40).expr(0x9c).u8(3)
	w.uleb(3).str("p").u32(pair).uleb(0)
	w.uleb(4).uleb(0)
	w.uleb(5).u8(0).u32(intType).expr(0x91, 0x78) // fbreg -8
	w.uleb(6).u32(abstract).u64(0x401020).u32(0x10).uleb(9)
	w.uleb(7).u32(result).u8(0x7f) // const_value -1
	w.u8(0, 0, 0, 0)

	loc := (&writer{}).u32(0).u16(5).u8(8, 0).u32(1).u32(4)
	loc.u8(4).uleb(0).uleb(0x10).expr(0x50, 0x93, 8, 0x93, 8, 0x9c, 0x93, 16)                // rax, none, CFA
	loc.u8(1).uleb(0)                                                                        // base is address 0
	loc.u8(4).uleb(0x10).uleb(0x30).expr(0x91, 0x08)                                         // fbreg 8
	loc.u8(8).u64(0x401030).uleb(8).expr(0x91, 0x70, 0x06)                                   // fbreg -16, deref
	loc.u8(7).u64(0x401038).u64(0x401040).expr(0x77, 0x08, 0x93, 8, 0x08, 5, 0x9f, 0x93, 24) // breg7 8; constant 5
	loc.u8(0)
	rng := (&writer{}).u32(0).u16(5).u8(8, 0).u32(1).u32(4)
	rng.u8(4).uleb(0x10).uleb(0x20).u8(7).u64(0x401030).uleb(8).u8(0)
	// A CIE that begins with rsp+8, and a function that pushes and pops.
	frame := (&writer{}).u32(12).u32(0xffffffff).u8(3, 0, 1, 0x7c, 16, 0x0c, 7, 8)
	frame.u32(32).u32(0).u64(0x401000).u64(0x40)
	frame.u8(0x44, 0x0e, 16, 0x02, 0x10, 0x0a, 0x13, 0x76, 0x03, 0x10, 0, 0x0b)
	return map[string][]byte{
		".debug_frame":       frame.b,
		".debug_info":        unit5(w.b[sampleHeader:]),
		".debug_abbrev":      ab,
		".debug_addr":        (&writer{}).u32(12).u16(5).u8(8, 0).u64(0x401000).b,
		".debug_str":         []byte("\x00main.f\x00local\x00"),
		".debug_line_str":    []byte("main\x00"),
		".debug_str_offsets": (&writer{}).u32(8).u16(5).u16(0).u32(8).b,
		".debug_loclists":    loc.b,
		".debug_rnglists":    rng.b,
	}
}

func openSample(t *testing.T) *debuginfo.Data {
	t.Helper()
	d, err := openImage(sample())
	if err != nil {
		t.Fatal(err)
	}
	return d
}
