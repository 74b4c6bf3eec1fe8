//go:build amd64 || arm64

package proc

import (
	"context"
	"fmt"
	"io"
	"os"
	"runtime"
	"sync"
	"sync/atomic"

	"golang.org/x/sys/unix"
)

const (
	// maxVector is how many ranges one system call may read (UIO_MAXIOV of the kernel).
	maxVector = 1024

	// maxStep is about how many bytes one system call reads: few enough that
	// the work is shared evenly and can be given up.
	maxStep = 16 << 20

	// maxReaders bounds the threads that copy: the memory bus is full with few.
	maxReaders = 4
)

// A Run is memory at Addr that is to be copied to Data.
type Run struct {
	Addr uint64
	Data []byte
}

// A Memory reads the memory of a process. It is safe for concurrent use.
type Memory struct {
	pid int
	mem *os.File // /proc/PID/mem, for pages without read permission
}

// OpenMemory opens the memory of a process.
func OpenMemory(pid int) (*Memory, error) {
	f, err := os.Open(fmt.Sprintf("/proc/%d/mem", pid))
	if err != nil {
		return nil, err
	}
	return &Memory{pid, f}, nil
}

// Close releases what OpenMemory opened.
func (m *Memory) Close() error { return m.mem.Close() }

// Read fills b from addr. The error is ESRCH when the process has no memory any
// more.
func (m *Memory) Read(b []byte, addr uint64) error {
	local := []unix.Iovec{{Base: &b[0]}}
	local[0].SetLen(len(b))
	remote := []unix.RemoteIovec{{Base: uintptr(addr), Len: len(b)}}
	n, err := unix.ProcessVMReadv(m.pid, local, remote, 0)
	if err == nil && n == len(b) {
		return nil
	}
	n = max(n, 0)
	if _, err = m.mem.ReadAt(b[n:], int64(addr)+int64(n)); err == io.EOF {
		return unix.ESRCH // the address space is gone
	}
	return err
}

// Copy reads runs, many in one system call, on several threads. It returns the
// runs, or what is left of them, that could not be read; their Data is zero
// there. It goes on until ctx ends.
func (m *Memory) Copy(ctx context.Context, runs []Run) (lost []Run, err error) {
	steps := divide(runs)
	var next atomic.Int64
	var mu sync.Mutex
	var wg sync.WaitGroup
	for range min(maxReaders, runtime.GOMAXPROCS(0), len(steps)) {
		wg.Go(func() {
			var local []unix.Iovec
			var remote []unix.RemoteIovec
			for ctx.Err() == nil {
				i := int(next.Add(1)) - 1
				if i >= len(steps) {
					return
				}
				if bad := m.step(steps[i], &local, &remote); len(bad) > 0 {
					mu.Lock()
					lost = append(lost, bad...)
					mu.Unlock()
				}
			}
		})
	}
	wg.Wait()
	if err := context.Cause(ctx); err != nil {
		return nil, err
	}
	return lost, nil
}

// divide cuts runs into what single system calls read.
func divide(runs []Run) [][]Run {
	var steps [][]Run
	var cur []Run
	size := 0
	flush := func() {
		if len(cur) > 0 {
			steps = append(steps, cur)
			cur, size = nil, 0
		}
	}
	for _, r := range runs {
		for len(r.Data) > 0 {
			n := min(len(r.Data), maxStep-size)
			cur = append(cur, Run{r.Addr, r.Data[:n:n]})
			r.Addr, r.Data = r.Addr+uint64(n), r.Data[n:]
			if size += n; size == maxStep || len(cur) == maxVector {
				flush()
			}
		}
	}
	flush()
	return steps
}

// step reads the runs of one step, page by page where the kernel refuses.
func (m *Memory) step(runs []Run, local *[]unix.Iovec, remote *[]unix.RemoteIovec) (lost []Run) {
	for len(runs) > 0 {
		l, r := (*local)[:0], (*remote)[:0]
		for i := range runs {
			v := unix.Iovec{Base: &runs[i].Data[0]}
			v.SetLen(len(runs[i].Data))
			l = append(l, v)
			r = append(r, unix.RemoteIovec{Base: uintptr(runs[i].Addr), Len: len(runs[i].Data)})
		}
		*local, *remote = l, r
		n, err := unix.ProcessVMReadv(m.pid, l, r, 0)
		if err != nil {
			n = 0
		}
		for len(runs) > 0 && n >= len(runs[0].Data) {
			n -= len(runs[0].Data)
			runs = runs[1:]
		}
		if len(runs) == 0 {
			break
		}
		at := &runs[0]
		at.Addr, at.Data = at.Addr+uint64(n), at.Data[n:]
		page := min(len(at.Data), os.Getpagesize()-int(at.Addr%uint64(os.Getpagesize())))
		p := at.Data[:page:page]
		if _, err := m.mem.ReadAt(p, int64(at.Addr)); err != nil {
			clear(p)
			lost = append(lost, Run{at.Addr, p})
		}
		if at.Addr, at.Data = at.Addr+uint64(page), at.Data[page:]; len(at.Data) == 0 {
			runs = runs[1:]
		}
	}
	return lost
}
