//go:build amd64 || arm64

package live

import (
	"cmp"
	"context"
	"fmt"
	"math/bits"
	"os"
	"slices"

	"golang.org/x/sys/unix"

	"moho/core"
	"moho/core/internal/proc"
)

const (
	// maxMirror bounds the mappings that are mirrored: those of sanitizers are
	// larger, and hold no Go memory.
	maxMirror = 1 << 40

	// maxFile is how large a private file mapping that was written to may be for
	// all of it to be copied, not only the pages that were.
	maxFile = 64 << 20

	// step is how many bytes of pages the kernel is asked about at a time.
	step = 1 << 30
)

// A mirror is address space for one mapping of the process, as large as that.
// Pages that were not copied take no memory, and read as zero: in a mapping
// without a file, that is what they are.
type mirror struct {
	vma  *proc.VMA
	data []byte
	page uint64
	have []uint64 // a bit for every page that was copied; nil: all of them count
	head bool     // only the first page is wanted: the header of an ELF file
}

// prepare makes the mirrors while the process still runs, and has the kernel
// give them the memory that is about to be filled: most of what a copy costs.
// What changes until the process is stopped is put right by mirror.
func (t *taker) prepare() (err error) {
	if t.maps, err = proc.ReadMaps(t.pid); err != nil {
		return fmt.Errorf("process %d: maps: %w", t.pid, err)
	}
	if err := t.mirror(); err != nil {
		return err
	}
	if t.private() > min(t.opts.Limit, t.room) {
		if err := t.rehearse(); err != nil {
			return err
		}
	} else {
		for i := range t.mirrors {
			m := &t.mirrors[i]
			if m.head || m.vma.File {
				continue
			}
			if m.vma.Anonymous >= m.vma.Size()/8*7 {
				unix.Madvise(m.data, unix.MADV_HUGEPAGE) // nearly all of it will be used
			}
			if err := proc.Own(t.pagemap, m.vma, m.page, func(start, end uint64) error {
				// A kernel older than 5.14 does not know this, and will do it later.
				unix.Madvise(m.data[start-m.vma.Start:end-m.vma.Start], unix.MADV_POPULATE_WRITE)
				return context.Cause(t.ctx)
			}); err != nil {
				return err
			}
		}
	}
	t.ready, t.mirrors, t.regions, t.files, t.gaps = t.mirrors, nil, nil, nil, nil
	return nil
}

// rehearse asks what will be wanted while the process still runs. What it is
// told is torn, and only the pages count: the kernel gives their copies memory
// now, and they are the first to be copied when the process stands still.
func (t *taker) rehearse() error {
	if t.opts.Select == nil {
		return nil
	}
	room := t.room
	defer func() { t.room, t.copied, t.refused = room, 0, 0 }()
	var err error
	if t.auxv, err = readAuxv(t.pid); err != nil {
		return fmt.Errorf("process %d: auxiliary vector: %w", t.pid, err)
	}
	if err := t.read(t.heads()); err != nil {
		return err
	}
	p, err := t.assemble(nil)
	if err != nil {
		return err
	}
	t.opts.Select(p, t.exe, t.fetch) // an error of it is for the real thing
	return context.Cause(t.ctx)
}

// rehearsed returns what the rehearsal copied, to be copied again.
func (t *taker) rehearsed() (ranges []core.Range) {
	for i := range t.ready {
		if m := &t.ready[i]; !m.head {
			for _, b := range m.pieces(nil) {
				ranges = append(ranges, core.Range{Addr: b.Addr, Size: uint64(len(b.Data))})
			}
		}
	}
	return ranges
}

// private returns how many bytes of private memory there are.
func (t *taker) private() (total int64) {
	for i := range t.mirrors {
		total += int64(t.mirrors[i].vma.Anonymous)
	}
	return total
}

