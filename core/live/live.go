// Package live takes a snapshot of a living process: it stops all threads,
// copies their registers and the memory that is wanted, lets them go on, and
// hands out what it copied as a [core.Process] to be read at leisure.
//
// Threads are stopped by PTRACE_SEIZE and PTRACE_INTERRUPT: no signal is sent,
// none is lost, and a thread in a system call goes back to it. They are let go
// before anything is analysed. Whatever happens to this process meanwhile, a
// kill -9 included, the kernel lets go of them: the process runs on, and one
// that was stopped by job control stays so.
//
// # What is copied
//
// Registers of all threads. All private memory that was written to, if that is
// no more than [Options.Limit]; of more, what [Options.Select] asks for while
// the process stands still, page by page. Memory costs what was copied, and
// never more than half of what the machine, or the container, has available. Private files that
// were not written to, code among them, and shared memory are not copied: the
// executable's are the file's own, for [core.Process.AddImage] to put there.
//
// Threads have the ids that the process itself knows them by, those of its own
// pid namespace.
//
// # Untrusted input
//
// The process has the rights of whoever may trace it, and chooses its names and
// maps: they are copied, not opened. Its executable is opened through the
// kernel's link.
//
// # Compatibility
//
// linux/amd64 and linux/arm64, kernel 3.5 or newer; [ErrUnsupported] elsewhere.
package live

import (
	"errors"
	"os"
	"time"

	"moho/core"
)

// ErrUnsupported is wrapped where no living process can be read: other systems.
var ErrUnsupported = errors.New("living processes cannot be read here")

// Kind is what [core.Process.Kind] says of a snapshot.
const Kind = "live"

// DefaultLimit is how much private memory is copied whole: 4 GiB, which two
// cores copy in about a second. Looking for what is needed, and leaving the rest,
// takes a process of a million goroutines longer than copying all of it.
const DefaultLimit = 4 << 30

// Options say what to copy. The zero value copies all private memory, up to
// [DefaultLimit].
type Options struct {
	Limit int64 // bytes of private memory that are copied whole; 0: DefaultLimit

	// Select is called, while the process stands still, when its memory exceeds
	// Limit: it asks for what it needs. p has regions and auxiliary vector, but
	// maybe no memory yet. Nil asks for nothing. It is called once before while
	// the process still runs, to get ready: memory changes under it then, there
	// are no threads, and its error does not count.
	Select func(p *core.Process, exe *os.File, fetch Fetch) error
}

// Fetch copies the pages of the given ranges, as far as the process has memory
// there, and returns the process with everything that was copied so far. It
// is valid until the next call.
type Fetch func([]core.Range) (*core.Process, error)

// A Snapshot is a process as it was at one moment. Exe is its executable.
//
// Pause is how long it stood still, from the first thread that was asked to stop
// to the last that was let go. Copied is how many bytes of memory were copied
// in it; Whole says that this was all private memory.
type Snapshot struct {
	Process *core.Process
	Exe     *os.File
	ExePath string // as the kernel names it; " (deleted)" at its end is not removed
	Pause   time.Duration
	Threads int
	Copied  int64
	Whole   bool
}

// Close releases memory and executable.
func (s *Snapshot) Close() error { return errors.Join(s.Exe.Close(), s.Process.Close()) }
