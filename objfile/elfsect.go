package objfile

import (
	"bytes"
	"fmt"

	"moho/internal/bounded"
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
