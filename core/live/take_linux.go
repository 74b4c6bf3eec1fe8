//go:build amd64 || arm64

package live

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"runtime"
	"time"

	"moho/arch"
	"moho/core"
	"moho/core/internal/layout"
	"moho/core/internal/proc"
	"moho/evidence"
)

// Take takes a snapshot of a process. The error says why it can't be had, and
// [Advice] what to do about it. However Take ends, the process runs on.
func Take(ctx context.Context, pid int, o Options) (s *Snapshot, err error) {
	exe, err := proc.Examine(pid)
	if err != nil {
		return nil, fmt.Errorf("live: %w", err)
	}
	t := &taker{ctx: ctx, pid: pid, opts: o, exe: exe}
	defer func() {
		if s == nil { // on error, and when Select panics
			t.release()
			exe.Close()
		}
	}()
	if t.opts.Limit == 0 {
		t.opts.Limit = DefaultLimit
	}
	if t.room, err = proc.Available(); err != nil {
		return nil, fmt.Errorf("live: %w", err)
	}
	t.room /= 2
	var trouble any
	proc.OnOwnThread(func() {
		defer func() { trouble = recover() }() // lest it end the program on a goroutine that nobody guards
		err = t.take()
	})
	if trouble != nil {
		panic(trouble)
	}
	if err != nil {
		return nil, fmt.Errorf("live: %w", err)
	}
	p, err := t.assemble(t.release)
	if err != nil {
		return nil, err
	}
	path, _ := os.Readlink(fmt.Sprintf("/proc/%d/exe", pid))
	return &Snapshot{
		Process: p, Exe: exe, ExePath: path, Pause: t.pause,
		Threads: len(t.threads), Copied: t.copied, Whole: t.whole,
	}, nil
}

// Advice returns a sentence on what to do about an error of [Take], or "".
func Advice(err error) string {
	var e *proc.Error
	if errors.As(err, &e) {
		return e.Hint
	}
	return ""
}

// A taker takes one snapshot.
type taker struct {
	ctx  context.Context
	pid  int
	opts Options
	exe  *os.File

	maps    []proc.VMA
	regions []core.Region
	files   []core.Mapping
	auxv    map[uint64]uint64
	threads []core.Thread
	gaps    []evidence.Gap
	pause   time.Duration

	mem     *proc.Memory
	pagemap *os.File
	mirrors []mirror
	ready   []mirror // made before the process was stopped
	unmap   []func() error
	room    int64 // bytes that may still be copied
	copied  int64
	whole   bool
	refused int64 // bytes that were not, for want of room
	lost    int64 // that could not be read
}

// take does everything for which the process has to stand still. It runs on
// the thread that traces.
func (t *taker) take() (err error) {
	if t.mem, err = proc.OpenMemory(t.pid); err != nil {
		return fmt.Errorf("process %d: memory: %w", t.pid, err)
	}
	defer t.mem.Close()
	if t.pagemap, err = os.Open(fmt.Sprintf("/proc/%d/pagemap", t.pid)); err == nil {
		defer t.pagemap.Close()
	}
	if err := t.prepare(); err != nil {
		return err
	}
	began := time.Now()
	all, err := proc.Stop(t.ctx, t.pid)
	if err != nil {
		return err
	}
	defer func() {
		all.Resume()
		t.pause = time.Since(began)
	}()
	if err := t.registers(all); err != nil {
		return err
	}
	if t.maps, err = proc.ReadMaps(t.pid); err != nil {
		return fmt.Errorf("process %d: maps: %w", t.pid, err)
	}
	if t.auxv, err = readAuxv(t.pid); err != nil {
		return fmt.Errorf("process %d: auxiliary vector: %w", t.pid, err)
	}
	if err := t.mirror(); err != nil {
		return err
	}
	return t.copy()
}

// registers reads those of all threads, under the ids that the process knows.
func (t *taker) registers(all *proc.Tracees) error {
	a := arch.ByName(runtime.GOARCH)
	for _, tid := range all.TIDs() {
		raw, err := proc.Regset(tid, layout.NTPRStatus)
		if err != nil || len(raw) == 0 {
			t.gap("registers", fmt.Sprintf("thread %d", tid), "they could not be read: %v", err)
			continue
		}
		if len(raw) != 8*len(a.Registers) {
			return &proc.Error{PID: t.pid, What: fmt.Sprintf("its thread %d has %d bytes of registers, %s has %d: a 32-bit program?",
				tid, len(raw), a.Name, 8*len(a.Registers))}
		}
		st, err := proc.ReadStatus(t.pid, tid)
		if err != nil {
			return fmt.Errorf("process %d: thread %d: %w", t.pid, tid, err)
		}
		th := core.Thread{TID: st.NSTID, Regs: make([]uint64, len(a.Registers))}
		for i := range th.Regs {
			th.Regs[i] = binary.LittleEndian.Uint64(raw[8*i:])
		}
		th.FP, _ = proc.Regset(tid, layout.NTFPRegSet)
		th.XState, _ = proc.Regset(tid, layout.NTXState)
		t.threads = append(t.threads, th)
	}
	for _, tid := range all.Deaf() {
		t.gap("registers", fmt.Sprintf("thread %d", tid), "the thread did not stop; what it changed meanwhile may be torn")
	}
	return nil
}

// assemble makes a process of what was copied.
func (t *taker) assemble(release func() error) (*core.Process, error) {
	parts := core.Parts{
		Name: fmt.Sprintf("process %d", t.pid), Kind: Kind, Arch: arch.ByName(runtime.GOARCH),
		Regions: t.regions, Maps: t.files, Threads: t.threads, Auxv: t.auxv,
		PID: t.pid, Command: command(t.pid), Gaps: t.gaps, Close: release,
	}
	for i := range t.mirrors {
		parts.Memory = t.mirrors[i].pieces(parts.Memory)
	}
	return core.Assemble(parts)
}

// release gives the copied memory back.
func (t *taker) release() error {
	var errs []error
	for _, f := range t.unmap {
		errs = append(errs, f())
	}
	t.unmap, t.mirrors = nil, nil
	return errors.Join(errs...)
}

func (t *taker) gap(what, where, format string, args ...any) {
	t.gaps = append(t.gaps, evidence.Gap{What: what, Where: where, Why: fmt.Sprintf(format, args...)})
}

func readAuxv(pid int) (map[uint64]uint64, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/auxv", pid))
	if err != nil {
		return nil, err
	}
	m := map[uint64]uint64{}
	for ; len(b) >= 16; b = b[16:] {
		if k := binary.LittleEndian.Uint64(b); k != layout.ATNull {
			m[k] = binary.LittleEndian.Uint64(b[8:])
		}
	}
	return m, nil
}

// command returns the command line, as much of it as a core would hold.
func command(pid int) string {
	b, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	b = bytes.ReplaceAll(bytes.TrimRight(b, "\x00"), []byte{0}, []byte(" "))
	return string(b[:min(len(b), layout.PSArgsLen-1)])
}