// mirror reserves address space for everything that may be copied, and notes
// the regions.
func (t *taker) mirror() error {
	for i := range t.maps {
		v := &t.maps[i]
		r := core.Region{Addr: core.Addr(v.Start), Size: v.Size(), Read: v.Read, Write: v.Write, Exec: v.Exec}
		if v.File {
			t.files = append(t.files, core.Mapping{Start: core.Addr(v.Start), End: core.Addr(v.End), Off: int64(v.Off), File: v.Name})
		}
		head := v.File && !v.Shared && v.Read && v.Off == 0 && v.Anonymous == 0 // Build IDs are there
		wanted := v.Name == "[vdso]" || head || !v.Shared && v.Anonymous > 0 && v.Name != "[vsyscall]"
		if wanted && v.Size() > maxMirror {
			t.gap("memory", fmt.Sprintf("%#x", v.Start), "the mapping of %d bytes is too large to be copied", v.Size())
			wanted = false
		}
		if wanted {
			b, err := t.reserve(v)
			if err != nil {
				return fmt.Errorf("process %d: %d bytes of address space to copy %#x to: %w", t.pid, v.Size(), v.Start, err)
			}
			page := uint64(os.Getpagesize())
			t.mirrors = append(t.mirrors, mirror{vma: v, data: b, page: page, have: make([]uint64, (v.Size()/page+63)/64), head: head})
			r.FileSize = r.Size
		}
		t.regions = append(t.regions, r)
	}
	return nil
}

// reserve returns address space as large as v: what was prepared for it, if it
// is still the same.
func (t *taker) reserve(v *proc.VMA) ([]byte, error) {
	if i, ok := slices.BinarySearchFunc(t.ready, v.Start, func(m mirror, a uint64) int { return cmp.Compare(m.vma.Start, a) }); ok {
		if m := &t.ready[i]; m.vma.End == v.End && m.vma.File == v.File && m.data != nil {
			return m.data, nil
		}
	}
	b, err := unix.Mmap(-1, 0, int(v.Size()), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS|unix.MAP_NORESERVE)
	if err == nil {
		t.unmap = append(t.unmap, func() error { return unix.Munmap(b) })
	}
	return b, err
}

// copy copies all private memory, or what is asked for.
func (t *taker) copy() error {
	total := t.private()
	if t.whole = total <= min(t.opts.Limit, t.room); t.whole {
		return t.everything()
	}
	if err := t.read(t.heads()); err != nil {
		return err
	}
	if t.opts.Select != nil {
		p, err := t.fetch(t.rehearsed())
		if err != nil {
			return err
		}
		if err := t.opts.Select(p, t.exe, t.fetch); err != nil {
			return err
		}
	}
	t.gap("memory", fmt.Sprintf("process %d", t.pid), "of %s of private memory %s were copied, what the questions about goroutines and stacks need; "+
		"the rest of the heap is not here", size(total), size(t.copied))
	if t.refused > 0 {
		t.gap("memory", fmt.Sprintf("process %d", t.pid), "%s more were wanted, but only half of the memory that this machine has available is used", size(t.refused))
	}
	return nil
}

// heads returns what is copied in any case: the first pages of ELF files.
func (t *taker) heads() (runs []proc.Run) {
	for i := range t.mirrors {
		if m := &t.mirrors[i]; m.head {
			runs = m.take(m.vma.Start, m.vma.Start+m.page, runs)
		}
	}
	return runs
}

// everything copies all private memory.
func (t *taker) everything() error {
	runs := t.heads()
	for i := range t.mirrors {
		m := &t.mirrors[i]
		if m.head {
			continue
		}
		if v := m.vma; v.Anonymous == 0 || v.File && v.Size() <= maxFile { // the vDSO, and files that were written to
			m.have = nil
			runs = append(runs, proc.Run{Addr: v.Start, Data: m.data})
			t.copied += int64(v.Size())
			continue
		}
		all := !m.vma.File // then what was not touched is zero
		proc.Own(t.pagemap, m.vma, m.page, func(start, end uint64) error {
			runs = append(runs, proc.Run{Addr: start, Data: m.data[start-m.vma.Start : end-m.vma.Start]})
			t.copied += int64(end - start)
			if !all {
				m.take(start, end, nil)
			}
			return nil
		})
		if all {
			m.have = nil
		}
	}
	return t.read(runs)
}

