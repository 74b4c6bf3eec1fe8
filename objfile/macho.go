package objfile

import (
	"encoding/binary"
	"fmt"
	"strings"

	"moho/arch"
	"moho/internal/bounded"
)

// A machoFile is what the load commands of a Mach-O file say beyond segments.
type machoFile struct {
	symoff, nsyms     uint32
	stroff, strsize   uint32
	hasSymtab         bool
	chained           bool // pointers are chained fixups
	libraries         []string
	dylinker          string
	text              []bool // by section number less one: it holds instructions
	uuid              []byte
	entryoff, entryPC uint64
	hasEntry          bool
}

// Load commands and flags.
//
// Source: <mach-o/loader.h>, <mach-o/fixup-chains.h>.
const (
	lcSymtab, lcUnixThread, lcLoadDylib, lcLoadDylinker = 0x2, 0x5, 0xc, 0xe
	lcSegment64, lcVersionMinMacOS, lcVersionMinIOS     = 0x19, 0x24, 0x25
	lcBuildVersion                                      = 0x32
	lcMain, lcLoadWeakDylib, lcReexportDylib            = 0x80000028, 0x80000018, 0x8000001f
	lcDyldChainedFixups                                 = 0x80000034

	lcUUID, lcLazyLoadDylib = 0x1b, 0x20
	lcLoadUpwardDylib       = 0x80000023

	machoMagic64 = 0xfeedfacf
	machoPIE     = 0x200000 // MH_PIE
)

// machoKinds names the file types.
var machoKinds = map[uint32]string{1: "object", 2: "exe", 4: "core", 6: "shared", 7: "loader", 8: "bundle", 9: "shared", 10: "debug", 11: "kext"}

// readMachO decodes the header and the load commands. A 32-bit or big-endian
// file, which no Go release that is read here makes, is identified only.
//
// Source: <mach-o/loader.h>; $GOROOT/src/debug/macho/macho.go, go1.26.
func (f *File) readMachO() error {
	var order binary.ByteOrder = binary.BigEndian
	magic := order.Uint32(f.data)
	if magic == 0xcefaedfe || magic == 0xcffaedfe {
		order = binary.LittleEndian
		magic = order.Uint32(f.data)
	}
	f.format, f.order, f.ptrSize = "macho", order, 4
	if magic == machoMagic64 {
		f.ptrSize = 8
	}
	m := &machoFile{}
	c := bounded.NewCursor(f.data, order)
	c.Skip(4)
	cpu := c.U32()
	c.Skip(4) // cpusubtype
	filetype, ncmd, cmdsize, flags := c.U32(), c.U32(), c.U32(), c.U32()
	if f.ptrSize == 8 {
		c.Skip(4) // reserved
	}
	if c.Err() != nil {
		return f.errAt(0, "file of %d bytes ends in the header", len(f.data))
	}
	f.machine = machoMachine(cpu)
	f.arch = arch.ByName(f.machine)
	f.kind = machoKinds[filetype]
	if f.kind == "exe" && flags&machoPIE != 0 {
		f.kind = "pie"
	}
	cmds, ok := bounded.Sub(f.data, uint64(c.Off()), uint64(cmdsize))
	if !ok {
		return f.errAt(20, "sizeofcmds is %#x, but %d bytes follow the header", cmdsize, c.Len())
	}
	if !bounded.Fits(uint64(ncmd), 8, uint64(cmdsize)) {
		return f.errAt(16, "ncmds is %d, but sizeofcmds is %#x", ncmd, cmdsize)
	}
	f.full = f.ptrSize == 8 && order == binary.ByteOrder(binary.LittleEndian)
	base := c.Off()
	lc := bounded.NewCursor(cmds, order)
	for i := range ncmd {
		at := Off(base + lc.Off())
		cmd, size := lc.U32(), lc.U32()
		if lc.Err() == nil && size < 8 {
			return f.errAt(at, "load command %d: cmdsize is %d, want at least 8", i, size)
		}
		body := lc.Bytes(uint64(size) - 8)
		if lc.Err() != nil {
			return f.errAt(at, "load command %d: cmdsize %#x exceeds sizeofcmds %#x", i, size, cmdsize)
		}
		if err := f.machoCommand(m, i, at, cmd, body); err != nil {
			return err
		}
	}
	f.macho = m
	if err := f.sortSegments(); err != nil {
		return err
	}
	return f.machoEntry(m)
}

func machoMachine(cpu uint32) string {
	switch cpu {
	case 7:
		return "386"
	case 7 | 1<<24:
		return "amd64"
	case 12:
		return "arm"
	case 12 | 1<<24:
		return "arm64"
	}
	return fmt.Sprintf("unknown(%#x)", cpu)
}

