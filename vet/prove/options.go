package prove

import (
	"time"

	"moho/evidence"
	"moho/vet/source"
)

// Options of [Run]. The zero value proves the package in the current directory,
// without findings to begin with.
type Options struct {
	Dir      string   // where patterns are resolved; "" is the current directory
	Patterns []string // as for go list; none means "."
	Tags     []string // build tags
	Env      []string // of the go command and of the programs; nil is this process's own

	Findings []evidence.Finding // what vet has found in the same packages
	Sources  *source.Tree       // of these findings; files of new ones are added

	RunTests string        // only tests that match, as go test -run
	Args     []string      // of commands that are run themselves
	Timeout  time.Duration // for one run of one program; 0 is [DefaultTimeout]
	Memory   int64         // bytes that one program and its children may use; 0 is [DefaultMemory]
	Keep     string        // directory to leave binaries, logs and commands in; "" removes them

	Tool  string // the executable of moho, which the go command starts as its tool; "" is this one
	Cache string // where patched runtimes and builds are kept; "" is [CacheDir]

	// Progress, when set, is told what is done now, and how far it is.
	Progress func(phase string, done, total int64)
}

const (
	// DefaultTimeout is how long one run of one program may take: as go test.
	DefaultTimeout = 10 * time.Minute
	// DefaultMemory is what one program and its children may have in memory.
	DefaultMemory = 4 << 30
)

// Result is what the runs have shown.
type Result struct {
	Findings []evidence.Finding // those given, with their proof, and those that reports made
	Gaps     []evidence.Gap     // what could not be proved, and why
	Programs []Program
	Go       string // version of the toolchain
}

// A Program is one binary and what became of it.
type Program struct {
	Package string `json:"package"`
	Kind    string `json:"kind"`   // "test" or "command"
	Target  string `json:"target"` // GOOS/GOARCH
	Runs    int    `json:"runs"`
	Reports int    `json:"reports"`       // sites that reported in each run
	End     string `json:"end"`           // "ok", "failed", "crashed", "timeout", "memory", "not built"
	Why     string `json:"why,omitempty"` // in the program's or the compiler's words
	Binary  string `json:"binary,omitempty"`

	CPU    time.Duration `json:"cpu"`    // user and system, of the last run with its children
	Memory int64         `json:"memory"` // bytes resident at most, of one process
}
