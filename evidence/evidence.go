// Package evidence is the vocabulary of moho's chain of evidence: what a
// finding, a report, an artifact and a stack frame are called, and how one is
// recognised in the other.
//
// It does no I/O and imports only the standard library, so that every other
// package can exchange these values: the analysis that finds a hazard in the
// source, the build that records it, the gate that judges the artifact and the
// post-mortem that meets the hazard again on a stack.
//
// # Untrusted input
//
// Reports are read back from stores that others can write. Decoding them with
// [DecodeReport] refuses unknown schemas and bounds nothing else: callers cap
// the size of what they read.
//
// # Compatibility
//
// Values marshal to the kinds of docs/schemas. A field is added freely; one is
// removed or changes its meaning only together with the version in the kind.
package evidence

import "fmt"

// Position is a place in a source file as a person reads it.
//
// Line and Col count from 1; Col counts bytes. File is relative to the module
// root for files of the main module, module@version/path for dependencies;
// a position never carries an absolute path into a report.
type Position struct {
	File string `json:"file"`
	Line int    `json:"line"`
	Col  int    `json:"col,omitempty"`
}

// String returns file:line:col, without the parts that are zero.
func (p Position) String() string {
	switch {
	case p.Line == 0:
		return p.File
	case p.Col == 0:
		return fmt.Sprintf("%s:%d", p.File, p.Line)
	}
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Col)
}

// BuildID names a linked binary twice over: by the Go toolchain's ID (an input
// hash with slashes in it) and by the GNU note (hex). Either may be empty:
// strip keeps both, -buildid= clears the first, and the second exists by
// default only since Go 1.24.
//
// A Build ID is a pointer, not a proof: whoever resolves one checks what it
// leads to against a digest.
type BuildID struct {
	Go  string `json:"go,omitempty"`
	GNU string `json:"gnu,omitempty"`
}

// IsZero reports whether neither ID is known.
func (b BuildID) IsZero() bool { return b.Go == "" && b.GNU == "" }

// Matches reports whether both sides name the same binary. Every ID that both
// carry must agree, and they must have at least one in common.
func (b BuildID) Matches(o BuildID) bool {
	common := false
	if b.Go != "" && o.Go != "" {
		if b.Go != o.Go {
			return false
		}
		common = true
	}
	if b.GNU != "" && o.GNU != "" {
		if b.GNU != o.GNU {
			return false
		}
		common = true
	}
	return common
}

// String prefers the GNU ID, which people can type, over the Go ID.
func (b BuildID) String() string {
	switch {
	case b.GNU != "":
		return b.GNU
	case b.Go != "":
		return b.Go
	}
	return "none"
}

// Origin says how a datum came to be known.
type Origin string

const (
	Recorded Origin = "recorded" // a table in the input says so
	Derived  Origin = "derived"  // computed from something recorded
	Unknown  Origin = "unknown"  // neither; a reason stands beside it
)

// Gap is something that could not be read. It is not a finding: a finding is
// about the program, a gap is about moho's own knowledge of it.
type Gap struct {
	What  string `json:"what"`            // what is missing, in the reader's words
	Where string `json:"where,omitempty"` // file, section, address, goroutine
	Why   string `json:"why"`             // what went wrong
}

// String returns "what (where): why".
func (g Gap) String() string {
	if g.Where == "" {
		return g.What + ": " + g.Why
	}
	return g.What + " (" + g.Where + "): " + g.Why
}
