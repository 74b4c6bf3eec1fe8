package objfile

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"

	"moho/arch"
	"moho/internal/bounded"
)

// A peFile is what the headers of a PE file say beyond sections.
type peFile struct {
	base         uint64 // preferred address of the image
	symoff       uint64
	nsyms        uint64
	dirs         []peDir
	rvas         []uint32 // of the sections, by number less one
	text         []bool   // of the sections: they hold code
	stroff, strn uint64   // string table
}

type peDir struct{ rva, size uint32 }

const (
	peSymSize, peSectionSize = 18, 40

	peDirImport, peDirException = 1, 3
)

// readPE decodes the headers. PE32 files, which are of 32-bit machines, are
// identified only.
//
// Source: Microsoft, "PE Format".
func (f *File) readPE() error {
	le := binary.LittleEndian
	at, ok := bounded.Sub(f.data, 0x3c, 4)
	if !ok {
		return formatErr("pe", 0x3c, "file of %d bytes ends before e_lfanew", len(f.data))
	}
	hdrAt := uint64(le.Uint32(at))
	hdr, ok := bounded.Sub(f.data, hdrAt, 24)
	if !ok || string(hdr[:4]) != "PE\x00\x00" {
		return formatErr("pe", 0x3c, "e_lfanew is %#x, where the file of %d bytes has no PE signature", hdrAt, len(f.data))
	}
	f.format, f.os, f.order, f.ptrSize = "pe", "windows", le, 8
	switch m := le.Uint16(hdr[4:]); m {
	case 0x14c:
		f.machine, f.ptrSize = "386", 4
	case 0x1c4:
		f.machine, f.ptrSize = "arm", 4
	case 0x8664:
		f.machine = "amd64"
	case 0xaa64:
		f.machine = "arm64"
	default:
		f.machine = fmt.Sprintf("unknown(%#x)", m)
	}
	f.arch = arch.ByName(f.machine)
	p := &peFile{symoff: uint64(le.Uint32(hdr[12:])), nsyms: uint64(le.Uint32(hdr[16:]))}
	nsect, optSize := int(le.Uint16(hdr[6:])), uint64(le.Uint16(hdr[20:]))
	opt, ok := bounded.Sub(f.data, hdrAt+24, optSize)
	if !ok {
		return formatErr("pe", Off(hdrAt)+20, "SizeOfOptionalHeader is %#x, beyond the end of the file", optSize)
	}
	f.kind = peKind(le.Uint16(hdr[22:]), opt)
	if f.ptrSize == 4 {
		return nil
	}
	if err := f.peOptional(p, opt, Off(hdrAt)+24); err != nil {
		return err
	}
	if err := p.strings(f.data, Off(hdrAt)); err != nil {
		return err
	}
	if err := f.peSections(p, hdrAt+24+optSize, nsect); err != nil {
		return err
	}
	f.pe, f.full = p, true
	return f.sortSegments()
}

// peKind tells from Characteristics and DllCharacteristics what the file is. The
// latter is in one place in PE32 and PE32+.
func peKind(chars uint16, opt []byte) string {
	const relocsStripped, executable, dll, dynamicBase = 0x1, 0x2, 0x2000, 0x40
	dllChars, ok := bounded.Sub(opt, 70, 2)
	switch {
	case chars&dll != 0:
		return "shared"
	case chars&executable == 0 || !ok:
		return "object"
	case binary.LittleEndian.Uint16(dllChars)&dynamicBase != 0 && chars&relocsStripped == 0:
		return "pie"
	}
	return "exe"
}

