package objfile

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"

	"moho/internal/bounded"
)

type compression uint8

const (
	stored compression = iota
	gabi               // SHF_COMPRESSED: an Elf_Chdr stands before the data
	gnu                // .zdebug_*: "ZLIB" and a big-endian size do
)

// loadSections names the sections and checks that the file holds them.
func (f *File) loadSections(e *elfFile) error {
	size := uint64(len(f.data))
	var names []byte
	if e.strndx != 0 {
		s := e.shdrs[e.strndx]
		var ok bool
		if names, ok = bounded.Sub(f.data, s.off, s.size); !ok || s.typ != shtStrtab {
			return formatErr("elf", -1, "e_shstrndx is %d: section of type %d, sh_offset %#x, sh_size %#x is no string table in a file of %d bytes",
				e.strndx, s.typ, s.off, s.size, size)
		}
	}
	for i, s := range e.shdrs {
		if i == 0 && s.typ == 0 {
			continue // the null section may carry counts in its fields
		}
		var name []byte
		if e.strndx != 0 {
			var err error
			if name, err = bounded.CString(names, uint64(s.name), MaxName); err != nil {
				return formatErr("elf", -1, "section %d: sh_name %#x: %v", i, s.name, err)
			}
		}
		sec := Section{
			Name: string(name), Addr: Addr(s.addr), Off: Off(s.off), Size: s.size, FileSize: s.size,
			Alloc: s.flags&shfAlloc != 0, Write: s.flags&shfWrite != 0, Exec: s.flags&shfExec != 0,
			Type: shTypes[s.typ], index: i,
		}
		if sec.Type == "" {
			sec.Type = fmt.Sprintf("%#x", s.typ)
		}
		switch {
		case s.typ == shtNobits || s.typ == 0:
			sec.FileSize = 0
		case !bounded.Within(s.off, s.size, size):
			return formatErr("elf", -1, "section %d (%s): sh_offset %#x plus sh_size %#x exceeds the file of %d bytes", i, name, s.off, s.size, size)
		case s.flags&shfCompressed != 0:
			sec.compressed = gabi
		case bytes.HasPrefix(name, []byte(".zdebug_")):
			sec.compressed = gnu
		}
		if sec.compressed != stored {
			if _, declared, err := f.unwrap(sec); err != nil {
				return err
			} else {
				sec.Size = declared
			}
		}
		f.sections = append(f.sections, sec)
	}
	return nil
}

// SectionBytes returns the contents of s, decompressed if need be; a slice of a
// section that is stored plainly aliases the file. The result is nil for a
// section that has no bytes in the file. Errors wrap ErrFormat, or ErrLimit
// when a compressed section would exceed MaxSection or MaxInflateRatio.
func (f *File) SectionBytes(s Section) ([]byte, error) {
	if err := f.readable(); err != nil {
		return nil, err
	}
	if s.FileSize == 0 {
		return nil, nil
	}
	if s.compressed == stored {
		b, ok := bounded.Sub(f.data, uint64(s.Off), s.FileSize)
		if !ok {
			return nil, formatErr("elf", s.Off, "section %s: %#x bytes exceed the file of %d bytes", s.Name, s.FileSize, len(f.data))
		}
		return b, nil
	}
	packed, size, err := f.unwrap(s)
	if err != nil {
		return nil, err
	}
	out, err := bounded.Zlib(packed, size, bounded.Caps{Out: MaxSection, Ratio: MaxInflateRatio})
	switch {
	case errors.Is(err, ErrLimit):
		return nil, fmt.Errorf("elf: section %d (%s): %w", s.index, s.Name, err)
	case err != nil:
		return nil, formatErr("elf", s.Off, "section %d (%s): %v", s.index, s.Name, err)
	}
	return out, nil
}

// unwrap returns the compressed data of s and the size that it declares.
//
// Source: System V ABI, "Section Compression"; the older form is binutils'.
func (f *File) unwrap(s Section) (packed []byte, size uint64, err error) {
	raw, ok := bounded.Sub(f.data, uint64(s.Off), s.FileSize)
	if !ok {
		return nil, 0, formatErr("elf", s.Off, "section %d (%s): exceeds the file", s.index, s.Name)
	}
	var c *bounded.Cursor
	if s.compressed == gnu {
		c = bounded.NewCursor(raw, binary.BigEndian)
		if magic := c.Bytes(4); c.Err() == nil && string(magic) != "ZLIB" {
			return nil, 0, formatErr("elf", s.Off, "section %d (%s): begins with %q, want \"ZLIB\"", s.index, s.Name, magic)
		}
		size = c.U64()
	} else {
		c = bounded.NewCursor(raw, f.order)
		if typ := c.U32(); c.Err() == nil && typ != 1 {
			return nil, 0, formatErr("elf", s.Off, "section %d (%s): ch_type is %d, only 1 (zlib) is read", s.index, s.Name, typ)
		}
		if f.ptrSize == 8 {
			c.Skip(4)
		}
		size = c.Uint(f.ptrSize)
		c.Skip(uint64(f.ptrSize)) // ch_addralign
	}
	if c.Err() != nil {
		return nil, 0, formatErr("elf", s.Off, "section %d (%s): %d bytes are too few for a compression header", s.index, s.Name, len(raw))
	}
	return raw[c.Off():], size, nil
}
