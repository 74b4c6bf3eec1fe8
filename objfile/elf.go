package objfile

import (
	"encoding/binary"
	"fmt"

	"moho/arch"
	"moho/internal/bounded"
)

// An elfFile is what the headers of an ELF file say. Field names are those of
// elf(5), so that errors and documentation meet.
type elfFile struct {
	class64 bool
	hdr     elfHeader
	phdrs   []elfPhdr
	shdrs   []elfShdr
	strndx  uint64 // section that holds section names; 0: none
}

type elfHeader struct {
	machine, kind            uint16
	entry, phoff, shoff      uint64
	ehsize, phentsize, phnum uint16
	shentsize, shnum, strndx uint16
	osabi                    uint8
	flags                    uint32
}

type elfPhdr struct {
	typ, flags                              uint32
	off, vaddr, paddr, filesz, memsz, align uint64
}

type elfShdr struct {
	name, typ              uint32
	flags, addr, off, size uint64
	link, info             uint32
	align, entsize         uint64
}

const (
	ptLoad, ptDynamic, ptInterp, ptNote = 1, 2, 3, 4

	shtSymtab, shtStrtab, shtNote, shtNobits = 2, 3, 7, 8

	shfWrite, shfAlloc, shfExec, shfCompressed = 1, 2, 4, 0x800

	pfX, pfW, pfR = 1, 2, 4

	shnXindex, pnXnum = 0xffff, 0xffff
)

var elfTypes = map[uint16]string{1: "REL", 2: "EXEC", 3: "DYN", 4: "CORE"}

var shTypes = map[uint32]string{
	0: "null", 1: "progbits", 2: "symtab", 3: "strtab", 4: "rela", 5: "hash", 6: "dynamic",
	7: "note", 8: "nobits", 9: "rel", 11: "dynsym", 14: "init_array", 15: "fini_array",
	19: "relr", 0x6ffffff6: "gnu_hash", 0x6ffffffd: "verdef", 0x6ffffffe: "verneed", 0x6fffffff: "versym",
}

// readELF decodes the headers. Everything that a later read relies on is
// checked here, except the contents of sections and segments.
//
// Source: elf(5); System V ABI, chapters 4 and 5.
func (f *File) readELF() error {
	e := &elfFile{}
	order, err := e.readHeader(f.data)
	if err != nil {
		return err
	}
	f.format, f.order, f.ptrSize = "elf", order, 4
	if e.class64 {
		f.ptrSize = 8
	}
	f.machine = elfMachine(e.hdr.machine, e.class64, order)
	f.arch = arch.ByName(f.machine)
	f.entry = Addr(e.hdr.entry)
	if f.elfType = elfTypes[e.hdr.kind]; f.elfType == "" {
		return formatErr("elf", 16, "e_type is %d, want 1 (REL) to 4 (CORE)", e.hdr.kind)
	}
	if err := e.readTables(f.data, order); err != nil {
		return err
	}
	if err := f.loadSegments(e); err != nil {
		return err
	}
	if err := f.loadSections(e); err != nil {
		return err
	}
	f.elf, f.full = e, true
	f.os = f.elfOS()
	return nil
}

