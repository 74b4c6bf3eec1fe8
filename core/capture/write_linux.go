//go:build amd64 || arm64

package capture

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"

	"golang.org/x/sys/unix"

	"moho/core/internal/layout"
	"moho/core/internal/proc"
	"moho/evidence"
)

// writer writes the core of a process whose threads are stopped.
type writer struct {
	pid     int
	out     *os.File
	mem     memory
	pagemap *os.File // nil where the kernel has none
	machine uint16
	page    uint64
	buf     []byte
	zeros   []byte
	gaps    []evidence.Gap

	note []byte    // see look
	segs []segment // see look

	ctx         context.Context
	progress    func(done, total int64) // may be nil
	done, total int64                   // bytes of memory
}

// A memory is what is written. [proc.Memory] is that of a process.
type memory interface {
	Read(b []byte, addr uint64) error
	Close() error
}

// WriteCore writes the core of a process to out, which must be empty, and
// returns what should be in it and is not. Every thread of the process must be
// stopped and traced by the calling OS thread. first is the thread that comes
// first, sig the signal that it is stopped for (0: none).
func WriteCore(out *os.File, pid, first int, sig unix.Signal) ([]evidence.Gap, error) {
	w := newWriter(pid, out)
	defer w.close()
	if err := w.look(first, sig); err != nil {
		return nil, err
	}
	if err := w.write(); err != nil {
		return nil, err
	}
	return w.gaps, nil
}

func newWriter(pid int, out *os.File) *writer {
	w := &writer{ctx: context.Background(), pid: pid, out: out, machine: machine, page: uint64(os.Getpagesize()), buf: make([]byte, 1<<20)}
	w.zeros = make([]byte, w.page)
	return w
}

func (w *writer) close() {
	if w.mem != nil {
		w.mem.Close()
	}
	if w.pagemap != nil {
		w.pagemap.Close()
	}
}

// look notes everything about the process but its memory.
func (w *writer) look(first int, sig unix.Signal) error {
	maps, err := proc.ReadMaps(w.pid)
	if err != nil {
		return fmt.Errorf("capture: process %d: maps: %w", w.pid, err)
	}
	var without []int
	if w.note, without, err = collect(w.pid, first, sig, maps); err != nil {
		return fmt.Errorf("capture: process %d: notes: %w", w.pid, err)
	}
	for _, tid := range without {
		w.gap("registers", fmt.Sprintf("thread %d", tid), "the thread could not be stopped")
	}
	mem, err := proc.OpenMemory(w.pid)
	if err != nil {
		return fmt.Errorf("capture: process %d: memory: %w", w.pid, err)
	}
	w.mem = mem
	if f, err := os.Open(fmt.Sprintf("/proc/%d/pagemap", w.pid)); err == nil {
		w.pagemap = f
	}
	w.segs = w.plan(maps)
	return nil
}

// write writes the file.
func (w *writer) write() error {
	end, err := w.headers(w.segs, w.note)
	if err != nil {
		return err
	}
	for i := range w.segs {
		if err := w.segment(&w.segs[i]); err != nil {
			return err
		}
	}
	// The file has its full length even if it ends in a hole.
	if err := w.out.Truncate(int64(end)); err != nil {
		return fmt.Errorf("capture: %w", err)
	}
	return nil
}

func (w *writer) gap(what, where, why string) {
	w.gaps = append(w.gaps, evidence.Gap{What: what, Where: where, Why: why})
}

