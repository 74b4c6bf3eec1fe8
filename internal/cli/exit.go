package cli

import (
	"errors"
	"fmt"
)

// Exit codes. JSON output does not change them.
const (
	OK         = 0 // fine
	Findings   = 1 // findings, a refusal by policy, a difference found
	Usage      = 2 // the command line makes no sense
	Incomplete = 3 // could not finish; what was found is still printed
)

// Worse returns the code that two results have together: an answer that could
// not be finished outranks what was found, and a usage error outranks both,
// because then nothing was asked.
func Worse(a, b int) int {
	if rank(a) >= rank(b) {
		return a
	}
	return b
}

// rank orders exit codes; a code that is none of ours counts as Incomplete.
func rank(code int) int {
	switch code {
	case OK:
		return 0
	case Findings:
		return 1
	case Usage:
		return 3
	}
	return 2
}

// ExitError is how a verb ends in anything but success. Err may be nil when
// the code is the whole message (findings were printed). Hints say what to do.
type ExitError struct {
	Code  int
	Err   error
	Hints []string
}

// Error returns the text of Err, or the exit code.
func (e *ExitError) Error() string {
	if e.Err == nil {
		return fmt.Sprintf("exit code %d", e.Code)
	}
	return e.Err.Error()
}

// Unwrap returns Err.
func (e *ExitError) Unwrap() error { return e.Err }

// Exit returns an error for code alone, nil for OK.
func Exit(code int) error {
	if code == OK {
		return nil
	}
	return &ExitError{Code: code}
}

// Usagef returns an error for a command line that makes no sense.
func Usagef(format string, args ...any) error {
	return &ExitError{Code: Usage, Err: fmt.Errorf(format, args...)}
}

// WithHints returns an error with err's text and exit code (Incomplete if it
// has none) that prints hints after it.
func WithHints(err error, hints ...string) error {
	e := &ExitError{Code: CodeOf(err), Err: err}
	e.Hints = append(e.Hints, hints...)
	return e
}

// CodeOf returns the exit code that err stands for.
func CodeOf(err error) int {
	if err == nil {
		return OK
	}
	if exit, ok := errors.AsType[*ExitError](err); ok {
		return exit.Code
	}
	return Incomplete
}
