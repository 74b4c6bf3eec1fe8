package capture

import (
	"time"

	"moho/evidence"
)

// DefaultBuffer is how much memory [Dump] may use to shorten the pause.
const DefaultBuffer = 4 << 30

// DumpOptions change how a living process is dumped. The zero value is fine.
type DumpOptions struct {
	// Buffer bounds the memory that holds a copy of the process while it is
	// written to the file, in bytes; 0 is DefaultBuffer. It is never more than half
	// of what the machine has available. A process with more private memory than
	// that is written while it stands still.
	Buffer int64

	Progress func(done, total int64) // bytes of memory written; may be nil
}

// A DumpResult says what was written and what it cost the process. Pause is how
// long it stood still; Memory how much memory of it there was to write; Buffered
// whether it was copied first, and ran on while the file was written.
type DumpResult struct {
	Core     string
	Size     int64 // of the file with its holes
	Disk     int64 // what it occupies
	Memory   int64
	Pause    time.Duration
	Threads  int
	Buffered bool
	Gaps     []evidence.Gap
}