// readHeader decodes e_ident and the rest of the ELF header.
func (e *elfFile) readHeader(data []byte) (binary.ByteOrder, error) {
	if len(data) < 20 {
		return nil, formatErr("elf", 0, "file of %d bytes ends in e_ident", len(data))
	}
	var order binary.ByteOrder
	switch data[5] {
	case 1:
		order = binary.LittleEndian
	case 2:
		order = binary.BigEndian
	default:
		return nil, formatErr("elf", 5, "e_ident[EI_DATA] is %d, want 1 (little-endian) or 2 (big-endian)", data[5])
	}
	switch data[4] {
	case 1, 2:
		e.class64 = data[4] == 2
	default:
		return nil, formatErr("elf", 4, "e_ident[EI_CLASS] is %d, want 1 (32-bit) or 2 (64-bit)", data[4])
	}
	if data[6] != 1 {
		return nil, formatErr("elf", 6, "e_ident[EI_VERSION] is %d, want 1", data[6])
	}
	word, size := 4, uint16(52)
	if e.class64 {
		word, size = 8, 64
	}
	c := bounded.NewCursor(data, order)
	c.Skip(16)
	h := &e.hdr
	h.osabi = data[7]
	h.kind, h.machine = c.U16(), c.U16()
	version := c.U32()
	h.entry, h.phoff, h.shoff = c.Uint(word), c.Uint(word), c.Uint(word)
	h.flags = c.U32()
	h.ehsize, h.phentsize, h.phnum = c.U16(), c.U16(), c.U16()
	h.shentsize, h.shnum, h.strndx = c.U16(), c.U16(), c.U16()
	if c.Err() != nil {
		return nil, formatErr("elf", 0, "file of %d bytes ends in the ELF header", len(data))
	}
	if version != 1 {
		return nil, formatErr("elf", 20, "e_version is %d, want 1", version)
	}
	if h.ehsize != size {
		return nil, formatErr("elf", Off(size-12), "e_ehsize is %d, want %d", h.ehsize, size)
	}
	return order, nil
}

// readTables decodes the program and section header tables.
func (e *elfFile) readTables(data []byte, order binary.ByteOrder) error {
	h := &e.hdr
	shsize, phsize := uint16(40), uint16(32)
	if e.class64 {
		shsize, phsize = 64, 56
	}
	size := uint64(len(data))

	shnum, strndx := uint64(h.shnum), uint64(h.strndx)
	phnum := uint64(h.phnum)
	if h.shoff != 0 {
		if h.shentsize != shsize {
			return formatErr("elf", -1, "e_shentsize is %d, want %d", h.shentsize, shsize)
		}
		first, ok := bounded.Sub(data, h.shoff, uint64(shsize))
		if !ok {
			return formatErr("elf", -1, "e_shoff is %#x, outside the file of %d bytes", h.shoff, size)
		}
		// Counts that do not fit 16 bits are in the first section header.
		zero := e.shdr(first, order)
		if shnum == 0 {
			shnum = zero.size
		}
		if strndx == shnXindex {
			strndx = uint64(zero.link)
		}
		if phnum == pnXnum {
			phnum = uint64(zero.info)
		}
		if !bounded.Fits(shnum, uint64(shsize), size-h.shoff) {
			return formatErr("elf", -1, "e_shnum is %d, but the file holds room for %d section headers from e_shoff %#x",
				shnum, (size-h.shoff)/uint64(shsize), h.shoff)
		}
		if strndx >= max(shnum, 1) {
			return formatErr("elf", -1, "e_shstrndx is %d, but e_shnum is %d", strndx, shnum)
		}
	} else {
		if shnum != 0 {
			return formatErr("elf", -1, "e_shoff is 0, but e_shnum is %d", shnum)
		}
		strndx = 0 // of no table; some tools that drop the table leave it behind
	}
	if phnum != 0 {
		if h.phentsize != phsize {
			return formatErr("elf", -1, "e_phentsize is %d, want %d", h.phentsize, phsize)
		}
		if h.phoff > size || !bounded.Fits(phnum, uint64(phsize), size-h.phoff) {
			return formatErr("elf", -1, "e_phnum is %d from e_phoff %#x, which does not fit the file of %d bytes", phnum, h.phoff, size)
		}
	}

	e.shdrs = make([]elfShdr, 0, shnum)
	for i := range shnum {
		e.shdrs = append(e.shdrs, e.shdr(data[h.shoff+i*uint64(shsize):], order))
	}
	e.phdrs = make([]elfPhdr, 0, phnum)
	for i := range phnum {
		e.phdrs = append(e.phdrs, e.phdr(data[h.phoff+i*uint64(phsize):], order))
	}
	e.strndx = strndx
	return nil
}

