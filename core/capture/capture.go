// Package capture writes cores. [Run] runs a program and, when a signal is about
// to kill it with a core dump, writes the core itself: in containers and under
// systemd the kernel hands cores to a program elsewhere, or writes none at all.
// [Dump] writes the core of a process that lives, and lives on.
//
// The program runs as a traced child. Every signal is passed on untouched, so a
// Go program keeps its preemption, profiling and nil-check signals; only when
// one that dumps core by default is about to be delivered, and the program
// neither catches nor ignores it, does the kernel's own next step happen here
// instead: all threads are stopped, their registers and memory are written, and
// then the program dies of the signal as it would have. What the kernel kills
// without a signal that could be caught (SIGKILL, out of memory, a seccomp filter)
// leaves no core. Programs that it starts are not followed.
//
// # What the core holds
//
// A segment for each mapping, or several. Of private memory the pages that were
// written to; pages that were never touched, or hold only zeros, are holes in
// the file: they take no disk, and every reader sees the zeros that the program
// would have seen. Long runs of untouched pages are segments that share one
// hole, so that the file stays small even where holes are filled. A private file mapping of which a page was written (.data) is there
// whole. Of other file mappings only ELF headers and notes, so that Build IDs
// are in the core but code is not. Memory shared with no file behind it is
// there; the vDSO too, because its code is in no file and unwinding out of
// a system call needs it. What madvise(MADV_DONTDUMP) excludes is left out, as
// are device mappings.
//
// Notes are those of the kernel, in its order: NT_PRSTATUS of the thread that
// took the signal, NT_PRPSINFO, NT_SIGINFO, NT_AUXV, NT_FILE, NT_FPREGSET and
// NT_X86_XSTATE, then the other threads.
//
// # Untrusted input
//
// The program that runs is the caller's choice and has the caller's rights;
// this package is no sandbox. What the program can influence (its names and
// its maps) is copied into the core and not interpreted.
//
// # Compatibility
//
// linux/amd64 and linux/arm64, kernel 3.5 or newer; [ErrUnsupported] elsewhere
// and where ptrace is forbidden.
package capture

import (
	"errors"
	"io"
	"time"

	"moho/evidence"
)

// ErrUnsupported is wrapped where no core can be captured: other systems, and
// hosts that forbid ptrace.
var ErrUnsupported = errors.New("capturing a core is not possible here")

// Options change how the program runs. The zero value runs it in the current
// directory and environment, with no input and its output discarded.
type Options struct {
	Dir    string
	Env    []string // nil: the environment of this process
	Stdin  io.Reader
	Stdout io.Writer // *os.File is passed to the program itself
	Stderr io.Writer

	// Timeout, if it is not 0, kills the program when it runs for longer.
	Timeout time.Duration

	// KernelCore leaves the kernel's own dump alone. Without it the kernel is
	// kept from writing a second core.
	KernelCore bool
}

// A Result says how the program ended. Exit is its exit status, or -1 when
// Signal killed it. Core is the path of the core, empty when there is none
// because the program exited or the signal does not dump core. Size is that of
// the file with its holes, Disk what it occupies.
type Result struct {
	PID    int
	Exit   int
	Signal int
	Core   string
	Size   int64
	Disk   int64
	Gaps   []evidence.Gap // what the core or the output lacks and should have
}
