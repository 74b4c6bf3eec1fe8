package objfile

import (
	"encoding/binary"
	"encoding/hex"

	"moho/evidence"
	"moho/internal/bounded"
)

// A note is one entry of a note section or segment.
type note struct {
	name string
	typ  uint32
	desc []byte
}

// notes calls yield for each note in data until yield returns false, data ends
// or a note does not fit. align is 4, or 8 where the header asks for it.
//
// Source: System V ABI, "Note Section".
func notes(data []byte, order binary.ByteOrder, align int, yield func(note) bool) {
	c := bounded.NewCursor(data, order)
	for n := 0; n < MaxNotes && c.Len() >= 12; n++ {
		namesz, descsz, typ := c.U32(), c.U32(), c.U32()
		name := c.Bytes(uint64(namesz))
		c.Align(align)
		desc := c.Bytes(uint64(descsz))
		c.Align(align)
		if c.Err() != nil {
			return
		}
		for len(name) > 0 && name[len(name)-1] == 0 {
			name = name[:len(name)-1]
		}
		if len(name) <= 16 && !yield(note{string(name), typ, desc}) {
			return
		}
	}
}

func noteAlign(align uint64) int {
	if align == 8 {
		return 8
	}
	return 4
}

// allNotes walks the note segments and then, because a relocatable file has
// none and strip may drop them, the note sections.
func (f *File) allNotes(yield func(note) bool) {
	more := true
	once := func(n note) bool { more = yield(n); return more }
	for _, p := range f.elf.phdrs {
		if raw, ok := bounded.Sub(f.data, p.off, p.filesz); ok && more && p.typ == ptNote {
			notes(raw, f.order, noteAlign(p.align), once)
		}
	}
	for _, s := range f.elf.shdrs {
		if raw, ok := bounded.Sub(f.data, s.off, s.size); ok && more && s.typ == shtNote {
			notes(raw, f.order, noteAlign(s.align), once)
		}
	}
}

// addNote takes a Build ID from n; the first of each kind counts.
//
// Source: $GOROOT/src/cmd/link/internal/ld/elf.go (ELF_NOTE_GOBUILDID_TAG,
// ELF_NOTE_BUILDINFO_TAG), go1.26.
func addNote(id *evidence.BuildID, n note) {
	switch {
	case n.name == "Go" && n.typ == 4 && id.Go == "" && len(n.desc) <= 1024:
		id.Go = string(n.desc)
	case n.name == "GNU" && n.typ == 3 && id.GNU == "" && len(n.desc) <= 64:
		id.GNU = hex.EncodeToString(n.desc)
	}
}

// addSegment takes Build IDs from a note segment of an image of which data is
// the beginning. Go's linker puts the GNU note right behind the Go note but
// leaves it out of the segment, so that one more note is looked at there.
func addSegment(id *evidence.BuildID, data []byte, p elfPhdr, order binary.ByteOrder) {
	body, ok := bounded.Sub(data, p.off, p.filesz)
	if !ok {
		return
	}
	notes(body, order, noteAlign(p.align), func(n note) bool { addNote(id, n); return true })
	if id.Go != "" && id.GNU == "" {
		notes(data[p.off+p.filesz:], order, 4, func(n note) bool { addNote(id, n); return false })
	}
}

func (f *File) readBuildIDs() evidence.BuildID {
	var id evidence.BuildID
	if f.elf == nil {
		id.Go = f.textBuildID()
		return id
	}
	for _, p := range f.elf.phdrs {
		if p.typ == ptNote {
			addSegment(&id, f.data, p, f.order)
		}
	}
	f.allNotes(func(n note) bool { // sections, for files without segments
		addNote(&id, n)
		return id.Go == "" || id.GNU == ""
	})
	return id
}

// BuildID returns the Go and the GNU Build ID from the notes of an ELF file;
// what is absent or malformed stays empty. It names the file, it proves nothing.
func (f *File) BuildID() evidence.BuildID { return f.ids() }

// ELFBuildID returns the Build IDs from the beginning of an ELF image, as much
// of it as is at hand: one page is enough for what Go's linker and the GNU
// linker write. It reports false when page is not the beginning of an ELF file
// or holds neither ID. Use it on the header page of a program in a core.
//
// Notes are found by file offset, so that page must begin where the file does.
func ELFBuildID(page []byte) (evidence.BuildID, bool) {
	if len(page) < 4 || string(page[:4]) != elfMagic {
		return evidence.BuildID{}, false
	}
	var e elfFile
	order, err := e.readHeader(page)
	if err != nil {
		return evidence.BuildID{}, false
	}
	size := uint64(32)
	if e.class64 {
		size = 56
	}
	if uint64(e.hdr.phentsize) != size {
		return evidence.BuildID{}, false
	}
	var id evidence.BuildID
	for i := range uint64(e.hdr.phnum) {
		raw, ok := bounded.Sub(page, e.hdr.phoff+i*size, size)
		if !ok || e.hdr.phoff > uint64(len(page)) {
			break
		}
		if p := e.phdr(raw, order); p.typ == ptNote {
			addSegment(&id, page, p, order)
		}
	}
	return id, !id.IsZero()
}

// elfOS tells the operating system from EI_OSABI or from an identifying note.
//
// Source: System V ABI, EI_OSABI; notes as NetBSD, OpenBSD and GNU define them.
func (f *File) elfOS() string {
	switch f.elf.hdr.osabi {
	case 2:
		return "netbsd"
	case 3:
		return "linux"
	case 6:
		return "solaris"
	case 9:
		return "freebsd"
	case 12:
		return "openbsd"
	}
	os := ""
	f.allNotes(func(n note) bool {
		switch {
		case n.name == "NetBSD" && n.typ == 1:
			os = "netbsd"
		case n.name == "OpenBSD" && n.typ == 1:
			os = "openbsd"
		case n.name == "FreeBSD" && n.typ == 1:
			os = "freebsd"
		case n.name == "DragonFly" && n.typ == 1:
			os = "dragonfly"
		case n.name == "Android" && n.typ == 1:
			os = "android"
		case n.name == "GNU" && n.typ == 1 && len(n.desc) >= 4 && f.order.Uint32(n.desc) == 0:
			os = "linux"
		}
		return os == ""
	})
	return os
}
