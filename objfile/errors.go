package objfile

import (
	"errors"
	"fmt"

	"moho/internal/bounded"
)

var (
	// ErrFormat is wrapped by every error about bytes that are not what their
	// format demands, and about formats that are not read yet.
	ErrFormat = errors.New("malformed or unsupported file")

	// ErrLimit is wrapped by errors that name a limit of this package.
	ErrLimit = bounded.ErrLimit

	// ErrUnmapped is wrapped by errors about addresses for which the file holds
	// no bytes: outside all segments, or in the zero-filled end of one.
	ErrUnmapped = errors.New("address not in the file")

	// ErrArch is wrapped by errors about files that are not for the architecture
	// that was asked for, and about universal files where one has to be chosen.
	ErrArch = errors.New("architecture must be chosen among those of the file")

	// ErrNoBuildInfo is wrapped by the error of BuildInfo when the file holds none.
	ErrNoBuildInfo = errors.New("no Go build info")
)

// Limits. They are generous: real programs stay an order of magnitude below.
const (
	MaxName         = 64 << 10 // bytes in a symbol, section or library name
	MaxSection      = 1 << 30  // bytes in a section after decompression
	MaxInflateRatio = 64       // bytes out per byte in, for compressed sections
	MaxNeeded       = 4096     // DT_NEEDED entries
	MaxBuildInfo    = 16 << 20 // bytes of module information
	MaxNotes        = 4096     // notes looked at for one question
)

// A FormatError says what in a file is wrong and where.
type FormatError struct {
	Format string // "elf", "macho", …
	Off    Off    // offset in the file of what is wrong, or -1
	What   string // what was read and what was expected
}

// Error returns "elf: What (at offset 0x40)".
func (e *FormatError) Error() string {
	if e.Off < 0 {
		return e.Format + ": " + e.What
	}
	return fmt.Sprintf("%s: %s (at offset %#x)", e.Format, e.What, uint64(e.Off))
}

// Unwrap returns [ErrFormat].
func (e *FormatError) Unwrap() error { return ErrFormat }

func formatErr(format string, off Off, what string, args ...any) error {
	return &FormatError{Format: format, Off: off, What: fmt.Sprintf(what, args...)}
}

// errAt is formatErr with an offset in the image that f is, which in a universal
// file is not the first thing.
func (f *File) errAt(off Off, what string, args ...any) error {
	if off >= 0 {
		off += f.base
	}
	return formatErr(f.format, off, what, args...)
}
