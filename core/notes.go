package core

import (
	"bytes"
	"cmp"
	"slices"

	"moho/core/internal/layout"
)

// maxAuxv bounds the auxiliary vector; the kernel writes about 20 entries.
const maxAuxv = 256

// readNotes reads every note that is complete.
//
// Several PT_NOTE segments may name the same bytes; all of them together may
// not make the reader look at more bytes than the file has.
func (p *Process) readNotes(segments []span) {
	budget := uint64(len(p.data))
	for _, s := range segments {
		if s.off >= uint64(len(p.data)) {
			continue
		}
		b := p.data[s.off:]
		if s.size < uint64(len(b)) {
			b = b[:s.size]
		}
		if uint64(len(b)) > budget {
			p.gap("notes", p.name, "note segments overlap: together they exceed the file")
			return
		}
		budget -= uint64(len(b))
		p.readNoteSegment(b, s.off)
	}
	p.orderThreads()
}

// readNoteSegment reads notes from b, which lies at base in the file.
func (p *Process) readNoteSegment(b []byte, base uint64) {
	short := eachNote(b, func(name string, typ uint32, desc []byte, off uint64) {
		p.readNote(name, typ, desc, int64(base+off))
	})
	if short >= 0 {
		p.gap("note", p.name, "the note at offset %#x does not end in its segment, which has %d more bytes",
			base+uint64(short), len(b)-short)
	}
}

// eachNote yields the notes in b, with the place of desc in b. It returns the
// place of a note that is cut off, or -1.
func eachNote(b []byte, yield func(name string, typ uint32, desc []byte, off uint64)) (short int) {
	size := uint64(len(b))
	for pos := uint64(0); size-pos >= 12; {
		nameSize, descSize, typ := uint64(le32(b[pos:])), uint64(le32(b[pos+4:])), le32(b[pos+8:])
		desc := pos + 12 + (nameSize+3)&^3
		if desc+descSize > size {
			return int(pos)
		}
		name := bytes.TrimRight(b[pos+12:pos+12+nameSize], "\x00")
		yield(string(name), typ, b[desc:desc+descSize:desc+descSize], desc)
		pos = min(desc+(descSize+3)&^3, size)
	}
	return -1
}

// readNote reads one note; off is the place of desc in the file.
func (p *Process) readNote(name string, typ uint32, desc []byte, off int64) {
	last := len(p.threads) - 1
	switch {
	case name == "CORE" && typ == layout.NTPRStatus:
		p.readPRStatus(desc, off)
	case name == "CORE" && typ == layout.NTFPRegSet && last >= 0:
		p.threads[last].FP = desc
	case name == "LINUX" && typ == layout.NTXState && last >= 0:
		p.threads[last].XState = desc
	case name == "CORE" && typ == layout.NTPRPSInfo:
		p.readPRPSInfo(desc, off)
	case name == "CORE" && typ == layout.NTSigInfo:
		if len(desc) < layout.SIAddr+8 {
			p.gap("signal", p.name, "NT_SIGINFO at offset %#x has %d bytes, want %d", off, len(desc), layout.SISize)
			return
		}
		if p.siginfo == nil { // gcore writes one for each thread, the current first
			p.siginfo = desc
		}
	case name == "CORE" && typ == layout.NTAuxv && len(p.auxv) == 0:
		p.readAuxv(desc, off)
	case name == "CORE" && typ == layout.NTFile && p.maps == nil:
		p.readFiles(desc, off)
	}
}

// readPRStatus reads a thread. The size of the note tells the architectures
// apart: 27 registers on amd64, 34 on arm64.
func (p *Process) readPRStatus(desc []byte, off int64) {
	n := len(p.arch.Registers)
	if len(desc) < layout.PRReg+8*n {
		p.gap("thread", p.name, "NT_PRSTATUS at offset %#x has %d bytes, %s has %d",
			off, len(desc), p.arch.Name, layout.PRStatusSize(n))
		return
	}
	t := Thread{
		TID:    int(int32(le32(desc[layout.PRPid:]))),
		Signal: int(int16(le16(desc[layout.PRCurSig:]))),
		Regs:   make([]uint64, n),
	}
	for i := range t.Regs {
		t.Regs[i] = le64(desc[layout.PRReg+8*i:])
	}
	p.threads = append(p.threads, t)
}