// peOptional decodes the optional header of a PE32+ file.
func (f *File) peOptional(p *peFile, opt []byte, at Off) error {
	c := bounded.NewCursor(opt, f.order)
	if magic := c.U16(); c.Err() != nil || magic != 0x20b {
		return formatErr("pe", at, "magic of the optional header is %#x, want 0x20b (PE32+)", magic)
	}
	c.Skip(14)
	entry := c.U32()
	c.Skip(4) // BaseOfCode
	p.base = c.U64()
	c.Skip(76) // alignments, versions, sizes, LoaderFlags
	n := c.U32()
	if c.Err() != nil {
		return formatErr("pe", at, "optional header of %d bytes is too short", len(opt))
	}
	if !bounded.Fits(uint64(n), 8, uint64(c.Len())) {
		return formatErr("pe", at+108, "NumberOfRvaAndSizes is %d, but the optional header has room for %d", n, c.Len()/8)
	}
	for range n {
		p.dirs = append(p.dirs, peDir{c.U32(), c.U32()})
	}
	if p.base > 1<<63 { // no user's address; sums with it below cannot overflow
		return formatErr("pe", at+24, "ImageBase is %#x", p.base)
	}
	if entry != 0 {
		f.entry = Addr(p.base + uint64(entry))
	}
	return nil
}

// strings finds the string table, which lies behind the symbols.
func (p *peFile) strings(data []byte, hdr Off) error {
	size := uint64(len(data))
	if p.symoff == 0 {
		return nil
	}
	if p.symoff > size || !bounded.Fits(p.nsyms, peSymSize, size-p.symoff) {
		return formatErr("pe", hdr+12, "PointerToSymbolTable %#x with NumberOfSymbols %d exceeds the file of %d bytes", p.symoff, p.nsyms, size)
	}
	at := p.symoff + p.nsyms*peSymSize
	b, ok := bounded.Sub(data, at, 4)
	if !ok {
		return nil // no strings
	}
	p.stroff, p.strn = at, uint64(binary.LittleEndian.Uint32(b))
	if !bounded.Within(at, p.strn, size) {
		return formatErr("pe", Off(at), "string table of %#x bytes exceeds the file of %d bytes", p.strn, size)
	}
	return nil
}

// peSections decodes the section headers; each is a segment as well.
func (f *File) peSections(p *peFile, at uint64, n int) error {
	size := uint64(len(f.data))
	raw, ok := bounded.Sub(f.data, at, uint64(n)*peSectionSize)
	if !ok {
		return formatErr("pe", Off(at), "NumberOfSections is %d, whose headers exceed the file of %d bytes", n, size)
	}
	names, _ := bounded.Sub(f.data, p.stroff, p.strn)
	c := bounded.NewCursor(raw, f.order)
	for i := range n {
		here := Off(at) + Off(c.Off())
		name := fixedString(c.Bytes(8))
		vsize, rva, rawSize, off := c.U32(), c.U32(), c.U32(), c.U32()
		c.Skip(12)
		flags := c.U32()
		if digits, ok := strings.CutPrefix(name, "/"); ok {
			k, err := strconv.ParseUint(digits, 10, 32)
			b, err2 := bounded.CString(names, k, MaxName)
			if err != nil || err2 != nil {
				return formatErr("pe", here, "section %d: name %q leads to no string", i, name)
			}
			name = string(b)
		}
		// The file's part is padded to its alignment; memory is zero-filled.
		fileSize := uint64(min(rawSize, max(vsize, 1)))
		if vsize == 0 {
			fileSize = uint64(rawSize)
		}
		if flags&0x80 != 0 { // uninitialised data
			fileSize = 0
		}
		if fileSize > 0 && !bounded.Within(uint64(off), fileSize, size) {
			return formatErr("pe", here, "section %d (%s): PointerToRawData %#x plus %#x bytes exceeds the file of %d bytes", i, name, off, fileSize, size)
		}
		s := Section{
			Name: name, Addr: Addr(p.base + uint64(rva)), Off: Off(off), Size: uint64(max(vsize, rawSize)), FileSize: fileSize,
			Alloc: flags&0x2000000 == 0, Write: flags&0x80000000 != 0, Exec: flags&0x20000020 != 0,
			Type: "progbits", index: i,
		}
		if vsize != 0 {
			s.Size = uint64(vsize)
		}
		if fileSize == 0 {
			s.Type = "nobits"
		}
		if s.Alloc {
			f.segments = append(f.segments, Segment{
				Name: name, Addr: s.Addr, Off: s.Off, FileSize: fileSize, MemSize: s.Size,
				Read: flags&0x40000000 != 0, Write: s.Write, Exec: s.Exec,
			})
		}
		if strings.HasPrefix(name, ".zdebug_") && fileSize > 0 {
			s.compressed = gnu
			_, declared, err := f.unwrap(s)
			if err != nil {
				return err
			}
			s.Size = declared
		}
		p.rvas, p.text = append(p.rvas, rva), append(p.text, s.Exec)
		f.sections = append(f.sections, s)
	}
	return nil
}

