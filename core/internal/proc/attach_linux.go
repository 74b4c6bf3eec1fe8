//go:build amd64 || arm64

package proc

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// maxDeaf is how long a thread may take to stop.
	maxDeaf = 2 * time.Second

	// maxAsleep is how long one may take that the kernel has put to sleep
	// without interruption: it waits for a child between vfork and exec, or for a
	// dead disk, stops for nobody, and the others stand still meanwhile.
	maxAsleep = 50 * time.Millisecond
)

// Tracees are the threads of a process that is stopped. All methods are for the
// OS thread that stopped it ([OnOwnThread]).
//
// When that thread ends, however it ends, the kernel lets go of them: no option
// asks it to kill them. They then go on as if nothing had been, those in a
// job-control stop stay in it, and a signal that one was about to get is
// delivered.
type Tracees struct {
	pid     int
	threads map[int]*tracee
	gone    bool // the process ended
}

type tracee struct {
	stopped bool
	sig     unix.Signal // that it stopped for and has to be given
}

// Stop stops every thread of a process. It returns with an error only when
// none is traced any more. Threads that could not be stopped are listed by
// [Tracees.Deaf].
func Stop(ctx context.Context, pid int) (*Tracees, error) {
	t := &Tracees{pid: pid, threads: map[int]*tracee{}}
	if err := t.stop(ctx); err != nil {
		t.Resume()
		return nil, err
	}
	return t, nil
}

func (t *Tracees) stop(ctx context.Context) error {
	pause := 20 * time.Microsecond
	began := time.Now()
	for {
		if err := context.Cause(ctx); err != nil {
			return err
		}
		fresh, err := t.seizeNew()
		if err != nil {
			return err
		}
		running := t.collect()
		if t.gone {
			return &Error{PID: t.pid, What: "it ended", Err: unix.ESRCH}
		}
		if !fresh && running == 0 {
			return nil // and none was born since: the list was read after the last one stopped
		}
		if d := time.Since(began); d > maxDeaf || d > maxAsleep && !fresh && t.asleep() {
			if running == len(t.threads) {
				return &Error{PID: t.pid, What: fmt.Sprintf("none of its %d threads stopped within %v", running, d.Round(time.Millisecond))}
			}
			return nil
		}
		if !fresh {
			time.Sleep(pause)
			pause = min(2*pause, time.Millisecond)
		}
	}
}

// seizeNew stops threads that are not known yet, and reports whether there were
// any. All of them are asked before one is waited for.
func (t *Tracees) seizeNew() (fresh bool, err error) {
	tids := Tasks(t.pid)
	if len(tids) == 0 {
		t.gone = true
	}
	for _, tid := range tids {
		if t.threads[tid] != nil {
			continue
		}
		switch err := Seize(tid, 0); err {
		case nil:
		case unix.ESRCH:
			continue // ended
		default:
			if st, serr := ReadStat(t.pid, tid); serr != nil || st.State == 'Z' || st.State == 'X' {
				continue // ended, but not yet collected
			}
			return false, refused(t.pid, err)
		}
		t.threads[tid] = &tracee{}
		fresh = true
		Interrupt(tid)
	}
	return fresh, nil
}

// collect takes the events that there are and returns how many threads run.
func (t *Tracees) collect() (running int) {
	for {
		var ws unix.WaitStatus
		tid, err := unix.Wait4(-1, &ws, unix.WALL|unix.WNOTHREAD|unix.WNOHANG, nil)
		if err == unix.EINTR {
			continue
		}
		if err != nil || tid == 0 {
			break
		}
		th := t.threads[tid]
		switch {
		case th == nil:
		case !ws.Stopped():
			delete(t.threads, tid)
			t.gone = t.gone || tid == t.pid
		default:
			th.stopped, th.sig = true, 0
			if uint32(ws)>>16 == 0 { // else it is a trap, or a job-control stop
				th.sig = ws.StopSignal()
			}
		}
	}
	for _, th := range t.threads {
		if !th.stopped {
			running++
		}
	}
	return running
}

// asleep reports whether all threads that run on cannot be interrupted.
func (t *Tracees) asleep() bool {
	for tid, th := range t.threads {
		if th.stopped {
			continue
		}
		if st, err := ReadStat(t.pid, tid); err == nil && st.State != 'D' {
			return false
		}
	}
	return true
}

// Resume lets all threads go on.
func (t *Tracees) Resume() {
	for tid, th := range t.threads {
		if err := Ptrace(unix.PTRACE_DETACH, tid, 0, uintptr(th.sig)); err == nil {
			delete(t.threads, tid)
		}
	}
	// What is left did not stop in time; it may have by now. Else the kernel
	// lets go of it when this thread ends.
	if len(t.threads) > 0 && t.collect() < len(t.threads) {
		for tid, th := range t.threads {
			if th.stopped && Ptrace(unix.PTRACE_DETACH, tid, 0, uintptr(th.sig)) == nil {
				delete(t.threads, tid)
			}
		}
	}
}

// TIDs returns the threads that are stopped, the first one of the process first.
func (t *Tracees) TIDs() []int { return t.list(true) }

// Deaf returns the threads that did not stop.
func (t *Tracees) Deaf() []int { return t.list(false) }

func (t *Tracees) list(stopped bool) []int {
	var tids []int
	for tid, th := range t.threads {
		if th.stopped == stopped {
			tids = append(tids, tid)
		}
	}
	slices.Sort(tids)
	if i := slices.Index(tids, t.pid); i > 0 {
		tids = slices.Insert(slices.Delete(tids, i, i+1), 0, t.pid)
	}
	return tids
}

// ErrSelf is wrapped when the process is this one, which can't stop itself.
var ErrSelf = errors.New("a process cannot stop itself")
