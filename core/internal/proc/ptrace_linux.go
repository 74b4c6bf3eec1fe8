//go:build amd64 || arm64

package proc

import (
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"

	"moho/core/internal/layout"
)

// The ptrace calls that golang.org/x/sys/unix does not wrap for both
// architectures. All of them must come from the thread that traces.

// Ptrace makes the system call.
//
//go:uintptrescapes
func Ptrace(request, tid int, addr, data uintptr) error {
	_, _, e := unix.RawSyscall6(unix.SYS_PTRACE, uintptr(request), uintptr(tid), addr, data, 0, 0)
	if e != 0 {
		return e
	}
	return nil
}

// Seize makes the calling thread the tracer of tid, which runs on.
func Seize(tid int, options uintptr) error {
	return Ptrace(unix.PTRACE_SEIZE, tid, 0, options)
}

// Interrupt stops a seized thread without a signal.
func Interrupt(tid int) error { return Ptrace(unix.PTRACE_INTERRUPT, tid, 0, 0) }

// Listen leaves a thread in the job-control stop that it is in, so that Ctrl-Z
// works on a traced program.
func Listen(tid int) error { return Ptrace(unix.PTRACE_LISTEN, tid, 0, 0) }

// Resume lets a thread go on and delivers sig, if it is not 0.
func Resume(tid int, sig unix.Signal) error {
	return Ptrace(unix.PTRACE_CONT, tid, 0, uintptr(sig))
}

// Regset returns a register set of a stopped thread in the kernel's layout, or
// nil when the machine has no such set.
func Regset(tid int, kind uintptr) ([]byte, error) {
	b := make([]byte, 16<<10) // XSAVE with AMX tiles has 11 KB
	iov := unix.Iovec{Base: &b[0]}
	iov.SetLen(len(b))
	err := Ptrace(unix.PTRACE_GETREGSET, tid, kind, uintptr(unsafe.Pointer(&iov)))
	runtime.KeepAlive(b)
	if err == unix.ENODEV || err == unix.EINVAL && kind == layout.NTXState {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return b[:iov.Len:iov.Len], nil
}

// SigInfo returns the siginfo_t of the signal that a thread is stopped for.
func SigInfo(tid int) ([]byte, error) {
	var b [layout.SISize]byte
	err := Ptrace(unix.PTRACE_GETSIGINFO, tid, 0, uintptr(unsafe.Pointer(&b)))
	return b[:], err
}
