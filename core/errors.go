package core

import (
	"errors"
	"fmt"

	"moho/evidence"
	"moho/internal/bounded"
)

var (
	// ErrFormat is wrapped by every error that says the file is not a core, or
	// not one that this package reads.
	ErrFormat = errors.New("not a readable core")

	// ErrUnmapped means that the process had no memory at the address.
	ErrUnmapped = errors.New("not mapped in the process")

	// ErrAbsent means that the process had memory at the address, but the core
	// does not hold it: it was left out when the core was written, or the file
	// is truncated.
	ErrAbsent = errors.New("mapped in the process but not in the core")

	// ErrLimit is wrapped when an answer would exceed a limit of this package.
	ErrLimit = bounded.ErrLimit

	// ErrMismatch is wrapped by [*MismatchError].
	ErrMismatch = errors.New("executable does not belong to the core")
)

// A FormatError says what is wrong with the file, where, and, if a person can
// do something about it, what.
type FormatError struct {
	Name string // of the file
	Off  int64  // in the file, in bytes; -1 when it concerns the whole
	What string
	Hint string // a sentence, or ""
}

func (e *FormatError) Error() string {
	if e.Off < 0 {
		return fmt.Sprintf("core: %s: %s", e.Name, e.What)
	}
	return fmt.Sprintf("core: %s: at offset %#x: %s", e.Name, e.Off, e.What)
}

// Unwrap returns [ErrFormat].
func (e *FormatError) Unwrap() error { return ErrFormat }

// A MemoryError is a read that could not be served. It wraps [ErrUnmapped] or
// [ErrAbsent]; Addr is the first address that could not be read.
type MemoryError struct {
	Addr Addr
	Err  error
}

func (e *MemoryError) Error() string {
	return fmt.Sprintf("core: address %#x: %v", uint64(e.Addr), e.Err)
}

// Unwrap returns [ErrUnmapped] or [ErrAbsent].
func (e *MemoryError) Unwrap() error { return e.Err }

// A MismatchError says why an executable is not the one that the core is of.
// Core and Image are the Build IDs of both sides as far as they are known.
type MismatchError struct {
	Name        string // of the executable
	Core, Image evidence.BuildID
	What        string // what differs
}

func (e *MismatchError) Error() string {
	return fmt.Sprintf("core: %s does not belong to this core: %s (core %s, executable %s)",
		e.Name, e.What, idText(e.Core), idText(e.Image))
}

// Unwrap returns [ErrMismatch].
func (e *MismatchError) Unwrap() error { return ErrMismatch }

// idText names both IDs: people look for either.
func idText(id evidence.BuildID) string {
	switch {
	case id.Go != "" && id.GNU != "":
		return fmt.Sprintf("has build ID %s, Go build ID %s", id.GNU, id.Go)
	case id.GNU != "":
		return "has build ID " + id.GNU
	case id.Go != "":
		return "has Go build ID " + id.Go
	}
	return "has no build ID"
}