// fetch copies what of the ranges was not yet copied.
func (t *taker) fetch(ranges []core.Range) (*core.Process, error) {
	var runs []proc.Run
	for _, r := range ranges {
		start, end := uint64(r.Addr), uint64(r.Addr)+r.Size
		if end < start {
			continue
		}
		i, ok := slices.BinarySearchFunc(t.mirrors, start, func(m mirror, a uint64) int { return cmp.Compare(m.vma.Start, a) })
		if !ok && i > 0 {
			i--
		}
		for ; i < len(t.mirrors) && t.mirrors[i].vma.Start < end; i++ {
			m := &t.mirrors[i]
			if m.head {
				continue // a file, which is on the disk
			}
			from, to := max(start, m.vma.Start)&^(m.page-1), (min(end, m.vma.End)+m.page-1)&^(m.page-1)
			if from < to {
				runs = m.take(from, to, runs)
			}
		}
	}
	runs = t.bound(runs)
	for _, r := range runs {
		t.copied += int64(len(r.Data))
	}
	slices.SortFunc(runs, func(a, b proc.Run) int { return cmp.Compare(a.Addr, b.Addr) })
	if err := t.read(runs); err != nil {
		return nil, err
	}
	return t.assemble(nil)
}

// bound leaves out what there is no room for.
func (t *taker) bound(runs []proc.Run) []proc.Run {
	for i, r := range runs {
		if t.room -= int64(len(r.Data)); t.room >= 0 {
			continue
		}
		t.room = 0
		for _, r := range runs[i:] {
			t.refused += int64(len(r.Data))
			t.forget(r)
		}
		return runs[:i]
	}
	return runs
}

// read copies memory. What can't be read is no longer counted as there.
func (t *taker) read(runs []proc.Run) error {
	lost, err := t.mem.Copy(t.ctx, runs)
	if err != nil {
		return err
	}
	for _, r := range lost {
		t.lost += int64(len(r.Data))
		t.forget(r)
	}
	if len(lost) > 0 {
		t.gap("memory", fmt.Sprintf("%#x", lost[0].Addr), "%d pages, of which this is one, could not be read", len(lost))
	}
	return nil
}

// forget notes that a run was not copied.
func (t *taker) forget(r proc.Run) {
	for i := range t.mirrors {
		m := &t.mirrors[i]
		if r.Addr < m.vma.Start || r.Addr >= m.vma.End {
			continue
		}
		if m.have == nil {
			m.have = make([]uint64, (m.vma.Size()/m.page+63)/64)
			m.take(m.vma.Start, m.vma.End, nil)
		}
		first := (r.Addr - m.vma.Start) / m.page
		for p := first; p < first+uint64(len(r.Data))/m.page; p++ {
			m.have[p/64] &^= 1 << (p % 64)
		}
	}
}

// take marks the pages [from, to) as copied, and appends those that were not.
func (m *mirror) take(from, to uint64, runs []proc.Run) []proc.Run {
	for a := from; a < to; a += m.page {
		p := (a - m.vma.Start) / m.page
		if m.have == nil || m.have[p/64]&(1<<(p%64)) != 0 {
			continue
		}
		m.have[p/64] |= 1 << (p % 64)
		off := a - m.vma.Start
		if n := len(runs); n > 0 && runs[n-1].Addr+uint64(len(runs[n-1].Data)) == a && len(runs[n-1].Data) < step &&
			runs[n-1].Addr >= m.vma.Start {
			last := runs[n-1].Addr - m.vma.Start
			runs[n-1].Data = m.data[last : off+m.page]
			continue
		}
		runs = append(runs, proc.Run{Addr: a, Data: m.data[off : off+m.page : off+m.page]})
	}
	return runs
}

// pieces appends what was copied.
func (m *mirror) pieces(list []core.Bytes) []core.Bytes {
	if m.have == nil {
		return append(list, core.Bytes{Addr: core.Addr(m.vma.Start), Data: m.data})
	}
	pages := m.vma.Size() / m.page
	for p := m.next(0, false); p < pages; {
		end := min(m.next(p, true), pages)
		list = append(list, core.Bytes{Addr: core.Addr(m.vma.Start + p*m.page), Data: m.data[p*m.page : end*m.page]})
		p = m.next(end, false)
	}
	return list
}

// next returns the first page from p on that was copied, or that was not.
func (m *mirror) next(p uint64, not bool) uint64 {
	for i := p / 64; i < uint64(len(m.have)); i++ {
		w := m.have[i]
		if not {
			w = ^w
		}
		if i == p/64 {
			w &= ^uint64(0) << (p % 64)
		}
		if w != 0 {
			return i*64 + uint64(bits.TrailingZeros64(w))
		}
	}
	return uint64(len(m.have)) * 64
}

func size(n int64) string {
	if n >= 1<<30 {
		return fmt.Sprintf("%.1f GiB", float64(n)/(1<<30))
	}
	return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20))
}