// shdr decodes one section header; the caller has checked that b is long enough.
func (e *elfFile) shdr(b []byte, order binary.ByteOrder) elfShdr {
	c := bounded.NewCursor(b, order)
	w := 4
	if e.class64 {
		w = 8
	}
	return elfShdr{
		name: c.U32(), typ: c.U32(), flags: c.Uint(w), addr: c.Uint(w), off: c.Uint(w), size: c.Uint(w),
		link: c.U32(), info: c.U32(), align: c.Uint(w), entsize: c.Uint(w),
	}
}

// phdr decodes one program header; the two classes order the fields differently.
func (e *elfFile) phdr(b []byte, order binary.ByteOrder) elfPhdr {
	c := bounded.NewCursor(b, order)
	p := elfPhdr{typ: c.U32()}
	if e.class64 {
		p.flags = c.U32()
		p.off, p.vaddr, p.paddr, p.filesz, p.memsz, p.align = c.U64(), c.U64(), c.U64(), c.U64(), c.U64(), c.U64()
		return p
	}
	p.off, p.vaddr, p.paddr, p.filesz, p.memsz =
		uint64(c.U32()), uint64(c.U32()), uint64(c.U32()), uint64(c.U32()), uint64(c.U32())
	p.flags = c.U32()
	p.align = uint64(c.U32())
	return p
}

// loadSegments keeps the PT_LOAD headers, sorted. A core may be truncated; any
// other file must hold what its segments say.
func (f *File) loadSegments(e *elfFile) error {
	for i, p := range e.phdrs {
		if p.typ != ptLoad {
			continue
		}
		switch {
		case p.filesz > p.memsz && f.elfType != "CORE":
			return formatErr("elf", -1, "segment %d: p_filesz %#x exceeds p_memsz %#x", i, p.filesz, p.memsz)
		case p.vaddr+p.memsz < p.vaddr:
			return formatErr("elf", -1, "segment %d: p_vaddr %#x plus p_memsz %#x overflows", i, p.vaddr, p.memsz)
		case f.elfType != "CORE" && !bounded.Within(p.off, p.filesz, uint64(len(f.data))):
			return formatErr("elf", -1, "segment %d: p_offset %#x plus p_filesz %#x exceeds the file of %d bytes", i, p.off, p.filesz, len(f.data))
		case p.off > uint64(len(f.data)):
			p.off, p.filesz = uint64(len(f.data)), 0
		}
		f.segments = append(f.segments, Segment{
			Addr: Addr(p.vaddr), Off: Off(p.off), FileSize: p.filesz, MemSize: p.memsz,
			Read: p.flags&pfR != 0, Write: p.flags&pfW != 0, Exec: p.flags&pfX != 0,
		})
	}
	return f.sortSegments()
}

// elfMachine spells e_machine as GOARCH does.
func elfMachine(m uint16, class64 bool, order binary.ByteOrder) string {
	le := order == binary.LittleEndian
	pick := func(ok bool, a, b string) string {
		if ok {
			return a
		}
		return b
	}
	switch m {
	case 3:
		return "386"
	case 8:
		if class64 {
			return pick(le, "mips64le", "mips64")
		}
		return pick(le, "mipsle", "mips")
	case 21:
		return pick(le, "ppc64le", "ppc64")
	case 22:
		return pick(class64, "s390x", "s390")
	case 40:
		return pick(le, "arm", "armbe")
	case 43:
		return "sparc64"
	case 62:
		return pick(class64, "amd64", "amd64p32")
	case 183:
		return pick(le, "arm64", "arm64be")
	case 243:
		return pick(class64, "riscv64", "riscv")
	case 258:
		return pick(class64, "loong64", "loong32")
	}
	return fmt.Sprintf("unknown(%#x)", m)
}
