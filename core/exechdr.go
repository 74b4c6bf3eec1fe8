package core

import (
	"bytes"

	"moho/core/internal/layout"
	"moho/objfile"
)

const (
	atEntry = layout.ATEntry
	minPage = 4096
)

// executableHeader returns the beginning of the main executable as it lies in
// the core, and its address; nil when the core does not hold it. Images that
// were added are not looked at: they are what is to be checked.
func (p *Process) executableHeader() ([]byte, Addr) {
	// The kernel tells the program where its program headers are, and those
	// almost always lie in the first page.
	if phdr, ok := p.auxv[layout.ATPhdr]; ok {
		base := Addr(phdr) &^ (minPage - 1)
		if b := p.elfAt(base); b != nil && uint64(base)+le64(b[layout.EhPhoff:]) == phdr {
			return b, base
		}
	}
	// Otherwise the file that holds the entry point is the executable.
	if entry, ok := p.auxv[atEntry]; ok {
		if m, ok := p.mappingAt(Addr(entry)); ok {
			for _, o := range p.maps {
				if o.File == m.File && o.Off == 0 {
					if b := p.elfAt(o.Start); b != nil {
						return b, o.Start
					}
				}
			}
		}
	}
	return nil, 0
}

// elfAt returns up to maxHeader bytes of the 64-bit little-endian ELF image at
// a, or nil.
func (p *Process) elfAt(a Addr) []byte {
	b := p.own.run(a)
	if len(b) < layout.EhdrSize || !bytes.HasPrefix(b, []byte("\x7fELF\x02\x01")) {
		return nil
	}
	n := min(len(b), maxHeader)
	return b[:n:n]
}

// sameHeaders reports whether the ELF header in memory describes the same
// program as f: entry point and loaded segments. Offsets in the file and the
// size of data in it are not compared: strip moves what it leaves, and cuts
// zeros off the end of the data.
func sameHeaders(page []byte, f *objfile.File) bool {
	if le64(page[layout.EhEntry:]) != uint64(f.Entry()) {
		return false
	}
	segs := f.Segments()
	off, n := le64(page[layout.EhPhoff:]), uint64(le16(page[layout.EhPhnum:]))
	for i := range n {
		at := off + i*layout.PhdrSize
		if at > uint64(len(page)) || uint64(len(page))-at < layout.PhdrSize {
			return true // the rest is not in the core
		}
		ph := page[at:][:layout.PhdrSize]
		if le32(ph) != layout.PTLoad {
			continue
		}
		if len(segs) == 0 {
			return false
		}
		s := segs[0]
		if le64(ph[16:]) != uint64(s.Addr) || le64(ph[40:]) != s.MemSize {
			return false
		}
		if !s.Write && le64(ph[32:]) != s.FileSize {
			return false
		}
		segs = segs[1:]
	}
	return len(segs) == 0
}