// peSymbols reads the COFF symbol table, which Go's linker writes unless -s is
// given. Sizes are not in it.
func (f *File) peSymbols() ([]Symbol, error) {
	p := f.pe
	if p.symoff == 0 {
		return nil, nil
	}
	raw, ok := bounded.Sub(f.data, p.symoff, p.nsyms*peSymSize)
	if !ok {
		return nil, formatErr("pe", Off(p.symoff), "symbol table of %d entries exceeds the file", p.nsyms)
	}
	names, _ := bounded.Sub(f.data, p.stroff, p.strn)
	text := string(names)
	var out []Symbol
	for n := uint64(0); n < p.nsyms; n++ {
		b := raw[n*peSymSize:]
		here := Off(p.symoff + n*peSymSize)
		value, sect := f.order.Uint32(b[8:]), int(int16(f.order.Uint16(b[12:])))
		class, aux := b[16], uint64(b[17])
		n += aux
		if sect <= 0 || class != 2 && class != 3 || class == 3 && aux > 0 { // undefined, absolute, of no section; a section itself
			continue
		}
		if sect > len(p.rvas) {
			return nil, formatErr("pe", here, "symbol %d: SectionNumber is %d of %d", n, sect, len(p.rvas))
		}
		sym := Symbol{Addr: Addr(p.base + uint64(p.rvas[sect-1]) + uint64(value)), Kind: Data}
		if p.text[sect-1] {
			sym.Kind = Func
		}
		if f.order.Uint32(b) != 0 {
			sym.Name = string(bytes.TrimRight(b[:8], "\x00"))
		} else {
			off := uint64(f.order.Uint32(b[4:]))
			name, err := bounded.CString(names, off, MaxName)
			if err != nil {
				return nil, formatErr("pe", here, "symbol %d: name at %#x: %v", n, off, err)
			}
			sym.Name = text[off : int(off)+len(name)]
		}
		out = append(out, sym)
	}
	return out, nil
}

// dir returns data directory i, not ok if the file has none.
func (p *peFile) dir(i int) (rva, size uint32, ok bool) {
	if i >= len(p.dirs) || p.dirs[i].size == 0 {
		return 0, 0, false
	}
	return p.dirs[i].rva, p.dirs[i].size, true
}

// peNeeded lists the libraries of the import directory.
func (f *File) peNeeded() ([]string, error) {
	rva, _, ok := f.pe.dir(peDirImport)
	if !ok {
		return nil, nil
	}
	var out []string
	for at := Addr(f.pe.base + uint64(rva)); ; at += 20 {
		b, err := f.Slice(at, 20)
		if err != nil {
			return nil, formatErr("pe", -1, "import directory entry %d: %v", len(out), err)
		}
		name := f.order.Uint32(b[12:])
		if name == 0 {
			return out, nil
		}
		if err := bounded.Check("pe: number of imported libraries", uint64(len(out)+1), MaxNeeded); err != nil {
			return nil, err
		}
		s, err := f.cstring(Addr(f.pe.base + uint64(name)))
		if err != nil {
			return nil, formatErr("pe", -1, "import directory entry %d: Name RVA %#x: %v", len(out), name, err)
		}
		out = append(out, s)
	}
}

// cstring returns the string at address a.
func (f *File) cstring(a Addr) (string, error) {
	seg, ok := f.segment(a)
	if !ok || uint64(a-seg.Addr) >= seg.FileSize {
		return "", fmt.Errorf("address %#x: %w", uint64(a), ErrUnmapped)
	}
	b, err := f.Slice(a, int(min(seg.FileSize-uint64(a-seg.Addr), MaxName+1)))
	if err != nil {
		return "", err
	}
	s, err := bounded.CString(b, 0, MaxName)
	return string(s), err
}
