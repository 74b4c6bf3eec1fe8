package objfile

import (
	"fmt"

	"moho/internal/bounded"
)

const (
	dtNeeded, dtStrtab, dtRela, dtRelasz, dtRelaent, dtStrsz = 1, 5, 7, 8, 9, 10
	dtRelrsz, dtRelr, dtRelrent                              = 35, 36, 37
)

// A dynamic is one entry of the dynamic section.
type dynamic struct{ tag, val uint64 }

// dynamics returns the entries of PT_DYNAMIC up to DT_NULL, nil without one.
func (f *File) dynamics() ([]dynamic, error) {
	for i, p := range f.elf.phdrs {
		if p.typ != ptDynamic {
			continue
		}
		raw, ok := bounded.Sub(f.data, p.off, p.filesz)
		if !ok {
			return nil, formatErr("elf", -1, "segment %d (dynamic): p_offset %#x plus p_filesz %#x exceeds the file of %d bytes", i, p.off, p.filesz, len(f.data))
		}
		c := bounded.NewCursor(raw, f.order)
		var out []dynamic
		for c.Len() >= 2*f.ptrSize {
			d := dynamic{c.Uint(f.ptrSize), c.Uint(f.ptrSize)}
			if d.tag == 0 {
				break
			}
			out = append(out, d)
		}
		return out, nil
	}
	return nil, nil
}

// Interpreter returns the path of the dynamic loader that the file asks for
// (PT_INTERP, LC_LOAD_DYLINKER), or "". It is the file's word, not a path to open.
func (f *File) Interpreter() string {
	if f.macho != nil {
		return f.macho.dylinker
	}
	if f.elf == nil {
		return ""
	}
	for _, p := range f.elf.phdrs {
		if p.typ != ptInterp {
			continue
		}
		if raw, ok := bounded.Sub(f.data, p.off, p.filesz); ok {
			if s, err := bounded.CString(raw, 0, MaxName); err == nil {
				return string(s)
			}
		}
	}
	return ""
}

// Needed returns the shared libraries that the file names (DT_NEEDED,
// LC_LOAD_DYLIB, the import directory), in file order; nil for a static program.
// Errors wrap ErrFormat or ErrLimit.
func (f *File) Needed() ([]string, error) {
	if err := f.readable(); err != nil {
		return nil, err
	}
	switch {
	case f.macho != nil:
		return f.macho.libraries, nil
	case f.pe != nil:
		return f.peNeeded()
	case f.wasm != nil:
		return nil, nil
	}
	dyn, err := f.dynamics()
	if err != nil {
		return nil, err
	}
	var table Addr
	var size uint64
	var offs []uint64
	for _, d := range dyn {
		switch d.tag {
		case dtNeeded:
			offs = append(offs, d.val)
		case dtStrtab:
			table = Addr(d.val)
		case dtStrsz:
			size = d.val
		}
	}
	if len(offs) == 0 {
		return nil, nil
	}
	if err := bounded.Check("elf: number of DT_NEEDED entries", uint64(len(offs)), MaxNeeded); err != nil {
		return nil, err
	}
	if size > uint64(len(f.data)) {
		return nil, formatErr("elf", -1, "DT_STRSZ is %#x, more than the file of %d bytes", size, len(f.data))
	}
	strs, err := f.Slice(table, int(size))
	if err != nil {
		return nil, formatErr("elf", -1, "DT_STRTAB: %v", err)
	}
	var out []string
	for _, off := range offs {
		s, err := bounded.CString(strs, off, MaxName)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", formatErr("elf", -1, "DT_NEEDED %#x", off), err)
		}
		out = append(out, string(s))
	}
	return out, nil
}
