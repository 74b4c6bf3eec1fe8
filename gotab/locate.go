package gotab

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"

	"moho/arch"
	"moho/objfile"
)

// maxCandidates bounds how many places are looked at in a scan.
const maxCandidates = 64

// Open finds the tables of an executable: the pclntab by the name of its
// section or by a scan of all segments, then the moduledata that points to it.
//
// Nothing is taken on trust: a section's name is a hint, what lies there is
// verified, and where it is not what it should be the segments are scanned.
// Without moduledata the text base comes from the header (Go 1.18 to 1.25) or
// from the symbol table.
//
// The error wraps ErrNoTable when nothing resembles a pclntab and
// objfile.ErrFormat when what does is malformed.
func Open(f *objfile.File) (*Table, error) {
	a := f.Arch()
	if a == nil {
		return nil, fmt.Errorf("pclntab: machine %s is not read: %w", f.Machine(), objfile.ErrFormat)
	}
	var first error
	try := func(at objfile.Addr, size int) *Table {
		t, err := openAt(f, at, size)
		if err == nil {
			err = inText(f, t)
		}
		if err != nil {
			first = cmp.Or(first, err)
			return nil
		}
		return t
	}
	for _, name := range []string{".gopclntab", ".data.rel.ro.gopclntab", "__gopclntab"} {
		if s, ok := f.Section(name); ok && s.FileSize == s.Size && s.Size <= uint64(f.Size()) {
			if t := try(s.Addr, int(s.Size)); t != nil {
				return t, nil
			}
		}
	}
	for _, s := range f.Segments() {
		n := int(min(s.FileSize, uint64(f.Size())))
		data, err := f.Slice(s.Addr, n)
		if err != nil {
			continue
		}
		for _, off := range FindHeaders(data, a, maxCandidates) {
			if t := try(s.Addr+objfile.Addr(off), n-off); t != nil {
				return t, nil
			}
		}
	}
	if first != nil {
		return nil, first
	}
	return nil, fmt.Errorf("%s: %w", f.Format(), ErrNoTable)
}

// FindHeaders returns the offsets in data, ascending and at most limit of them,
// at which a well-formed header of a pclntab stands. data must begin at a
// multiple of 8. Formats older than Go 1.16 are reported too: New says what
// they are.
func FindHeaders(data []byte, a *arch.Arch, limit int) []int {
	var out []int
	tail := uint32(a.Quantum)<<16 | uint32(a.PtrSize)<<24 // the four bytes after the magic
	for at := 0; at+8 <= len(data) && len(out) < limit; at += 8 {
		w := binary.LittleEndian.Uint64(data[at:])
		if uint32(w>>32) != tail {
			continue
		}
		version := magics[uint32(w)]
		if version == 0 {
			continue
		}
		if _, err := readHeader(data[at:], uint64(len(data)-at), a); err == nil || version < V116 {
			out = append(out, at)
		}
	}
	return out
}

// openAt opens the table at that address, of at most size bytes, if it is one.
func openAt(f *objfile.File, at objfile.Addr, size int) (*Table, error) {
	b, err := f.Slice(at, min(size, headerSize))
	if err != nil {
		return nil, fmt.Errorf("pclntab: %w", err)
	}
	h, err := readHeader(b, uint64(size), f.Arch())
	if err != nil {
		return nil, err
	}
	var why error
	places, err := modulePlaces(f, at)
	if err != nil {
		return nil, err
	}
	for _, p := range places {
		mod, err := ReadModule(f, p)
		if err == nil && mod.PCHeader == at && mod.size <= size {
			return NewModule(f, mod)
		}
		why = errors.Join(why, err)
	}
	return openBare(f, at, size, h, why)
}

// modulePlaces returns where the moduledata may be, the likeliest place first.
func modulePlaces(f *objfile.File, pclntab objfile.Addr) ([]objfile.Addr, error) {
	var out []objfile.Addr
	for _, name := range []string{".go.module", "__go_module"} { // since Go 1.26
		if s, ok := f.Section(name); ok {
			out = append(out, s.Addr)
		}
	}
	found, err := f.FindWord(uint64(pclntab), maxCandidates)
	return append(out, found...), err
}

// openBare opens a table whose moduledata could not be found, for the reason why.
func openBare(f *objfile.File, at objfile.Addr, size int, h header, why error) (*Table, error) {
	text, from, goFunc := PC(0), "", objfile.Addr(0)
	const textStartAt = 8 + 2*8
	if v, err := f.Word(at + textStartAt); err == nil && v != 0 && h.version >= V118 {
		text, from = PC(v), "pcHeader"
	}
	syms, err := f.Symbols()
	if err != nil {
		syms = nil // the table is what was asked for, symbols would have helped
	}
	for _, s := range syms {
		switch {
		case s.Name == "runtime.text" && from == "":
			text, from = PC(s.Addr), "symbol"
		case s.Name == "go:func.*" || s.Name == "go.func.*":
			goFunc = s.Addr
		}
	}
	if from == "" && h.version >= V118 {
		if why == nil {
			why = errors.New("nothing points to the pclntab")
		}
		return nil, fmt.Errorf("pclntab at %#x: text base unknown: no symbol runtime.text, and no moduledata: %w: %w", uint64(at), why, objfile.ErrFormat)
	}
	t, err := New(f, at, size, text, goFunc)
	if err != nil {
		return nil, err
	}
	if from != "" {
		t.textFrom = from
	}
	return t, nil
}

// inText checks that the file holds the text of all functions. It bounds the
// time that walking all tables takes by the size of the file.
func inText(f *objfile.File, t *Table) error {
	parts := t.sects
	if parts == nil {
		parts = []TextSect{{End: t.entryOff(t.nfunc), Addr: t.text}}
	}
	for _, p := range parts {
		if !f.Arch().BytePC {
			break
		}
		if _, err := f.Slice(objfile.Addr(p.Addr), int(p.End-p.Off)); err != nil {
			return tableErr("text of %#x bytes at %#x: %v", p.End-p.Off, p.Addr, err)
		}
	}
	return nil
}
