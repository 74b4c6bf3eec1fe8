//go:build amd64 || arm64

package capture

import (
	"bytes"
	"fmt"

	"moho/core/internal/layout"
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
	*vma
	keep uint64
	off  uint64 // in the core
	all  bool   // every page counts, not only private ones
	zero bool   // no page was ever touched
}

// plan decides what of each mapping goes into the core. The rule is that of the
// kernel with its default filter (linux/fs/coredump.c, vma_dump_size), but for
// [vsyscall], which is the same in every process.
//
// Where the kernel leaves a hole in the file for pages that were never touched,
// a long run of them is cut out here, and all such runs share one hole: a file
// that is copied by a tool that fills holes stays small.
func (w *writer) plan(maps []vma) []segment {
	var segs []segment
	for i := range maps {
		v := &maps[i]
		s := segment{vma: v}
		switch {
		case v.name == "[vdso]":
			s.keep, s.all = v.size(), true
		case v.dontDump || v.name == "[vsyscall]":
		case v.sharedMemory():
			s.keep, s.all = v.size(), true
		case v.shared:
		case v.anonymous > 0 && v.file:
			s.keep, s.all = v.size(), true
		case v.anonymous > 0 && v.size() > maxScan:
			w.gap("memory", fmt.Sprintf("%#x", v.start), fmt.Sprintf("the mapping of %d bytes is too large to be searched", v.size()))
		case v.anonymous > 0:
			segs = w.split(segs, v)
			continue
		case v.file && v.off == 0 && v.read:
			s.keep, s.all = w.elfHeaders(v), true
		}
		segs = append(segs, s)
	}
	return cutHoles(segs, w.page)
}

// split appends the segments of a private mapping without a file: what was
// touched, and the long runs between that were not.
func (w *writer) split(segs []segment, v *vma) []segment {
	part := func(from, to uint64, zero bool) {
		if from < to {
			p := *v
			p.start, p.end = from, to
			segs = append(segs, segment{vma: &p, keep: to - from, zero: zero})
		}
	}
	from, end := v.start, v.start // [from, end) is to be kept
	hole := func(to uint64) {
		if to-end >= minHole {
			part(from, end, false)
			part(end, to, true)
			from = to
		}
	}
	own(w.pagemap, v, w.page, func(start, stop uint64) error {
		hole(start)
		end = stop
		return nil
	})
	hole(v.end)
	part(from, v.end, false)
	return segs
}

// cutHoles cuts the segments of zeros so that the hole they share need not be
// as long as the longest of them.
func cutHoles(segs []segment, page uint64) []segment {
	total := uint64(0)
	for _, s := range segs {
		if s.zero {
			total += s.size()
		}
	}
	limit := (max(minHole, total/maxHoles) + page - 1) &^ (page - 1)
	out := make([]segment, 0, len(segs))
	for _, s := range segs {
		for s.zero && s.size() > limit {
			p := *s.vma
			p.end = p.start + limit
			out = append(out, segment{vma: &p, keep: limit, zero: true})
			rest := *s.vma
			rest.start = p.end
			s.vma, s.keep = &rest, rest.size()
		}
		out = append(out, s)
	}
	return out
}

// elfHeaders returns how much of a mapped file to keep so that its ELF header
// and notes are in the core: 0 if it is no ELF file.
func (w *writer) elfHeaders(v *vma) uint64 {
	b := w.buf[:min(v.size(), w.page)]
	if w.read(b, v.start) != nil || len(b) < layout.EhdrSize || !bytes.HasPrefix(b, []byte("\x7fELF\x02\x01")) {
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
	return min(v.size(), (keep+w.page-1)&^(w.page-1))
}
