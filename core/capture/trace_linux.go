//go:build amd64 || arm64

package capture

import (
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"moho/core/internal/proc"
)

// traced is one thread of the program. While it is stopped, pending is the
// signal that it stopped for and has not been given yet.
type traced struct {
	stopped bool
	pending unix.Signal
}

// A tracer follows one program from the thread that started it.
type tracer struct {
	pid     int
	core    string
	opts    Options
	threads map[int]*traced
	swallow unix.Signal // the SIGCONT that adopt sent
	halting bool        // stopAll is at work
	dumped  bool
	over    bool
	dumpErr error
	result  Result
}

// wait waits for a child or tracee of this very thread, so that other children
// of this process are left to whoever started them.
func (t *tracer) wait(pid, flags int) (unix.WaitStatus, error) {
	var ws unix.WaitStatus
	for {
		_, err := unix.Wait4(pid, &ws, flags|unix.WNOTHREAD, nil)
		if err != unix.EINTR {
			return ws, err
		}
	}
}

// loop passes events on until the program is gone.
func (t *tracer) loop() error {
	for !t.over {
		var ws unix.WaitStatus
		tid, err := unix.Wait4(-1, &ws, unix.WALL|unix.WNOTHREAD, nil)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return fmt.Errorf("capture: process %d: wait: %w", t.pid, err)
		}
		t.event(tid, ws)
		if th := t.threads[tid]; th != nil && th.stopped {
			t.deliver(tid, th)
		}
	}
	return nil
}

// reap collects what is left of a program that was killed.
func (t *tracer) reap() {
	for !t.over {
		var ws unix.WaitStatus
		tid, err := unix.Wait4(-1, &ws, unix.WALL|unix.WNOTHREAD, nil)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return
		}
		if ws.Stopped() {
			proc.Resume(tid, 0)
		}
		if tid == t.pid && !ws.Stopped() {
			t.ended(ws)
		}
	}
}

// event notes what happened to a thread. Afterwards the thread is gone, or
// stopped, or was sent on its way because nothing has to be decided.
func (t *tracer) event(tid int, ws unix.WaitStatus) {
	if !ws.Stopped() {
		delete(t.threads, tid)
		if tid == t.pid {
			t.ended(ws)
		}
		return
	}
	th := t.threads[tid]
	if th == nil {
		// A new thread, which may stop before its parent reports it. Something
		// that was cloned but is a process of its own is let go.
		if !t.ours(tid) {
			proc.Ptrace(unix.PTRACE_DETACH, tid, 0, 0)
			return
		}
		th = &traced{}
		t.threads[tid] = th
	}
	sig := ws.StopSignal()
	switch uint32(ws) >> 16 {
	case 0:
		th.stopped, th.pending = true, sig
		if tid == t.pid && sig == t.swallow {
			th.pending, t.swallow = 0, 0
		}
	case unix.PTRACE_EVENT_STOP:
		switch sig {
		case unix.SIGSTOP, unix.SIGTSTP, unix.SIGTTIN, unix.SIGTTOU:
			th.stopped, th.pending = t.halting, 0
			if !t.halting {
				proc.Listen(tid) // stays stopped until SIGCONT, and can be interrupted
			}
		default:
			th.stopped, th.pending = true, 0
		}
	case unix.PTRACE_EVENT_EXEC:
		// Every other thread is gone, and this one has become the leader.
		clear(t.threads)
		t.threads[tid] = th
		th.stopped, th.pending = true, 0
	default:
		th.stopped, th.pending = true, 0
	}
}

// ours reports whether tid is a thread of the program.
func (t *tracer) ours(tid int) bool {
	_, err := os.Stat(fmt.Sprintf("/proc/%d/task/%d", t.pid, tid))
	return err == nil
}

// deliver gives a stopped thread its signal. If that is the end, it takes the
// core first.
func (t *tracer) deliver(tid int, th *traced) {
	sig := th.pending
	if sig != 0 && !t.dumped && t.fatal(tid, sig) {
		t.dumped = true
		t.dump(tid, sig)
		if !t.opts.KernelCore {
			// 0 would not stop a core_pattern that is a pipe; 1 stops both.
			unix.Prlimit(t.pid, unix.RLIMIT_CORE, &unix.Rlimit{Cur: 1, Max: 1}, nil)
		}
		// The other threads stay stopped: the kernel kills them now, and if it
		// writes a core too it is one of the same moment.
	}
	*th = traced{}
	proc.Resume(tid, sig)
}

// fatal reports whether sig would now dump core. The kernel has by then reset a
// handler that cannot run, because its signal is blocked, to the default.
func (t *tracer) fatal(tid int, sig unix.Signal) bool {
	switch sig {
	case unix.SIGQUIT, unix.SIGILL, unix.SIGTRAP, unix.SIGABRT, unix.SIGBUS, unix.SIGFPE,
		unix.SIGSEGV, unix.SIGSYS, unix.SIGXCPU, unix.SIGXFSZ:
	default:
		return false
	}
	st, err := proc.ReadStatus(t.pid, tid)
	if err != nil {
		return false
	}
	bit := uint64(1) << (sig - 1)
	return st.Caught&bit == 0 && st.Ignored&bit == 0
}

// stopAll stops every thread but self, which is stopped. It gives up after two
// seconds: a thread that waits for a child between vfork and exec is deaf to
// everything. WriteCore says which have no registers to read.
func (t *tracer) stopAll(self int) {
	t.halting = true
	defer func() { t.halting = false }()
	asked := map[int]bool{self: true}
	for deadline := time.Now().Add(2 * time.Second); ; {
		deaf := 0
		for _, tid := range proc.Tasks(t.pid) {
			if th := t.threads[tid]; th != nil && th.stopped {
				continue
			}
			if st, err := proc.ReadStat(t.pid, tid); err != nil || st.State == 'Z' || st.State == 'X' {
				continue // exited, but not yet collected
			}
			if !asked[tid] && proc.Interrupt(tid) == nil {
				asked[tid] = true
			}
			deaf++
		}
		if deaf == 0 || time.Now().After(deadline) {
			return
		}
		for t.poll() {
		}
		if t.over {
			return
		}
		time.Sleep(200 * time.Microsecond)
	}
}

// poll takes one event, if there is one.
func (t *tracer) poll() bool {
	var ws unix.WaitStatus
	tid, err := unix.Wait4(-1, &ws, unix.WALL|unix.WNOTHREAD|unix.WNOHANG, nil)
	if err == unix.EINTR {
		return true
	}
	if err != nil || tid == 0 {
		return false
	}
	t.event(tid, ws)
	return !t.over
}