// headers writes everything before the memory, and places the segments. It
// returns the size of the file. The hole that all zeros share comes first, so
// that a truncated file keeps it.
//
// More than 65534 segments need a section header that holds the count. It
// stands before the notes, not at the end as the kernel has it, so that a
// truncated file keeps it.
func (w *writer) headers(segs []segment, note []byte) (uint64, error) {
	n := uint64(len(segs)) + 1
	phoff := uint64(layout.EhdrSize)
	noteOff := phoff + n*layout.PhdrSize
	h := make([]byte, layout.EhdrSize, noteOff+layout.ShdrSize)
	copy(h, "\x7fELF\x02\x01\x01")
	le.PutUint16(h[layout.EhType:], layout.TypeCore)
	le.PutUint16(h[layout.EhMachine:], w.machine)
	le.PutUint32(h[layout.EhVersion:], 1)
	le.PutUint64(h[layout.EhPhoff:], phoff)
	le.PutUint16(h[layout.EhEhsize:], layout.EhdrSize)
	le.PutUint16(h[layout.EhPhentsize:], layout.PhdrSize)
	le.PutUint16(h[layout.EhPhnum:], uint16(min(n, layout.PNXNum)))
	var sh []byte
	if n >= layout.PNXNum {
		if n > math.MaxUint32 {
			return 0, errors.New("capture: more mappings than an ELF file can have")
		}
		sh = make([]byte, layout.ShdrSize)
		le.PutUint32(sh[layout.ShInfo:], uint32(n))
		le.PutUint64(h[layout.EhShoff:], noteOff)
		le.PutUint16(h[layout.EhShentsize:], layout.ShdrSize)
		le.PutUint16(h[layout.EhShnum:], 1)
		noteOff += layout.ShdrSize
	}
	h = header(h, layout.PTNote, 0, noteOff, 0, uint64(len(note)), 0, 4)
	align := func(off uint64) uint64 { return (off + w.page - 1) &^ (w.page - 1) }
	hole := align(noteOff + uint64(len(note)))
	off := hole
	for _, s := range segs {
		if s.zero {
			off = max(off, align(hole+s.Size()))
		}
	}
	for i := range segs {
		s := &segs[i]
		s.off = hole
		if !s.zero {
			s.off = off
			off = align(off + s.keep)
		}
		flags := uint32(0)
		for _, f := range []struct {
			on  bool
			bit uint32
		}{{s.Read, layout.FlagRead}, {s.Write, layout.FlagWrite}, {s.Exec, layout.FlagExec}} {
			if f.on {
				flags |= f.bit
			}
		}
		h = header(h, layout.PTLoad, flags, s.off, s.Start, s.keep, s.Size(), w.page)
	}
	h = append(append(h, sh...), note...)
	_, err := w.out.WriteAt(h, 0)
	return off, err
}

// header appends one program header.
func header(h []byte, typ, flags uint32, off, addr, filesz, memsz, align uint64) []byte {
	h = le.AppendUint32(h, typ)
	h = le.AppendUint32(h, flags)
	for _, v := range [...]uint64{off, addr, 0, filesz, memsz, align} {
		h = le.AppendUint64(h, v)
	}
	return h
}

// segment writes the memory of one segment.
func (w *writer) segment(s *segment) error {
	for _, r := range s.runs {
		if err := w.copy(s, r); err != nil {
			return err
		}
	}
	return nil
}

// copy copies a run of memory, leaving out pages of zeros.
func (w *writer) copy(s *segment, r span) error {
	for from := r.start; from < r.end; {
		if err := context.Cause(w.ctx); err != nil {
			return err
		}
		n := min(uint64(len(w.buf)), r.end-from)
		b := w.buf[:n]
		if r.data != nil {
			b = r.data[from-r.start:][:n]
		} else if err := w.mem.Read(b, from); err != nil {
			if errors.Is(err, unix.ESRCH) {
				return fmt.Errorf("capture: process %d ended while its memory was read", w.pid)
			}
			b = w.salvage(b, from)
		}
		if err := w.sparse(b, s.off+from-s.Start); err != nil {
			return fmt.Errorf("capture: %w", err)
		}
		from += n
		if w.done += int64(n); w.progress != nil {
			w.progress(w.done, w.total)
		}
	}
	return nil
}

// sparse writes b at off, without the pages that are zero.
func (w *writer) sparse(b []byte, off uint64) error {
	return writeSparse(w.out, b, int64(off), w.zeros)
}

// salvage reads page by page what could not be read at once. A page that can't
// be read is a hole, which reads as zeros: that is said in the gaps.
func (w *writer) salvage(b []byte, addr uint64) []byte {
	lost, first := 0, uint64(0)
	for i := 0; i < len(b); i += int(w.page) {
		p := b[i : i+int(w.page)]
		if w.mem.Read(p, addr+uint64(i)) != nil {
			if clear(p); lost == 0 {
				first = addr + uint64(i)
			}
			lost++
		}
	}
	if lost > 0 {
		w.gap("memory", fmt.Sprintf("%#x", first), fmt.Sprintf("%d pages from here could not be read and are zero in the core", lost))
	}
	return b
}
