package bounded

import "fmt"

// A BugError is what [Bug] panics with: a state that no input can cause, so
// that moho itself is wrong.
type BugError struct{ Msg string }

// Error returns "bug in moho: …".
func (e *BugError) Error() string { return "bug in moho: " + e.Msg }

// Bug panics with a *BugError. It is for states that cannot happen whatever the
// input; commands recover it once and show it as a bug in moho. Malformed
// input is never a bug: return an error for it.
func Bug(format string, args ...any) {
	panic(&BugError{Msg: fmt.Sprintf(format, args...)})
}
