//go:build amd64 || arm64

package capture

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"moho/core/internal/proc"
	"moho/evidence"
)

// traceOptions: threads are followed, programs that it starts are not; and
// whatever ends this process ends the program with it.
const traceOptions = unix.PTRACE_O_TRACECLONE | unix.PTRACE_O_TRACEEXEC | unix.PTRACE_O_EXITKILL

// Run runs argv and waits for its end. If a signal is about to kill it with a
// core dump, Run writes the core to corePath, under a temporary name first.
//
// The error is about running, tracing or writing; how the program itself ended
// is in the Result, which is valid also beside an error of the writer. When ctx
// ends, the program is killed and the error is that of ctx. The program
// never outlives Run.
func Run(ctx context.Context, argv []string, corePath string, opts Options) (Result, error) {
	if len(argv) == 0 {
		return Result{}, errors.New("capture: nothing to run")
	}
	if opts.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, opts.Timeout)
		defer cancel()
	}
	var r Result
	var err error
	proc.OnOwnThread(func() { r, err = run(ctx, argv, corePath, opts) })
	return r, err
}

func run(ctx context.Context, argv []string, corePath string, opts Options) (Result, error) {
	if err := ctx.Err(); err != nil {
		return Result{}, fmt.Errorf("capture: %s: %w", argv[0], err)
	}
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Dir, cmd.Env = opts.Dir, opts.Env
	cmd.Stdin, cmd.Stdout, cmd.Stderr = opts.Stdin, opts.Stdout, opts.Stderr
	cmd.WaitDelay = time.Second // for output that a grandchild keeps open
	cmd.SysProcAttr = &syscall.SysProcAttr{Ptrace: true, Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		if errors.Is(err, unix.EPERM) || errors.Is(err, unix.ENOSYS) {
			return Result{}, fmt.Errorf("capture: %s: %w, or it may not be run: %w", argv[0], ErrUnsupported, err)
		}
		return Result{}, fmt.Errorf("capture: %w", err)
	}
	stop := context.AfterFunc(ctx, func() { cmd.Process.Kill() })
	defer stop()

	t := &tracer{pid: cmd.Process.Pid, core: corePath, opts: opts, threads: map[int]*traced{}}
	err := t.adopt()
	if err == nil {
		err = t.loop()
	}
	if err != nil {
		cmd.Process.Kill()
		t.reap()
	}
	// The process is reaped, which is Wait's error; what is left to wait for is
	// its output. That Wait gave up shows only in the time it took.
	began := time.Now()
	cmd.Wait()
	if time.Since(began) >= cmd.WaitDelay {
		t.result.Gaps = append(t.result.Gaps, evidence.Gap{What: "output", Where: argv[0], Why: "a process that it started keeps it open"})
	}
	if e := ctx.Err(); e != nil && t.result.Signal == int(unix.SIGKILL) {
		err = fmt.Errorf("capture: %s: %w", argv[0], e)
	}
	if err == nil {
		err = t.dumpErr
	}
	return t.result, err
}

// adopt turns the child, which stopped as it was executed, into one that is
// seized. Seized threads can be stopped without a signal, and their job-control
// stops told from signals; those of PTRACE_TRACEME cannot. The detour
// leads over SIGSTOP, which the program never sees.
func (t *tracer) adopt() error {
	fail := func(what string, err error) error {
		return fmt.Errorf("capture: process %d: %s: %w: %w", t.pid, what, ErrUnsupported, err)
	}
	if ws, err := t.wait(t.pid, unix.WALL); err != nil {
		return fail("wait for exec", err)
	} else if !ws.Stopped() {
		return t.ended(ws)
	}
	if err := proc.Ptrace(unix.PTRACE_DETACH, t.pid, 0, uintptr(unix.SIGSTOP)); err != nil {
		return fail("detach", err)
	}
	if ws, err := t.wait(t.pid, unix.WUNTRACED); err != nil {
		return fail("wait for stop", err)
	} else if !ws.Stopped() {
		return t.ended(ws)
	}
	if err := proc.Seize(t.pid, traceOptions); err != nil {
		return fail("seize", err)
	}
	t.threads[t.pid] = &traced{}
	if ws, err := t.wait(t.pid, unix.WALL); err != nil {
		return fail("wait for seize", err)
	} else if !ws.Stopped() {
		return t.ended(ws)
	}
	if err := unix.Kill(t.pid, unix.SIGCONT); err != nil {
		return fail("continue", err)
	}
	t.swallow = unix.SIGCONT
	proc.Resume(t.pid, 0)
	return nil
}

// ended records how the program ended, when it did so before it was traced.
func (t *tracer) ended(ws unix.WaitStatus) error {
	t.result.PID, t.result.Exit = t.pid, -1
	if ws.Exited() {
		t.result.Exit = ws.ExitStatus()
	} else if ws.Signaled() {
		t.result.Signal = int(ws.Signal())
	}
	t.over = true
	return nil
}
