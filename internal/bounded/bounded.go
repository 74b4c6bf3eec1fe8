// Package bounded reads untrusted bytes without trusting what they say about
// themselves: a length is compared with the bytes that remain before anything
// is sliced or allocated, a string ends at a NUL within a limit, and what is
// compressed may not grow without bound.
//
// # Untrusted input
//
// All of it. No function here panics, loops for longer than its input is, or
// allocates more than a stated multiple of it. The one exception, [Bug], is
// for states that no input can cause.
//
// # Compatibility
//
// Internal to moho.
package bounded

import (
	"bytes"
	"errors"
	"fmt"
)

// ErrLimit is wrapped by every error that says an input is well-formed so far
// but larger than moho is willing to read.
var ErrLimit = errors.New("limit exceeded")

// ErrShort is wrapped by errors about data that ends before its own lengths
// say it should.
var ErrShort = errors.New("data ends early")

// A LimitError names the limit that stopped a reader.
type LimitError struct {
	Limit string // what is limited: "symbol name", "inflated section"
	Value uint64 // what the input asked for
	Max   uint64 // what it may have
}

// Error returns "symbol name: 70000 exceeds the limit of 65536".
func (e *LimitError) Error() string {
	return fmt.Sprintf("%s: %d exceeds the limit of %d", e.Limit, e.Value, e.Max)
}

// Unwrap returns [ErrLimit].
func (e *LimitError) Unwrap() error { return ErrLimit }

// Check returns a *LimitError when value is more than max.
func Check(limit string, value, max uint64) error {
	if value > max {
		return &LimitError{Limit: limit, Value: value, Max: max}
	}
	return nil
}

// Sub returns data[off:off+n] with its capacity cut to n, or false when that
// does not lie within data. The sum off+n may overflow; that is not within.
func Sub(data []byte, off, n uint64) ([]byte, bool) {
	size := uint64(len(data))
	if off > size || n > size-off {
		return nil, false
	}
	return data[off : off+n : off+n], true
}

// Within reports whether [off, off+n) lies within [0, size) without overflow.
func Within(off, n, size uint64) bool { return off <= size && n <= size-off }

// Fits reports whether n entries of at least entrySize bytes can be in
// remaining bytes. Call it before allocating room for n entries.
func Fits(n, entrySize, remaining uint64) bool {
	return entrySize == 0 && n == 0 || entrySize > 0 && n <= remaining/entrySize
}

// CString returns the bytes of the string that starts at data[off], without
// the NUL that ends it. It wraps ErrShort when off is outside or no NUL
// follows, and ErrLimit when none follows within max bytes.
func CString(data []byte, off uint64, max int) ([]byte, error) {
	if off >= uint64(len(data)) {
		return nil, fmt.Errorf("string at offset %#x of %d bytes: %w", off, len(data), ErrShort)
	}
	rest := data[off:]
	cut := len(rest) > max
	if cut {
		rest = rest[:max+1]
	}
	i := bytes.IndexByte(rest, 0)
	switch {
	case i >= 0:
		return rest[:i:i], nil
	case cut:
		return nil, &LimitError{Limit: "length of a string", Value: uint64(max) + 1, Max: uint64(max)}
	}
	return nil, fmt.Errorf("string at offset %#x has no end: %w", off, ErrShort)
}
