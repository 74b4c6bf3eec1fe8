package objfile

import (
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
			return nil, f.errAt(s.Off, "section %s: %#x bytes exceed the file of %d bytes", s.Name, s.FileSize, len(f.data))
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
		return nil, fmt.Errorf("%s: section %d (%s): %w", f.format, s.index, s.Name, err)
	case err != nil:
		return nil, f.errAt(s.Off, "section %d (%s): %v", s.index, s.Name, err)
	}
	return out, nil
}

// unwrap returns the compressed data of s and the size that it declares.
//
// Source: System V ABI, "Section Compression"; the older form is binutils'.
func (f *File) unwrap(s Section) (packed []byte, size uint64, err error) {
	raw, ok := bounded.Sub(f.data, uint64(s.Off), s.FileSize)
	if !ok {
		return nil, 0, f.errAt(s.Off, "section %d (%s): exceeds the file", s.index, s.Name)
	}
	var c *bounded.Cursor
	if s.compressed == gnu {
		c = bounded.NewCursor(raw, binary.BigEndian)
		if magic := c.Bytes(4); c.Err() == nil && string(magic) != "ZLIB" {
			return nil, 0, f.errAt(s.Off, "section %d (%s): begins with %q, want \"ZLIB\"", s.index, s.Name, magic)
		}
		size = c.U64()
	} else {
		c = bounded.NewCursor(raw, f.order)
		if typ := c.U32(); c.Err() == nil && typ != 1 {
			return nil, 0, f.errAt(s.Off, "section %d (%s): ch_type is %d, only 1 (zlib) is read", s.index, s.Name, typ)
		}
		if f.ptrSize == 8 {
			c.Skip(4)
		}
		size = c.Uint(f.ptrSize)
		c.Skip(uint64(f.ptrSize)) // ch_addralign
	}
	if c.Err() != nil {
		return nil, 0, f.errAt(s.Off, "section %d (%s): %d bytes are too few for a compression header", s.index, s.Name, len(raw))
	}
	return raw[c.Off():], size, nil
}