// machoCommand takes what is needed from one load command; body is without the
// eight bytes that all begin with.
func (f *File) machoCommand(m *machoFile, i uint32, at Off, cmd uint32, body []byte) error {
	c := bounded.NewCursor(body, f.order)
	short := func() error {
		return f.errAt(at, "load command %d (%#x): %d bytes are too few", i, cmd, len(body)+8)
	}
	switch cmd {
	case lcBuildVersion:
		if platform := c.U32(); c.Err() == nil {
			f.os = map[uint32]string{1: "darwin", 2: "ios", 7: "ios"}[platform]
		}
	case lcVersionMinMacOS:
		f.os = "darwin"
	case lcVersionMinIOS:
		f.os = "ios"
	case lcSegment64:
		if f.full {
			return f.machoSegment(m, i, at, body)
		}
	case lcSymtab:
		m.symoff, m.nsyms, m.stroff, m.strsize = c.U32(), c.U32(), c.U32(), c.U32()
		if c.Err() != nil {
			return short()
		}
		size := uint64(len(f.data))
		if f.full && (uint64(m.symoff) > size || !bounded.Fits(uint64(m.nsyms), nlistSize, size-uint64(m.symoff))) {
			return f.errAt(at, "LC_SYMTAB: symoff %#x, nsyms %d: does not fit the file of %d bytes", m.symoff, m.nsyms, size)
		}
		if f.full && !bounded.Within(uint64(m.stroff), uint64(m.strsize), size) {
			return f.errAt(at, "LC_SYMTAB: stroff %#x plus strsize %#x exceeds the file of %d bytes", m.stroff, m.strsize, size)
		}
		m.hasSymtab = true
	case lcMain:
		m.entryoff, m.hasEntry = c.U64(), true
		if c.Err() != nil {
			return short()
		}
	case lcUnixThread:
		m.entryPC = unixThreadPC(f.machine, body, f.order)
	case lcUUID:
		m.uuid = c.Bytes(16)
	case lcDyldChainedFixups:
		m.chained = true
	case lcLoadDylib, lcLoadWeakDylib, lcReexportDylib, lcLazyLoadDylib, lcLoadUpwardDylib, lcLoadDylinker:
		off := c.U32() // from the start of the command
		if c.Err() != nil || off < 8 {
			return short()
		}
		name, err := bounded.CString(append(body[:len(body):len(body)], 0), uint64(off)-8, MaxName)
		if err != nil {
			return f.errAt(at, "load command %d (%#x): name at %#x: %v", i, cmd, off, err)
		}
		if cmd == lcLoadDylinker {
			m.dylinker = string(name)
			break
		}
		if err := bounded.Check("macho: number of LC_LOAD_DYLIB commands", uint64(len(m.libraries)+1), MaxNeeded); err != nil {
			return err
		}
		m.libraries = append(m.libraries, string(name))
	}
	return nil
}

// machoSegment reads an LC_SEGMENT_64 and its sections.
func (f *File) machoSegment(m *machoFile, i uint32, at Off, body []byte) error {
	size := uint64(len(f.data))
	c := bounded.NewCursor(body, f.order)
	segname := fixedString(c.Bytes(16))
	vmaddr, vmsize, fileoff, filesize := c.U64(), c.U64(), c.U64(), c.U64()
	c.Skip(4) // maxprot
	prot, nsects := c.U32(), c.U32()
	c.Skip(4)                                   // flags
	mapped := prot != 0 && segname != "__DWARF" // __PAGEZERO is there to fault; DWARF is not mapped
	switch {
	case c.Err() != nil:
		return f.errAt(at, "load command %d: %d bytes are too few for a segment", i, len(body)+8)
	case filesize > vmsize && mapped:
		return f.errAt(at, "segment %q: filesize %#x exceeds vmsize %#x", segname, filesize, vmsize)
	case vmaddr+vmsize < vmaddr:
		return f.errAt(at, "segment %q: vmaddr %#x plus vmsize %#x overflows", segname, vmaddr, vmsize)
	case !bounded.Within(fileoff, filesize, size):
		return f.errAt(at, "segment %q: fileoff %#x plus filesize %#x exceeds the file of %d bytes", segname, fileoff, filesize, size)
	case !bounded.Fits(uint64(nsects), sectionSize64, uint64(c.Len())):
		return f.errAt(at, "segment %q: nsects is %d, but the command has room for %d", segname, nsects, c.Len()/sectionSize64)
	}
	if mapped {
		f.segments = append(f.segments, Segment{
			Name: segname, Addr: Addr(vmaddr), Off: Off(fileoff), FileSize: filesize, MemSize: vmsize,
			Read: prot&1 != 0, Write: prot&2 != 0, Exec: prot&4 != 0,
		})
	}
	for range nsects {
		sect := fixedString(c.Bytes(16))
		of := fixedString(c.Bytes(16)) // of an object file, which has one segment without a name
		addr, n, off := c.U64(), c.U64(), c.U32()
		c.Skip(12) // align, reloff, nreloc
		flags := c.U32()
		c.Skip(12) // reserved
		sec := Section{
			Name: sect, Segment: of, Addr: Addr(addr), Off: Off(off), Size: n, FileSize: n,
			Alloc: segname != "__DWARF", Write: prot&2 != 0, Exec: flags&0x80000400 != 0,
			Type: "progbits", index: len(f.sections),
		}
		m.text = append(m.text, sec.Exec)
		switch typ := flags & 0xff; {
		case typ == 1 || typ == 0xc || typ == 0x12, // zero-filled
			off == 0, filesize == 0: // debug symbol files repeat sections of the program without contents
			sec.FileSize, sec.Type = 0, "nobits"
		case !bounded.Within(uint64(off), n, size):
			return f.errAt(at, "section %q: offset %#x plus size %#x exceeds the file of %d bytes", sect, off, n, size)
		case strings.HasPrefix(sect, "__zdebug_"):
			sec.compressed = gnu
			_, declared, err := f.unwrap(sec)
			if err != nil {
				return err
			}
			sec.Size = declared
		}
		f.sections = append(f.sections, sec)
	}
	return nil
}

