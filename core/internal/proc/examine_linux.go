//go:build amd64 || arm64

package proc

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// An Error says why a process can't be stopped or read, and, if a person can do
// something about it, what.
type Error struct {
	PID  int
	What string
	Hint string // a sentence, or ""
	Err  error  // may be nil
}

func (e *Error) Error() string { return fmt.Sprintf("process %d: %s", e.PID, e.What) }

// Unwrap returns the system's error, or one of this package.
func (e *Error) Unwrap() error { return e.Err }

// kernelThread is PF_KTHREAD of the flags in stat.
const kernelThread = 0x00200000

// Examine looks whether a process can be stopped and read, and opens its
// executable: by the kernel's link, which leads to it when it was deleted, or
// lies in another mount namespace. The error is an [*Error].
func Examine(pid int) (exe *os.File, err error) {
	fail := func(err error, hint, what string, args ...any) (*os.File, error) {
		return nil, &Error{PID: pid, What: fmt.Sprintf(what, args...), Hint: hint, Err: err}
	}
	if pid == os.Getpid() {
		return fail(ErrSelf, "", "that is this process, which cannot stop itself")
	}
	s, err := ReadStat(pid, pid)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.ESRCH) {
			return fail(unix.ESRCH, "", "there is no such process")
		}
		return fail(err, "", "%v", err)
	}
	switch {
	case s.State == 'Z' || s.State == 'X':
		return fail(unix.ESRCH, fmt.Sprintf("its parent, process %d, has not collected it yet; there is no memory left to read", s.PPID),
			"it is a zombie: it has ended")
	case s.Flags&kernelThread != 0:
		return fail(unix.EPERM, "", "it is a thread of the kernel (%s), not a program", s.Comm)
	}
	if tgid, ok := threadOf(pid); ok && tgid != pid {
		return fail(nil, fmt.Sprintf("give the process: %d", tgid), "it is a thread of process %d", tgid)
	}
	exe, err = os.Open(fmt.Sprintf("/proc/%d/exe", pid))
	if err != nil {
		if errors.Is(err, fs.ErrPermission) {
			return nil, refused(pid, unix.EPERM)
		}
		return fail(err, "", "its executable: %v", errors.Unwrap(err))
	}
	head := make([]byte, 20)
	if _, err := io.ReadFull(io.NewSectionReader(exe, 0, 20), head); err == nil && bytes.HasPrefix(head, []byte("\x7fELF")) && head[4] != 2 {
		exe.Close()
		return fail(nil, "", "it is a 32-bit program; 64-bit programs can be read")
	}
	return exe, nil
}

// threadOf returns the process that a thread belongs to.
func threadOf(tid int) (tgid int, ok bool) {
	n, ok := statusField(tid, "Tgid")
	return n, ok
}

// refused explains why the kernel does not let this process trace another.
func refused(pid int, err error) error {
	e := &Error{PID: pid, Err: err}
	if !errors.Is(err, unix.EPERM) && !errors.Is(err, unix.EACCES) {
		e.What = fmt.Sprintf("it cannot be stopped: %v", err)
		return e
	}
	const privilege = "run moho as root or with CAP_SYS_PTRACE"
	if tracer, _ := statusField(pid, "TracerPid"); tracer > 0 {
		if tgid, ok := threadOf(tracer); ok {
			tracer = tgid // a thread of it is the tracer
		}
		e.What = fmt.Sprintf("it is being traced by process %d%s already", tracer, name(tracer))
		e.Hint = "a process has one tracer at a time: end that one first"
		return e
	}
	if uid, ok := statusField(pid, "Uid"); ok && uid != os.Geteuid() && os.Geteuid() != 0 {
		e.What = fmt.Sprintf("it belongs to another user (uid %d, this is uid %d)", uid, os.Geteuid())
		e.Hint = privilege + ", or as that user"
		return e
	}
	if b, rerr := os.ReadFile("/proc/sys/kernel/yama/ptrace_scope"); rerr == nil {
		switch scope := strings.TrimSpace(string(b)); scope {
		case "1":
			e.What = "kernel.yama.ptrace_scope = 1: only its ancestors may trace it"
			e.Hint = privilege + ", or sysctl kernel.yama.ptrace_scope=0"
			return e
		case "2":
			e.What = "kernel.yama.ptrace_scope = 2: only administrators may trace"
			e.Hint = privilege
			return e
		case "3":
			e.What = "kernel.yama.ptrace_scope = 3: nobody may trace until the next boot"
			e.Hint = "have the kernel write a core instead: kill -ABRT with GOTRACEBACK=crash"
			return e
		}
	}
	e.What = "the kernel does not let this process trace it"
	e.Hint = privilege + "; in a container the runtime must allow it (--cap-add=SYS_PTRACE); a process that is not dumpable (setuid, prctl) needs it too"
	return e
}

// name returns the name of a process in brackets, or "".
func name(pid int) string {
	s, err := ReadStat(pid, pid)
	if err != nil {
		return ""
	}
	return " (" + s.Comm + ")"
}

// statusField returns the first number of a field of /proc/PID/status.
func statusField(pid int, field string) (int, bool) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, false
	}
	for line := range strings.Lines(string(b)) {
		key, value, _ := strings.Cut(line, ":")
		f := strings.Fields(value)
		if key != field || len(f) == 0 {
			continue
		}
		n, err := strconv.Atoi(f[0])
		return n, err == nil
	}
	return 0, false
}
