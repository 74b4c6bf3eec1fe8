//go:build amd64 || arm64

package capture

import (
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"slices"

	"moho/core"
	"moho/core/internal/layout"
	"moho/core/internal/proc"
)

const (
	// maxNotes bounds the notes of a core that are copied: 100,000 threads have 300 MB.
	maxNotes = 1 << 30

	// maxPieces is about how many segments a redacted core may have: what
	// lies between two that are kept is made zeros instead of absent when there are more.
	maxPieces = 16 << 10

	// minPage is the smallest page of any machine whose cores are read.
	minPage = 4096
)

// Redact writes to out, which must be empty, what of the core p lies in keep,
// and all registers but those of floating point and vectors, through which
// copies of anything go. Pages of which nothing is kept are absent; of others
// the rest is zero. Arguments of the program are blanked. What every core has of
// files is kept: first pages of ELF files, which hold Build IDs, code, what of the
// executable is read-only once it is relocated, the vDSO.
func Redact(ctx context.Context, p *core.Process, keep []core.Range, out *os.File) error {
	note, err := notesOf(p)
	if err != nil {
		return err
	}
	keep = withHeaders(p, keep)
	w := newWriter(p.PID(), out)
	w.ctx, w.page, w.zeros = ctx, minPage, make([]byte, minPage)
	if p.Arch().Name == "arm64" {
		w.machine = layout.MachineARM64
	} else {
		w.machine = layout.MachineAMD64
	}
	w.mem = redacted{p, keep}
	w.note = blank(note)
	w.segs = keptSegments(p, keep)
	return w.write()
}

// redacted reads what is kept, and zeros around it.
type redacted struct {
	p    *core.Process
	keep []core.Range
}

func (r redacted) Close() error { return nil }

func (r redacted) Read(b []byte, addr uint64) error {
	clear(b)
	end := core.Addr(addr) + core.Addr(len(b))
	for i := firstAfter(r.keep, core.Addr(addr)); i < len(r.keep) && r.keep[i].Addr < end; i++ {
		from := max(r.keep[i].Addr, core.Addr(addr))
		to := min(r.keep[i].Addr+core.Addr(r.keep[i].Size), end)
		for from < to { // what the core itself lacks stays zero
			n, _ := r.p.ReadMemory(b[from-core.Addr(addr):to-core.Addr(addr)], from)
			from += core.Addr(n)
			if from < to {
				from = min(to, (from+minPage)&^(minPage-1))
			}
		}
	}
	return nil
}

// firstAfter returns the index of the first range that ends after a.
func firstAfter(rs []core.Range, a core.Addr) int {
	i, _ := slices.BinarySearchFunc(rs, a, func(r core.Range, a core.Addr) int {
		if r.Addr+core.Addr(r.Size) <= a {
			return -1
		}
		return 1
	})
	return i
}

// keptSegments cuts the regions of p into pages of which something is kept, and
// what lies between, which the core will say was there but will not have.
func keptSegments(p *core.Process, keep []core.Range) (segs []segment) {
	for gap := core.Addr(minPage); ; gap *= 4 {
		segs = segs[:0]
		for _, r := range p.Regions() {
			segs = cut(segs, r, keep, gap)
		}
		if len(segs) <= maxPieces+2*len(p.Regions()) {
			return segs
		}
	}
}

// cut appends the segments of one region. Less than gap between what is kept is
// not cut out.
func cut(segs []segment, r core.Region, keep []core.Range, gap core.Addr) []segment {
	part := func(from, to core.Addr, kept bool) {
		if from >= to {
			return
		}
		v := &proc.VMA{Start: uint64(from), End: uint64(to), Read: r.Read, Write: r.Write, Exec: r.Exec}
		s := segment{VMA: v}
		if kept {
			s.keep = v.Size()
			s.runs = []span{{start: v.Start, end: v.End}}
		}
		segs = append(segs, s)
	}
	had := r.Addr + core.Addr(r.FileSize)
	at := r.Addr // all before is done
	var from, to core.Addr
	for i := firstAfter(keep, r.Addr); i < len(keep) && keep[i].Addr < had; i++ {
		a := max(keep[i].Addr&^(minPage-1), r.Addr)
		b := min((keep[i].Addr+core.Addr(keep[i].Size)+minPage-1)&^(minPage-1), had)
		if to > 0 && a < to+gap {
			to = max(to, b)
			continue
		}
		part(at, from, false)
		part(max(at, from), to, true)
		at = max(at, to)
		from, to = max(a, at), b
	}
	part(at, from, false)
	part(max(at, from), to, true)
	part(max(at, to), r.End(), false)
	return segs
}