const sectionSize64 = 80

// fixedString returns the string in a field of fixed length, which ends at the
// first NUL or at the end.
func fixedString(b []byte) string {
	s, _, _ := strings.Cut(string(b), "\x00")
	return s
}

// unixThreadPC takes the PC from the register state of an LC_UNIXTHREAD, which
// Go's own linker writes.
//
// Source: <mach/machine/thread_status.h>; $GOROOT/src/cmd/link/internal/ld/macho.go
// (asmbMacho), go1.26.
func unixThreadPC(machine string, body []byte, order binary.ByteOrder) uint64 {
	at := map[string]struct {
		flavor uint32
		off    uint64
	}{"amd64": {4, 8 + 16*8}, "arm64": {6, 8 + 32*8}}[machine]
	if len(body) < 8 || order.Uint32(body) != at.flavor {
		return 0
	}
	if b, ok := bounded.Sub(body, at.off, 8); ok {
		return order.Uint64(b)
	}
	return 0
}

// machoEntry sets the address at which execution starts. LC_MAIN counts from
// the beginning of the image.
func (f *File) machoEntry(m *machoFile) error {
	f.entry = Addr(m.entryPC)
	if !m.hasEntry {
		return nil
	}
	for _, s := range f.segments {
		if m.entryoff >= uint64(s.Off) && m.entryoff-uint64(s.Off) < s.FileSize && s.Exec {
			f.entry = s.Addr + Addr(m.entryoff-uint64(s.Off))
			return nil
		}
	}
	return formatErr("macho", -1, "LC_MAIN: entryoff %#x is in no executable segment", m.entryoff)
}

// UUID returns the LC_UUID of a Mach-O file as crash reports and debug symbol
// bundles write it, or "".
func (f *File) UUID() string {
	if f.macho == nil || len(f.macho.uuid) != 16 {
		return ""
	}
	u := f.macho.uuid
	return fmt.Sprintf("%X-%X-%X-%X-%X", u[:4], u[4:6], u[6:8], u[8:10], u[10:])
}

// errChained says why no word of a file can be read.
func errChained() error {
	return formatErr("macho", -1, "pointers are chained fixups (LC_DYLD_CHAINED_FIXUPS), which are not decoded; link with -ld_classic or -no_fixup_chains")
}

const nlistSize = 16

// machoSymbols reads the symbol table. Names have the underscore that C puts
// in front of them removed.
//
// Source: <mach-o/nlist.h>.
func (f *File) machoSymbols() ([]Symbol, error) {
	m := f.macho
	if !m.hasSymtab {
		return nil, nil
	}
	raw, _ := bounded.Sub(f.data, uint64(m.symoff), uint64(m.nsyms)*nlistSize)
	names, _ := bounded.Sub(f.data, uint64(m.stroff), uint64(m.strsize))
	text := string(names) // one copy; every name is a part of it
	var out []Symbol
	for n := 0; n*nlistSize < len(raw); n++ {
		b := raw[n*nlistSize:]
		strx, typ, sect := f.order.Uint32(b), b[4], int(b[5])
		if typ&0xe0 != 0 || typ&0x0e != 0x0e { // for debuggers; not defined in a section
			continue
		}
		if sect == 0 || sect > len(f.sections) {
			return nil, f.errAt(Off(m.symoff)+Off(n)*nlistSize, "symbol %d: n_sect is %d of %d sections", n, sect, len(f.sections))
		}
		name, err := bounded.CString(names, uint64(strx), MaxName)
		if err != nil {
			return nil, f.errAt(Off(m.symoff)+Off(n)*nlistSize, "symbol %d: n_strx %#x: %v", n, strx, err)
		}
		sym := Symbol{Name: strings.TrimPrefix(text[strx:int(strx)+len(name)], "_"), Addr: Addr(f.order.Uint64(b[8:])), Kind: Data}
		if m.text[sect-1] {
			sym.Kind = Func
		}
		out = append(out, sym)
	}
	return out, nil
}
