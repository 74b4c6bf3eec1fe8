//go:build amd64 || arm64

package capture

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"os"

	"golang.org/x/sys/unix"

	"moho/core/internal/layout"
	"moho/evidence"
)

// writer writes the core of a process whose threads are stopped.
type writer struct {
	pid     int
	out     *os.File
	mem     *os.File // /proc/PID/mem, for what process_vm_readv refuses
	pagemap *os.File // nil where the kernel has none
	page    uint64
	buf     []byte
	zeros   []byte
	gaps    []evidence.Gap
}

// WriteCore writes the core of a process to out, which must be empty, and
// returns what should be in it and is not. Every thread of the process must be
// stopped and traced by the calling OS thread. first is the thread that comes
// first, sig the signal that it is stopped for (0: none).
func WriteCore(out *os.File, pid, first int, sig unix.Signal) ([]evidence.Gap, error) {
	maps, err := readMaps(pid)
	if err != nil {
		return nil, fmt.Errorf("capture: process %d: maps: %w", pid, err)
	}
	note, without, err := collect(pid, first, sig, maps)
	if err != nil {
		return nil, fmt.Errorf("capture: process %d: notes: %w", pid, err)
	}
	w := &writer{pid: pid, out: out, page: uint64(os.Getpagesize()), buf: make([]byte, 1<<20)}
	w.zeros = make([]byte, w.page)
	for _, tid := range without {
		w.gap("registers", fmt.Sprintf("thread %d", tid), "the thread could not be stopped")
	}
	if w.mem, err = os.Open(fmt.Sprintf("/proc/%d/mem", pid)); err != nil {
		return nil, fmt.Errorf("capture: process %d: memory: %w", pid, err)
	}
	defer w.mem.Close()
	if w.pagemap, err = os.Open(fmt.Sprintf("/proc/%d/pagemap", pid)); err == nil {
		defer w.pagemap.Close()
	}
	segs := w.plan(maps)
	end, err := w.headers(segs, note)
	if err != nil {
		return nil, err
	}
	for i := range segs {
		if err := w.segment(&segs[i]); err != nil {
			return nil, err
		}
	}
	// The file has its full length even if it ends in a hole.
	if err := out.Truncate(int64(end)); err != nil {
		return nil, fmt.Errorf("capture: %w", err)
	}
	return w.gaps, nil
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
	le.PutUint16(h[layout.EhMachine:], machine)
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
			off = max(off, align(hole+s.size()))
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
		}{{s.read, layout.FlagRead}, {s.write, layout.FlagWrite}, {s.exec, layout.FlagExec}} {
			if f.on {
				flags |= f.bit
			}
		}
		h = header(h, layout.PTLoad, flags, s.off, s.start, s.keep, s.size(), w.page)
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
	if s.keep == 0 || s.zero {
		return nil
	}
	put := func(from, to uint64) error { return w.copy(s, from, to) }
	if s.all {
		return put(s.start, s.start+s.keep)
	}
	return own(w.pagemap, s.vma, w.page, put)
}

// copy copies the memory [from, to) of a segment, leaving out pages of zeros.
func (w *writer) copy(s *segment, from, to uint64) error {
	for from < to {
		b := w.buf[:min(uint64(len(w.buf)), to-from)]
		if err := w.read(b, from); err != nil {
			if errors.Is(err, unix.ESRCH) {
				return fmt.Errorf("capture: process %d ended while its memory was read", w.pid)
			}
			b = w.salvage(b, from)
		}
		if err := w.sparse(b, s.off+from-s.start); err != nil {
			return fmt.Errorf("capture: %w", err)
		}
		from += uint64(len(b))
	}
	return nil
}

// sparse writes b at off, without the pages that are zero.
func (w *writer) sparse(b []byte, off uint64) error {
	page := int(w.page)
	for i := 0; i < len(b); {
		if bytes.Equal(b[i:i+page], w.zeros) {
			i += page
			continue
		}
		j := i + page
		for j < len(b) && !bytes.Equal(b[j:j+page], w.zeros) {
			j += page
		}
		if _, err := w.out.WriteAt(b[i:j], int64(off)+int64(i)); err != nil {
			return err
		}
		i = j
	}
	return nil
}

// read fills b from the memory of the process.
func (w *writer) read(b []byte, addr uint64) error {
	local := []unix.Iovec{{Base: &b[0]}}
	local[0].SetLen(len(b))
	remote := []unix.RemoteIovec{{Base: uintptr(addr), Len: len(b)}}
	n, err := unix.ProcessVMReadv(w.pid, local, remote, 0)
	if err == nil && n == len(b) {
		return nil
	}
	n = max(n, 0)
	// Pages without read permission, which ptrace may see all the same.
	if _, err = w.mem.ReadAt(b[n:], int64(addr)+int64(n)); err == io.EOF {
		return unix.ESRCH // the address space is gone
	}
	return err
}

// salvage reads page by page what could not be read at once. A page that can't
// be read is a hole, which reads as zeros: that is said in the gaps.
func (w *writer) salvage(b []byte, addr uint64) []byte {
	lost, first := 0, uint64(0)
	for i := 0; i < len(b); i += int(w.page) {
		p := b[i : i+int(w.page)]
		if w.read(p, addr+uint64(i)) != nil {
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
