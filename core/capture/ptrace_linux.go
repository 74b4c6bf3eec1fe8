//go:build amd64 || arm64

package capture

import (
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"

	"moho/core/internal/layout"
)

// The ptrace calls that golang.org/x/sys/unix does not wrap for both
// architectures. All of them must come from the thread that traces.

func ptrace(request, tid int, addr, data uintptr) error {
	_, _, e := unix.RawSyscall6(unix.SYS_PTRACE, uintptr(request), uintptr(tid), addr, data, 0, 0)
	if e != 0 {
		return e
	}
	return nil
}

func seize(tid int, options uintptr) error {
	return ptrace(unix.PTRACE_SEIZE, tid, 0, options)
}

// interrupt stops a seized thread without a signal.
func interrupt(tid int) error { return ptrace(unix.PTRACE_INTERRUPT, tid, 0, 0) }

// listen leaves a thread in the job-control stop that it is in, so that Ctrl-Z
// works on a traced program.
func listen(tid int) error { return ptrace(unix.PTRACE_LISTEN, tid, 0, 0) }

// resume lets a thread go on and delivers sig, if it is not 0.
func resume(tid int, sig unix.Signal) error {
	return ptrace(unix.PTRACE_CONT, tid, 0, uintptr(sig))
}

// regset returns a register set of a stopped thread in the kernel's layout, or
// nil when the machine has no such set.
func regset(tid int, kind uintptr) ([]byte, error) {
	b := make([]byte, 16<<10) // XSAVE with AMX tiles has 11 KB
	iov := unix.Iovec{Base: &b[0]}
	iov.SetLen(len(b))
	err := ptrace(unix.PTRACE_GETREGSET, tid, kind, uintptr(unsafe.Pointer(&iov)))
	runtime.KeepAlive(b)
	if err == unix.ENODEV || err == unix.EINVAL && kind == layout.NTXState {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return b[:iov.Len:iov.Len], nil
}

// siginfo returns the siginfo_t of the signal that a thread is stopped for.
func siginfo(tid int) ([]byte, error) {
	var b [layout.SISize]byte
	err := ptrace(unix.PTRACE_GETSIGINFO, tid, 0, uintptr(unsafe.Pointer(&b)))
	return b[:], err
}
