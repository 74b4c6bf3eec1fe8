//go:build amd64 || arm64

package capture

import (
	"context"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"moho/core/internal/proc"
)

// Dump writes the core of a living process to corePath, under a temporary name
// first. The process is stopped without a signal, copied, and let go; then the
// copy is written. However Dump ends, the process runs on, and a file that was
// at corePath before is replaced only by one that is complete.
//
// The error says why the process can't be read; live.Advice says what can be
// done about it.
func Dump(ctx context.Context, pid int, corePath string, o DumpOptions) (r DumpResult, err error) {
	err = Atomically(corePath, func(f *os.File) error {
		r, err = DumpTo(ctx, pid, f, o)
		return err
	})
	if err != nil {
		return DumpResult{}, err
	}
	r.Core = corePath
	return r, nil
}

// DumpTo is [Dump] to a file that is open, and empty.
func DumpTo(ctx context.Context, pid int, f *os.File, o DumpOptions) (DumpResult, error) {
	exe, err := proc.Examine(pid)
	if err != nil {
		return DumpResult{}, fmt.Errorf("capture: %w", err)
	}
	exe.Close()
	w := newWriter(pid, f)
	defer w.close()
	w.ctx, w.progress = ctx, o.Progress
	d := dumper{writer: w, opts: o}
	defer d.release()
	if err := d.dump(); err != nil {
		return DumpResult{}, err
	}
	var st unix.Stat_t
	if err := unix.Fstat(int(f.Fd()), &st); err != nil {
		return DumpResult{}, fmt.Errorf("capture: %s: %w", f.Name(), err)
	}
	d.result.Size, d.result.Disk, d.result.Gaps = st.Size, st.Blocks*512, w.gaps
	return d.result, nil
}

// Scratch returns an empty file in dir that has no name: when this process ends,
// however it ends, it is gone. [Path] leads to it.
func Scratch(dir string) (*os.File, error) {
	fd, err := unix.Open(dir, unix.O_TMPFILE|unix.O_RDWR|unix.O_CLOEXEC, 0o600)
	if err == nil {
		return os.NewFile(uintptr(fd), "scratch file in "+dir), nil
	}
	f, err := os.CreateTemp(dir, ".moho-core-*") // a file system that cannot
	if err != nil {
		return nil, fmt.Errorf("capture: %w", err)
	}
	return f, os.Remove(f.Name())
}

// Path returns a path under which this process can open f again.
func Path(f *os.File) string { return fmt.Sprintf("/proc/self/fd/%d", f.Fd()) }

// A dumper dumps one living process.
type dumper struct {
	*writer
	opts   DumpOptions
	arena  []byte // holds the copy; nil: there is none
	result DumpResult
}

func (d *dumper) dump() (err error) {
	d.prepare()
	var trouble any
	proc.OnOwnThread(func() {
		defer func() { trouble = recover() }()
		err = d.paused()
	})
	if trouble != nil {
		panic(trouble)
	}
	if err != nil || !d.result.Buffered {
		return err
	}
	return d.write()
}

// paused does what the process has to stand still for, on the thread that traces.
func (d *dumper) paused() error {
	began := time.Now()
	all, err := proc.Stop(d.ctx, d.pid)
	if err != nil {
		return fmt.Errorf("capture: %w", err)
	}
	defer func() {
		all.Resume()
		d.result.Pause = time.Since(began)
	}()
	first := d.pid
	if tids := all.TIDs(); len(tids) > 0 {
		first = tids[0]
	}
	d.result.Threads = len(all.TIDs()) + len(all.Deaf())
	if err := d.look(first, 0); err != nil {
		return err
	}
	for _, s := range d.segs {
		for _, r := range s.runs {
			d.total += int64(r.end - r.start)
		}
	}
	d.result.Memory = d.total
	if d.total > int64(len(d.arena)) {
		return d.write()
	}
	d.result.Buffered = true
	return d.fill()
}

// prepare allocates memory for the copy while the process still runs: that is
// most of what a copy costs. It is a little more than what is needed now,
// because the process grows on.
func (d *dumper) prepare() {
	maps, err := proc.ReadMaps(d.pid)
	if err != nil {
		return // look will say it
	}
	need := int64(16 << 20) // files that were written to, and the vDSO
	for _, v := range maps {
		if !v.Shared && v.Anonymous > 0 {
			need += int64(v.Anonymous)
			if v.File {
				need += int64(v.Size())
			}
		}
		if v.SharedMemory() {
			need += int64(v.Size())
		}
	}
	need += need / 16
	limit := d.opts.Buffer
	if limit == 0 {
		limit = DefaultBuffer
	}
	if room, err := proc.Available(); err != nil || need > min(limit, room/2) {
		return
	}
	need = (need + 1<<21 - 1) &^ (1<<21 - 1)
	b, err := unix.Mmap(-1, 0, int(need), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS|unix.MAP_NORESERVE)
	if err != nil {
		return
	}
	unix.Madvise(b, unix.MADV_HUGEPAGE)       // all of it will be used
	unix.Madvise(b, unix.MADV_POPULATE_WRITE) // unknown before 5.14: then it is done later
	d.arena = b
}

func (d *dumper) release() {
	if d.arena != nil {
		unix.Munmap(d.arena)
	}
}

// fill copies everything that is to be written.
func (d *dumper) fill() error {
	free := d.arena
	var copies []proc.Run
	for i := range d.segs {
		runs := d.segs[i].runs
		for j := range runs {
			n := runs[j].end - runs[j].start
			runs[j].data, free = free[:n:n], free[n:]
			copies = append(copies, proc.Run{Addr: runs[j].start, Data: runs[j].data})
		}
	}
	lost, err := d.mem.(*proc.Memory).Copy(d.ctx, copies)
	if err != nil {
		return err
	}
	if len(lost) > 0 {
		d.gap("memory", fmt.Sprintf("%#x", lost[0].Addr), fmt.Sprintf("%d pages, of which this is one, could not be read and are zero in the core", len(lost)))
	}
	return nil
}