// notesOf returns the notes of an ELF core, all segments of them.
func notesOf(p *core.Process) ([]byte, error) {
	head := make([]byte, layout.EhdrSize)
	if _, err := p.ReadAt(head, 0); err != nil || !bytes.HasPrefix(head, []byte("\x7fELF\x02\x01")) {
		return nil, fmt.Errorf("capture: %s: no ELF core", p.Name())
	}
	phoff, n := le.Uint64(head[layout.EhPhoff:]), uint64(le.Uint16(head[layout.EhPhnum:]))
	if n == layout.PNXNum {
		sh := make([]byte, layout.ShdrSize)
		if _, err := p.ReadAt(sh, int64(le.Uint64(head[layout.EhShoff:])&(1<<63-1))); err != nil {
			return nil, fmt.Errorf("capture: %s: the section header that counts segments: %w", p.Name(), err)
		}
		n = uint64(le.Uint32(sh[layout.ShInfo:]))
	}
	var notes []byte
	ph := make([]byte, layout.PhdrSize)
	for i := range n {
		off := phoff + i*layout.PhdrSize
		if off > uint64(p.Size()) {
			break
		}
		if _, err := p.ReadAt(ph, int64(off)); err != nil {
			break // truncated, which core says
		}
		if le.Uint32(ph) != layout.PTNote {
			continue
		}
		from, size := le.Uint64(ph[8:]), le.Uint64(ph[32:])
		if from > uint64(p.Size()) || size > uint64(p.Size())-from || uint64(len(notes))+size > maxNotes {
			return nil, fmt.Errorf("capture: %s: notes of %d bytes at offset %#x exceed the file or the limit", p.Name(), size, from)
		}
		b := make([]byte, size)
		if _, err := p.ReadAt(b, int64(from)); err != nil && size > 0 {
			return nil, fmt.Errorf("capture: %s: notes: %w", p.Name(), err)
		}
		notes = append(notes, b...)
	}
	if len(notes) == 0 {
		return nil, errors.New("capture: the core has no notes")
	}
	return notes, nil
}

// keptNotes are the notes of a redacted core. What they hold is registers,
// names and numbers.
var keptNotes = []uint32{layout.NTPRStatus, layout.NTPRPSInfo, layout.NTSigInfo, layout.NTAuxv, layout.NTFile}

// blank returns the notes without vector registers and the program's arguments.
func blank(b []byte) []byte {
	var n notes
	for len(b) >= 12 {
		nameSize, size, typ := uint64(le.Uint32(b)), uint64(le.Uint32(b[4:])), le.Uint32(b[8:])
		desc := 12 + (nameSize+3)&^3
		if desc+size > uint64(len(b)) {
			break
		}
		name, d := bytes.TrimRight(b[12:12+nameSize], "\x00"), b[desc:desc+size]
		if string(name) == "CORE" && slices.Contains(keptNotes, typ) {
			if typ == layout.NTPRPSInfo && len(d) >= layout.PSSize {
				args := d[layout.PSArgs:][:layout.PSArgsLen]
				if i := bytes.IndexAny(args, " \x00"); i >= 0 {
					clear(args[i:])
				}
			}
			n.add("CORE", typ, d)
		}
		b = b[min(desc+(size+3)&^3, uint64(len(b))):]
	}
	return n.buf
}

// withHeaders adds to keep what every core has of files. The result is in order
// and does not overlap.
func withHeaders(p *core.Process, keep []core.Range) []core.Range {
	all := slices.Clone(keep)
	vdso, entry := core.Addr(p.Auxv()[atSysinfoEhdr]), core.Addr(p.Auxv()[atEntry])
	exe := ""
	for _, r := range p.Regions() {
		if r.Addr <= entry && entry < r.End() {
			exe = r.File
		}
	}
	for _, r := range p.Regions() {
		switch {
		case r.FileSize == 0:
		case vdso != 0 && r.Addr <= vdso && vdso < r.End(), !r.Write && r.File != "" && (r.Exec || r.File == exe):
			all = append(all, core.Range{Addr: r.Addr, Size: r.FileSize})
		case !r.Write && r.File != "" && r.FileOff == 0:
			if b, err := p.Slice(r.Addr, 4); err == nil && binary.BigEndian.Uint32(b) == 0x7f454c46 {
				all = append(all, core.Range{Addr: r.Addr, Size: min(r.FileSize, maxHeaders)})
			}
		}
	}
	slices.SortFunc(all, func(a, b core.Range) int { return cmp.Compare(a.Addr, b.Addr) })
	out := all[:0]
	for _, r := range all {
		if n := len(out); n > 0 && r.Addr <= out[n-1].Addr+core.Addr(out[n-1].Size) {
			out[n-1].Size = max(out[n-1].Size, uint64(r.Addr-out[n-1].Addr)+r.Size)
			continue
		}
		if r.Size > 0 {
			out = append(out, r)
		}
	}
	return out
}

// Entries of the auxiliary vector: where the program begins, and the vDSO.
const (
	atEntry       = 9
	atSysinfoEhdr = 33
)
