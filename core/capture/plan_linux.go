//go:build amd64 || arm64

package capture

import (
	"bytes"
	"fmt"

	"moho/core/internal/layout"
	"moho/core/internal/proc"
)

const (
	// maxHeaders bounds what is kept of an ELF file beyond its first page.
	maxHeaders = 64 << 10

	// minHole is the smallest run of untouched pages that gets a segment of its
	// own.
	minHole = 1 << 20

	// maxHoles is about how many segments of untouched pages there may be: enough
	// for the file to be small, few enough for debuggers that search a list.
	maxHoles = 512

	// maxScan bounds the mappings whose pages are looked at, 2 GB of pagemap.
	// Those of sanitizers are larger, and ask not to be dumped.
	maxScan = 1 << 40
)

// segment is a mapping, or a part of one, and how much of it, from its start,
// goes into the core.
type segment struct {
	*proc.VMA
	keep uint64
	off  uint64 // in the core
	zero bool   // no page was ever touched
	runs []span // what is to be copied, in order
}

// span is memory that is to be copied. data, if it is not nil, is what was in it.
type span struct {
	start, end uint64
	data       []byte
}

// plan decides what of each mapping goes into the core. The rule is that of the
// kernel with its default filter (linux/fs/coredump.c, vma_dump_size), but for
// [vsyscall], which is the same in every process.
//
// Where the kernel leaves a hole in the file for pages that were never touched,
// a long run of them is cut out here, and all such runs share one hole: a file
// that is copied by a tool that fills holes stays small.
func (w *writer) plan(maps []proc.VMA) []segment {
	var segs []segment
	for i := range maps {
		v := &maps[i]
		s := segment{VMA: v}
		switch {
		case v.Name == "[vdso]":
			s.keep = v.Size()
		case v.DontDump || v.Name == "[vsyscall]":
		case v.SharedMemory():
			s.keep = v.Size()
		case v.Shared:
		case v.Anonymous > 0 && v.File:
			s.keep = v.Size()
		case v.Anonymous > 0 && v.Size() > maxScan:
			w.gap("memory", fmt.Sprintf("%#x", v.Start), fmt.Sprintf("the mapping of %d bytes is too large to be searched", v.Size()))
		case v.Anonymous > 0:
			segs = w.split(segs, v)
			continue
		case v.File && v.Off == 0 && v.Read:
			s.keep = w.elfHeaders(v)
		}
		if s.keep > 0 {
			s.runs = []span{{start: s.Start, end: s.Start + s.keep}}
		}
		segs = append(segs, s)
	}
	return cutHoles(segs, w.page)
}

// split appends the segments of a private mapping without a file: what was
// touched, and the long runs between that were not.
func (w *writer) split(segs []segment, v *proc.VMA) []segment {
	var runs []span // of the segment that is being made
	part := func(from, to uint64, zero bool) {
		if from < to {
			p := *v
			p.Start, p.End = from, to
			segs = append(segs, segment{VMA: &p, keep: to - from, zero: zero, runs: runs})
			runs = nil
		}
	}
	from, end := v.Start, v.Start // [from, end) is to be kept
	hole := func(to uint64) {
		if to-end >= minHole {
			part(from, end, false)
			part(end, to, true)
			from = to
		}
	}
	proc.Own(w.pagemap, v, w.page, func(start, stop uint64) error {
		hole(start)
		runs = append(runs, span{start: start, end: stop})
		end = stop
		return nil
	})
	hole(v.End)
	part(from, v.End, false)
	return segs
}

// cutHoles cuts the segments of zeros so that the hole they share need not be
// as long as the longest of them.
func cutHoles(segs []segment, page uint64) []segment {
	total := uint64(0)
	for _, s := range segs {
		if s.zero {
			total += s.Size()
		}
	}
	limit := (max(minHole, total/maxHoles) + page - 1) &^ (page - 1)
	out := make([]segment, 0, len(segs))
	for _, s := range segs {
		for s.zero && s.Size() > limit {
			p := *s.VMA
			p.End = p.Start + limit
			out = append(out, segment{VMA: &p, keep: limit, zero: true})
			rest := *s.VMA
			rest.Start = p.End
			s.VMA, s.keep = &rest, rest.Size()
		}
		out = append(out, s)
	}
	return out
}

// elfHeaders returns how much of a mapped file to keep so that its ELF header
// and notes are in the core: 0 if it is no ELF file.
func (w *writer) elfHeaders(v *proc.VMA) uint64 {
	b := w.buf[:min(v.Size(), w.page)]
	if w.mem.Read(b, v.Start) != nil || len(b) < layout.EhdrSize || !bytes.HasPrefix(b, []byte("\x7fELF\x02\x01")) {
		return 0
	}
	keep := uint64(len(b))
	off, n := le.Uint64(b[layout.EhPhoff:]), uint64(le.Uint16(b[layout.EhPhnum:]))
	for i := range n {
		at := off + i*layout.PhdrSize
		if at > uint64(len(b)) || uint64(len(b))-at < layout.PhdrSize {
			break
		}
		p := b[at:]
		from, size := le.Uint64(p[8:]), le.Uint64(p[32:])
		if le.Uint32(p) == layout.PTNote && from < maxHeaders && size < maxHeaders {
			keep = max(keep, from+size)
		}
	}
	return min(v.Size(), (keep+w.page-1)&^(w.page-1))
}
