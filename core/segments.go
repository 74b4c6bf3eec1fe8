package core

import (
	"cmp"
	"fmt"
	"slices"

	"moho/core/internal/layout"
)

// span is a range of the file.
type span struct{ off, size uint64 }

// open reads a core from data.
func open(name string, data []byte) (*Process, error) {
	h, a, err := readHeader(name, data)
	if err != nil {
		return nil, err
	}
	p := &Process{name: name, kind: "elf-core", data: data, arch: a, auxv: map[uint64]uint64{}}
	notes, pieces := p.readSegments(h)
	p.readNotes(notes)
	p.own = newMemory(pieces)
	p.mem = p.own
	p.nameRegions()
	if p.want > int64(len(data)) {
		p.missing = p.want - int64(len(data))
		p.gap("end of the core", name, "the file is truncated: %d of %d bytes are missing", p.missing, p.want)
	}
	if len(p.threads) == 0 {
		p.gap("threads", name, "the core has no NT_PRSTATUS note that could be read")
	}
	return p, nil
}

// readSegments reads the program headers that are there. It fills p.regions and
// returns the notes' places and the memory, both in file order.
func (p *Process) readSegments(h header) (notes []span, pieces []piece) {
	size := uint64(len(p.data))
	n := min(h.phnum, (size-h.phoff)/layout.PhdrSize)
	p.wants(h.phoff + h.phnum*layout.PhdrSize)
	p.wants(h.end)
	var odd oddities
	for i := range n {
		b := p.data[h.phoff+i*layout.PhdrSize:][:layout.PhdrSize]
		typ := le32(b)
		flags := le32(b[4:])
		off := le64(b[8:])
		addr := le64(b[16:])
		filesz := le64(b[32:])
		memsz := le64(b[40:])
		if typ != layout.PTLoad && typ != layout.PTNote {
			continue
		}
		if filesz > 0 && (off > 1<<62 || filesz > 1<<62) {
			odd.note(&odd.beyond, i, "offset %#x and size %#x are beyond any file", off, filesz)
			off, filesz = 0, 0
		}
		if typ == layout.PTNote {
			p.wants(off + filesz)
			notes = append(notes, span{off, filesz})
			continue
		}
		if filesz > memsz {
			odd.note(&odd.larger, i, "%#x bytes in the file for %#x of memory", filesz, memsz)
			filesz = memsz
		}
		if addr+memsz < addr {
			odd.note(&odd.wraps, i, "address %#x and size %#x wrap around", addr, memsz)
			memsz = -addr - 1 // up to, not including, the last address
			filesz = min(filesz, memsz)
		}
		if memsz == 0 {
			continue
		}
		if filesz > 0 {
			p.wants(off + filesz)
		}
		var data []byte
		if off < size {
			data = p.data[off : off+min(filesz, size-off)]
		}
		p.regions = append(p.regions, Region{
			Addr: Addr(addr), Size: memsz, FileSize: uint64(len(data)),
			Read: flags&layout.FlagRead != 0, Write: flags&layout.FlagWrite != 0, Exec: flags&layout.FlagExec != 0,
		})
		pieces = append(pieces, piece{addr: Addr(addr), end: Addr(addr + memsz), data: data})
	}
	p.regions, pieces = disjoint(p.regions, pieces, &odd)
	odd.report(p)
	return notes, pieces
}

// wants notes that the complete file reaches to end.
func (p *Process) wants(end uint64) {
	if end <= 1<<63-1 {
		p.want = max(p.want, int64(end))
	}
}

// disjoint orders regions by address and cuts what overlaps: the one that
// starts first keeps the bytes, or the earlier in the file of two that start
// together. Regions and pieces correspond by index and still do afterwards.
func disjoint(rs []Region, ps []piece, odd *oddities) ([]Region, []piece) {
	order := make([]int, len(rs))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(rs[a].Addr, rs[b].Addr) })
	outR, outP := make([]Region, 0, len(rs)), make([]piece, 0, len(ps))
	var end Addr
	for _, i := range order {
		r, q := rs[i], ps[i]
		if len(outR) > 0 && r.Addr < end {
			odd.note(&odd.overlap, uint64(i), "memory at %#x is also that of another", uint64(r.Addr))
			if r.End() <= end {
				continue
			}
			cut := uint64(end - r.Addr)
			q.addr, q.data = end, q.data[min(cut, uint64(len(q.data))):]
			r.Addr, r.Size, r.FileSize = end, r.Size-cut, uint64(len(q.data))
		}
		end = r.End()
		outR, outP = append(outR, r), append(outP, q)
	}
	return outR, outP
}

// nameRegions gives regions the names of the files that were mapped there.
func (p *Process) nameRegions() {
	for i := range p.regions {
		r := &p.regions[i]
		if m, ok := p.mappingAt(r.Addr); ok {
			r.File, r.FileOff = m.File, m.Off+int64(r.Addr-m.Start)
		}
	}
}

// mappingAt returns the file mapping that holds a.
func (p *Process) mappingAt(a Addr) (Mapping, bool) {
	i, found := slices.BinarySearchFunc(p.maps, a, func(m Mapping, a Addr) int { return cmp.Compare(m.Start, a) })
	if !found {
		i--
	}
	if i < 0 || a >= p.maps[i].End {
		return Mapping{}, false
	}
	return p.maps[i], true
}

// oddities counts malformed segments by kind: a hostile file has millions of
// them, and one line each says it all.
type oddities struct {
	beyond, larger, wraps, overlap oddity
}

type oddity struct {
	count int
	first string
}

func (*oddities) note(o *oddity, segment uint64, format string, args ...any) {
	if o.count++; o.count == 1 {
		o.first = fmt.Sprintf("segment %d: ", segment) + fmt.Sprintf(format, args...)
	}
}

func (o *oddities) report(p *Process) {
	for _, k := range []struct {
		what string
		oddity
	}{
		{"segment beyond the file", o.beyond},
		{"segment larger in the file than in memory", o.larger},
		{"segment that wraps around", o.wraps},
		{"overlapping segment", o.overlap},
	} {
		switch {
		case k.count == 1:
			p.gap(k.what, p.name, "%s", k.first)
		case k.count > 1:
			p.gap(k.what, p.name, "%s, and %d more", k.first, k.count-1)
		}
	}
}