// orderThreads puts the thread that took the signal first. The kernel and gcore
// write it first already; other writers keep their own order and mark it.
func (p *Process) orderThreads() {
	if len(p.threads) == 0 || p.threads[0].Signal != 0 {
		return
	}
	i := slices.IndexFunc(p.threads, func(t Thread) bool { return t.Signal != 0 })
	if i > 0 {
		t := p.threads[i]
		copy(p.threads[1:], p.threads[:i])
		p.threads[0] = t
	}
}

func (p *Process) readPRPSInfo(desc []byte, off int64) {
	if len(desc) < layout.PSSize {
		p.gap("process", p.name, "NT_PRPSINFO at offset %#x has %d bytes, want %d", off, len(desc), layout.PSSize)
		return
	}
	p.pid = int(int32(le32(desc[layout.PSPid:])))
	p.fname = cstring(desc[layout.PSFName:][:layout.PSFNameLen])
	p.psargs = string(bytes.TrimRight([]byte(cstring(desc[layout.PSArgs:][:layout.PSArgsLen])), " "))
}

func (p *Process) readAuxv(desc []byte, off int64) {
	for i := 0; len(desc)-i >= 16; i += 16 {
		k, v := le64(desc[i:]), le64(desc[i+8:])
		if k == layout.ATNull {
			return
		}
		if len(p.auxv) == maxAuxv {
			p.gap("auxiliary vector", p.name, "NT_AUXV at offset %#x has more than %d entries", off, maxAuxv)
			return
		}
		if _, dup := p.auxv[k]; !dup {
			p.auxv[k] = v
		}
	}
}

// readFiles reads NT_FILE: a count, the page size, count triples of start, end
// and offset in pages, then as many names that end in NUL.
//
// Source: linux/fs/binfmt_elf.c, fill_files_note.
func (p *Process) readFiles(desc []byte, off int64) {
	if len(desc) < 16 {
		p.gap("file mappings", p.name, "NT_FILE at offset %#x has %d bytes, want 16 or more", off, len(desc))
		return
	}
	count, page := le64(desc), le64(desc[8:])
	if count > uint64(len(desc)-16)/25 { // 24 bytes and a name's NUL each
		p.gap("file mappings", p.name, "NT_FILE at offset %#x states %d files in %d bytes", off, count, len(desc))
		return
	}
	if page == 0 || page > 1<<30 {
		p.gap("file mappings", p.name, "NT_FILE at offset %#x: the page size is %d", off, page)
		return
	}
	names := desc[16+24*count:]
	p.maps = make([]Mapping, 0, count)
	for i := range count {
		e := desc[16+24*i:]
		m := Mapping{Start: Addr(le64(e)), End: Addr(le64(e[8:]))}
		var ok bool
		if m.File, names, ok = p.fileName(names); !ok {
			p.gap("file mappings", p.name, "NT_FILE at offset %#x: %d names for %d files", off, i, count)
			break
		}
		pages := le64(e[16:])
		if m.Start >= m.End || pages > (1<<62)/page {
			p.gap("file mappings", p.name, "NT_FILE at offset %#x: entry %d is [%#x, %#x) at page %#x",
				off, i, uint64(m.Start), uint64(m.End), pages)
			break
		}
		m.Off = int64(pages * page)
		p.maps = append(p.maps, m)
	}
	slices.SortStableFunc(p.maps, func(a, b Mapping) int { return cmp.Compare(a.Start, b.Start) })
}

// fileName takes one name off b. The segments of a file follow each other, so
// its name is usually that of the mapping before.
func (p *Process) fileName(b []byte) (name string, rest []byte, ok bool) {
	i := bytes.IndexByte(b, 0)
	if i < 0 {
		return "", nil, false
	}
	if n := len(p.maps); n > 0 && p.maps[n-1].File == string(b[:i]) {
		return p.maps[n-1].File, b[i+1:], true
	}
	return string(b[:i]), b[i+1:], true
}

func cstring(b []byte) string {
	if i := bytes.IndexByte(b, 0); i >= 0 {
		b = b[:i]
	}
	return string(b)
}
